//go:build linux

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// names returns the names of a zip's entries, in their order.
func names(t testing.TB, file string) (names []string) {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, f := range r.File {
		names = append(names, f.Name)
	}
	return names
}

// libraries returns the names of the files in a package's lib/.
func libraries(t testing.TB, file string) (libs []string) {
	t.Helper()
	for _, name := range names(t, file) {
		if dir, base := path.Split(name); dir == "lib/" && base != "" {
			libs = append(libs, base)
		}
	}
	return libs
}

func expectLibraries(t testing.TB, file string, want ...string) {
	t.Helper()
	got := libraries(t, file)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the package ships\n  %s\nwant\n  %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// elfOf reads an ELF file out of a zip.
func elfOf(t testing.TB, file, name string) *elf.File {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	entry, err := r.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(entry)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// expectELF holds each ELF file of a package against its machine and its own
// name: a library is shipped under its soname.
func expectELF(t testing.TB, file string, m elf.Machine) {
	t.Helper()
	for _, name := range names(t, file) {
		if name != "bootstrap" && (!strings.HasPrefix(name, "lib/") || strings.HasSuffix(name, "/")) {
			continue
		}
		f := elfOf(t, file, name)
		if f.Machine != m {
			t.Errorf("%s is for %v, want %v", name, f.Machine, m)
		}
		soname, _ := f.DynString(elf.DT_SONAME)
		if name != "bootstrap" && !slices.Equal(soname, []string{path.Base(name)}) {
			t.Errorf("%s has the soname %q", name, soname)
		}
	}
}

func digest(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
