//go:build linux

package ldd

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The reader, which uses program headers alone, agrees with debug/elf, which uses
// section headers, on the libraries of the machine.
func TestAgainstDebugELF(t *testing.T) {
	files := dynamicFiles(t)
	step := 5
	if os.Getenv("LAMBDAPACK_FULL") == "1" {
		step = 1
	}
	compared := 0
	for i := 0; i < len(files); i += step {
		if compareWithDebugELF(t, files[i]) {
			compared++
		}
	}
	t.Logf("%d files", compared)
}

func compareWithDebugELF(t *testing.T, name string) bool {
	theirs, err := elf.Open(name)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return false
	}
	defer theirs.Close()
	symbols, err := theirs.DynamicSymbols()
	if err != nil {
		return false // no section headers
	}
	f, err := Host().Inspect(name)
	if err != nil {
		t.Error(err)
		return false
	}
	libs, _ := theirs.ImportedLibraries()
	if !slices.Equal(f.Needed, libs) {
		t.Errorf("%s: needs %q, debug/elf says %q", name, f.Needed, libs)
	}
	if soname, _ := theirs.DynString(elf.DT_SONAME); len(soname) == 1 && f.Soname != soname[0] {
		t.Errorf("%s: soname %q, debug/elf says %q", name, f.Soname, soname)
	}
	var want []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF && s.Name != "" && elf.ST_BIND(s.Info) != elf.STB_LOCAL {
			want = append(want, fmt.Sprint(s.Name, "@", s.Version, "@", s.Library, elf.ST_BIND(s.Info) == elf.STB_WEAK))
		}
	}
	undefined, err := f.UndefinedSymbols()
	if err != nil {
		t.Error(err)
	}
	var got []string
	for _, s := range undefined {
		got = append(got, fmt.Sprint(s.Name, "@", s.Version, "@", s.File, s.Weak))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d undefined symbols, debug/elf says %d", name, len(got), len(want))
	}
	return true
}

// A program of another machine, against the C library of the cross compiler.
func TestCrossSysroot(t *testing.T) {
	const sysroot = "/usr/aarch64-linux-gnu"
	need(t, "aarch64-linux-gnu-gcc")
	if _, err := os.Stat(sysroot + "/lib/libc.so.6"); err != nil {
		t.Skip("the compiler's C library lies elsewhere")
	}
	file := filepath.Join(t.TempDir(), "hello")
	f := &fixture{t: t, dir: filepath.Dir(file)}
	f.run("#include <math.h>\n#include <stdio.h>\nint main(int c, char **v) { return printf(\"%f\", pow(c, .5)); }", "aarch64-linux-gnu-gcc", "-x", "c", "-", "-o", file, "-lm")
	c, err := Walk("/var/task/bootstrap", Options{Sysroot: Dir(sysroot).MountFile("/var/task/bootstrap", file), Machine: elf.EM_AARCH64})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, layout(c), `
		libm.so.6 => /lib/libm.so.6 default
		libc.so.6 => /lib/libc.so.6 default
	`)
	defs, err := c.Lookup("libc.so.6").VersionDefs()
	if err != nil || !slices.ContainsFunc(defs, func(d VersionDef) bool { return d.Name == "GLIBC_2.17" }) {
		t.Errorf("versions of libc.so.6: %v, %v", defs, err)
	}
	if _, err := Walk(file, Options{Machine: elf.EM_X86_64}); err == nil {
		t.Error("the wrong machine is no error")
	} else if want := file + ": wrong machine: it is for aarch64, not x86_64"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
