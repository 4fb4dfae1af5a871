//go:build linux

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestReproducible builds C and Go in two directories, the second time with
// everything else different too: one digest.
func TestReproducible(t *testing.T) {
	dir := t.TempDir()
	first, env := private(t, filepath.Join(dir, "a"))
	want := digest(t, packWith(t, first, env))

	second, env := private(t, filepath.Join(dir, "another one", "deeper", "b"))
	other := append(env, "GOCACHE="+filepath.Join(dir, "gocache"), "LAMBDAPACK_CACHE="+filepath.Join(dir, "cache"),
		"GOMAXPROCS=1", "TZ=Asia/Tokyo", "LC_ALL=C.UTF-8", "HOME="+dir, "GOPATH="+filepath.Join(dir, "go"), "GOFLAGS=-modcacherw")
	run(t, exec.Command("chmod", "-R", "go=", second)) // as after a checkout with umask 077
	if got := digest(t, packWith(t, second, other)); got != want {
		t.Errorf("the digest is %s in one directory, %s in another", want, got)
	}

	run(t, exec.Command("sed", "-i", "s/C.answer()/1 + C.answer()/", filepath.Join(second, "main.go")))
	if got := digest(t, packWith(t, second, env)); got == want {
		t.Error("the digest does not depend on the source")
	}
}

// TestReproducibleSysroot: where the sysroot lies does not matter either.
func TestReproducibleSysroot(t *testing.T) {
	args := []string{"--arch", "arm64", "--sysroot"}
	want := digest(t, pack(t, libpqOnly, append(args, sysroot("arm64"))...))

	dir := filepath.Join(t.TempDir(), "elsewhere")
	function := copyOf(t, libpqOnly, filepath.Join(dir, "function"))
	copyOf(t, sysroot("arm64"), filepath.Join(dir, "root"))
	if got := digest(t, pack(t, function, append(args, "../root")...)); got != want {
		t.Errorf("the digest is %s with one sysroot, %s with its copy", want, got)
	}
}
