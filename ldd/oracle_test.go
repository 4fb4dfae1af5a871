//go:build linux

package ldd

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hostMachine is the machine whose programs the loader of this host can map.
func hostMachine(t testing.TB) elf.Machine {
	t.Helper()
	f, err := Host().Inspect("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	return f.Machine
}

// dynamicFiles returns every dynamically linked ELF file of the host's machine
// below the directories: programs with an interpreter, and shared libraries.
func dynamicFiles(t testing.TB, dirs ...string) []string {
	t.Helper()
	machine := hostMachine(t)
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			r, err := os.Open(name)
			if err != nil {
				return err
			}
			defer r.Close()
			info, err := d.Info()
			if err != nil {
				return err
			}
			f, err := Inspect(r, info.Size(), name)
			if errors.Is(err, ErrNotELF) {
				return nil
			}
			if err != nil {
				t.Errorf("inspecting: %v", err)
				return nil
			}
			if f.Machine == machine && f.Class == elf.ELFCLASS64 && f.Dynamic && (f.Interp != "" || f.Type == elf.ET_DYN) {
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// loaderLists asks the file's own loader for its list, missing libraries
// included, in the way of ldd(1).
func loaderLists(f *File, file string) (found, missing []string, err error) {
	loader := f.Interp
	if loader == "" {
		loader = defaultLoader(f, libCOf(f))
	}
	cmd := exec.Command(loader, file)
	cmd.Env = []string{"LC_ALL=C", "LD_TRACE_LOADED_OBJECTS=1"}
	if libCOfInterp(loader) == Musl {
		cmd = exec.Command(loader, "--list", file)
		cmd.Env = []string{}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s: %w: %s", loader, file, err, stderr.String())
	}
	for line := range strings.Lines(string(out)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " (0x")
		name, path, arrow := strings.Cut(line, " => ")
		switch {
		case !arrow && strings.HasPrefix(name, "/"):
			found = append(found, name)
		case arrow && path == "not found":
			missing = append(missing, name)
		case arrow:
			found = append(found, path)
		case !strings.Contains(name, "vdso") && name != "statically linked":
			return nil, nil, fmt.Errorf("%s %s: a line that says nothing: %q", loader, file, line)
		}
	}
	return found, missing, nil
}

// TestOracleEverything compares the walk with the real loader on every
// dynamically linked file of the machine. There are no exceptions.
func TestOracleEverything(t *testing.T) {
	files := dynamicFiles(t, "/usr/bin", "/usr/sbin", "/usr/lib")
	t.Logf("%d files", len(files))
	root := Host()
	work := make(chan string)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for file := range work {
				compareWithLoader(t, root, file)
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	wg.Wait()
}

func compareWithLoader(t *testing.T, root *Sysroot, file string) {
	c, err := Walk(file, Options{Sysroot: root})
	if err != nil {
		t.Errorf("walking: %v", err)
		return
	}
	found, missing, err := loaderLists(c.Root.File, file)
	if err != nil {
		t.Errorf("asking: %v", err)
		return
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, p := range found {
		want[c.canonical(p)] = true
	}
	for _, o := range c.Objects[1:] {
		got[c.canonical(o.RealPath)] = true
	}
	if c.walker.loader != nil { // shown by the loader only where something needs it
		delete(want, c.canonical(c.walker.loader.RealPath))
		delete(got, c.canonical(c.walker.loader.RealPath))
	}
	var missed []string
	for _, m := range c.Missing {
		missed = append(missed, m.Name)
	}
	slices.Sort(missing)
	slices.Sort(missed)
	if missing = slices.Compact(missing); !slices.Equal(missing, missed) {
		t.Errorf("%s: the loader misses %q, the walk %q", file, missing, missed)
	}
	for p := range want {
		if !got[p] {
			t.Errorf("%s: only the loader finds %s", file, p)
		}
	}
	for p := range got {
		if !want[p] {
			t.Errorf("%s: only the walk finds %s", file, p)
		}
	}
}
