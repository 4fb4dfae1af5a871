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

// dynamicFiles returns every dynamically linked ELF file of the host's machine in
// the system's directories: programs with an interpreter, and shared libraries.
func dynamicFiles(t testing.TB) []string {
	t.Helper()
	foundOnce.Do(func() { found = findDynamicFiles(t) })
	return found
}

var (
	foundOnce sync.Once
	found     []string
)

func findDynamicFiles(t testing.TB) []string {
	machine := hostMachine(t)
	var files []string
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/lib"} {
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
	files := dynamicFiles(t)
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
	for i, f := range files {
		work <- f
		if i%50 == 0 { // u-root's way of asking, too
			compareWithNativeList(t, root, f)
		}
	}
	close(work)
	wg.Wait()
}

func compareWithNativeList(t *testing.T, root *Sysroot, file string) {
	c, err := Walk(file, Options{Sysroot: root})
	if err != nil {
		t.Errorf("walking: %v", err)
		return
	}
	n, err := NativeList(file)
	if err == nil {
		err = Compare(c, n)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestMain lets the test binary be the child of an Oracle.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "oracle-child" {
		if err := OracleMain(os.Stdout, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func testOracle(t *testing.T) Oracle {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Oracle{Command: []string{self, "oracle-child"}}
}

// The loader is asked in a clean environment: a library path of ours does not
// lead it astray.
func TestOracleCleanEnvironment(t *testing.T) {
	need(t, "gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("lib/liba.so.1", nil)
	f.lib("other/liba.so.1", nil)
	f.program("main", []string{"lib/liba.so.1"}, runpathTag, "-Wl,-rpath,$ORIGIN/lib")
	t.Setenv("LD_LIBRARY_PATH", f.path("other"))
	c, err := Walk(f.path("main"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := testOracle(t).List(t.Context(), f.path("main"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Compare(c, n); err != nil {
		t.Errorf("clean: %v", err)
	}
	// What is only dlopened is not the loader's business.
	more, err := Walk(f.path("main"), Options{Extra: []string{f.path("other/liba.so.1"), f.path("lib/liba.so.1"), "libnone.so"}})
	if err != nil || len(more.Missing) != 1 {
		t.Fatal(more, err)
	}
	if err := Compare(more, n); err != nil {
		t.Errorf("with extras: %v", err)
	}
	// The control: in our environment the answer differs, and Compare says so.
	n, err = NativeList(f.path("main"))
	if err != nil {
		t.Fatal(err)
	}
	var d *Disagreement
	if err := Compare(c, n); !errors.As(err, &d) || len(d.OnlyWalk) != 1 || len(d.OnlyLoader) != 1 {
		t.Errorf("control: %v", err)
	}
}

func TestOracleMissing(t *testing.T) {
	need(t, "gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("lib/libgone.so.1", nil)
	f.program("main", []string{"lib/libgone.so.1"})
	c, err := Walk(f.path("main"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := testOracle(t).List(t.Context(), f.path("main"))
	if err != nil || !n.Missing || !strings.Contains(n.Detail, "libgone.so.1") {
		t.Fatalf("answer %+v, %v", n, err)
	}
	if err := Compare(c, n); err != nil {
		t.Error(err)
	}
	if err := Compare(c, Native{}); err == nil || !strings.Contains(err.Error(), "only the walk misses libgone.so.1") {
		t.Errorf("a walk that misses more: %v", err)
	}
	f.symlink("libgone.so.1", "lib/x")
	c, err = Walk(f.path("main"), Options{LibraryPath: []string{f.path("lib")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := Compare(c, n); err == nil {
		t.Error("a loader that misses more is no disagreement")
	}
}

func TestOracleErrors(t *testing.T) {
	if _, err := (Oracle{}).List(t.Context(), "x"); err == nil {
		t.Error("no command is no error")
	}
	if _, err := testOracle(t).List(t.Context(), "/no/such/file"); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := (Oracle{Command: []string{"echo", "no json"}}).List(t.Context(), "x"); err == nil {
		t.Error("garbage is an answer")
	}
}

// Variants for different processors are one library; different libraries are not.
func TestCompareHWCaps(t *testing.T) {
	file := &File{}
	root := &Object{File: file, Path: "/main", RealPath: "/main"}
	lib := &Object{File: file, Path: "/lib/libz.so.1", RealPath: "/lib/libz.so.1.2"}
	c := &Closure{Root: root, Objects: []*Object{root, lib}, walker: &walker{root: Dir(t.TempDir())}}
	lib.RealPath = "/lib/libz.so.1"
	if err := Compare(c, Native{Paths: []string{"/lib/glibc-hwcaps/x86-64-v3/libz.so.1"}}); err != nil {
		t.Error(err)
	}
	err := Compare(c, Native{Paths: []string{"/opt/libz.so.1"}})
	if err == nil || !strings.Contains(err.Error(), "only the walk finds /lib/libz.so.1") || !strings.Contains(err.Error(), "only the loader finds /opt/libz.so.1") {
		t.Error(err)
	}
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

// The walk agrees with the real loader on fixtures in which every rule counts.
func TestFixturesAgainstLoader(t *testing.T) {
	need(t, "gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("x/libb.so.1", nil)
	f.lib("y/libb.so.1", nil)
	f.lib("x/liba.so.1", []string{"x/libb.so.1"}, runpathTag, "-Wl,-rpath,$ORIGIN/../y")
	f.lib("y/libd.so.1", []string{"x/libb.so.1"})
	f.lib("x/libr.so.1", []string{"y/libd.so.1"}, rpathTag, "-Wl,-rpath,$ORIGIN/../y")
	f.symlink("x", "link")
	needs := []string{"x/liba.so.1", "x/libr.so.1"}
	f.program("p1", needs, rpathTag, "-Wl,-rpath,$ORIGIN/link:/nowhere")
	f.program("p2", needs, runpathTag, "-Wl,-rpath,$ORIGIN/link:$ORIGIN/$LIB:$ORIGIN/${PLATFORM}")
	f.program("p3", []string{"x/libr.so.1", "x/liba.so.1"}, runpathTag, "-Wl,-rpath,"+f.path("x"))
	f.program("p4", []string{"y/libd.so.1", "x/liba.so.1"}, rpathTag, "-Wl,-rpath,$ORIGIN/y")
	f.program("p5", []string{"y/libd.so.1"})
	for _, p := range []string{"p1", "p2", "p3", "p4", "p5", "x/liba.so.1", "y/libd.so.1"} {
		compareWithLoader(t, Host(), f.path(p))
	}
}

// The same for musl, whose DT_RUNPATH is inherited.
func TestMuslAgainstLoader(t *testing.T) {
	need(t, "musl-gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("x/libb.so", nil)
	f.lib("x/liba.so", []string{"x/libb.so"})
	src := "void fn_liba(void); int main(void) { fn_liba(); return 0; }"
	f.run(src, "musl-gcc", "-x", "c", "-", "-x", "none", "-o", f.path("main"), "-L"+f.path("x"), "-l:liba.so", runpathTag, "-Wl,-rpath,$ORIGIN/x", "-Wl,--allow-shlib-undefined")
	compareWithLoader(t, Host(), f.path("main"))
}
