//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const libpqOnly = "testdata/libpq"

// TestToolchainErrors: what is wrong with a compiler or a sysroot is said in a
// line, with the fix.
func TestToolchainErrors(t *testing.T) {
	noCompiler := []string{"PATH=" + onlyGo(t)}
	for _, test := range []struct {
		name string
		env  []string
		args []string
		want []string
	}{
		{"no cross compiler", noCompiler, []string{"--arch", "arm64"}, []string{
			`compiling C for arm64: there is no C compiler: exec: "aarch64-linux-gnu-gcc"`,
			"fix: install one (Debian: apt-get install gcc-aarch64-linux-gnu), or name it with --cc or CC"}},
		{"no compiler", noCompiler, nil, []string{
			`compiling C for amd64: there is no C compiler: exec: "gcc"`, "apt-get install gcc-x86-64-linux-gnu"}},
		{"compiler that is not there", nil, []string{"--cc", "nocc -O1"}, []string{`there is no C compiler: exec: "nocc"`, "--cc"}},
		{"compiler for another machine", nil, []string{"--arch", "arm64", "--cc", "gcc -O1"}, []string{
			"compiling C for arm64: gcc -O1 compiles for x86_64-linux-gnu", "fix: name one for arm64 with --cc or CC"}},
		{"compiler of the environment", []string{"CC=aarch64-linux-gnu-gcc"}, nil, []string{
			"compiling C for amd64: aarch64-linux-gnu-gcc compiles for aarch64-linux-gnu"}},
		{"empty sysroot", nil, []string{"--arch", "arm64", "--sysroot", t.TempDir()}, []string{
			"Package libpq was not found in the pkg-config search path"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			expectText(t, packFails(t, libpqOnly, test.env, test.args...), test.want...)
		})
	}
}

// onlyGo returns a directory with the go command and nothing else.
func onlyGo(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	tool, err := exec.LookPath("go")
	if err == nil {
		err = os.Symlink(tool, filepath.Join(dir, "go"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestIncompleteSysroot takes libraries out of a sysroot: one that the program
// links, one that only libraries need, and that one with a linker that lets it
// pass.
func TestIncompleteSysroot(t *testing.T) {
	root := copyOf(t, sysroot("arm64"), filepath.Join(t.TempDir(), "root"))
	args := []string{"--arch", "arm64", "--sysroot", root}
	lib := filepath.Join(root, "usr/lib/aarch64-linux-gnu")
	remove := func(pattern string) {
		t.Helper()
		run(t, exec.Command("find", lib, "-name", pattern, "-delete"))
		if left, _ := filepath.Glob(filepath.Join(lib, pattern)); len(left) > 0 {
			t.Fatalf("left: %v", left)
		}
	}

	remove("libgssapi_krb5.so.2*")
	expectText(t, packFails(t, libpqOnly, nil, args...), "libgssapi_krb5.so.2, needed by", "not found")
	lenient := []string{"CGO_LDFLAGS=-Wl,--allow-shlib-undefined"}
	expectText(t, packFails(t, libpqOnly, lenient, args...),
		"function libpq: libgssapi_krb5.so.2, which libpq.so.5 needs, is not in the sysroot "+root,
		"fix: install the library for arm64 there, name another --sysroot, or leave it out with --exclude-lib libgssapi_krb5.so.2")

	// The host's own, which is for another machine, does not stand in.
	run(t, exec.Command("cp", "/usr/lib/x86_64-linux-gnu/libgssapi_krb5.so.2", lib))
	expectText(t, packFails(t, libpqOnly, lenient, args...), "libgssapi_krb5.so.2, which libpq.so.5 needs, cannot be used: ")

	remove("libpq.*")
	expectText(t, packFails(t, libpqOnly, nil, args...), "cannot find -lpq")
}
