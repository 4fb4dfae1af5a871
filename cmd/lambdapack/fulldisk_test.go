//go:build linux

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tinyDisk is a directory with room for 1.5 MB.
func tinyDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1536k"); err != nil {
		missing(t, "a full disk needs the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestFullDisk pins that an output which finds no room leaves the one before
// it, says why, and takes away what it has written.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir, noise := t.TempDir(), make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	writeTree(t, dir, map[string]string{"go.mod": "module example.com/m\n\ngo 1.21\n", "main.go": emptyProgram, "noise": string(noise)})

	for _, format := range []string{"zip", "dir"} {
		t.Run(format, func(t *testing.T) {
			disk := tinyDisk(t)
			succeed(t, process(t, dir, "build", "--format", format, "-o", disk))
			fails(t, disk, func() (int, string, string) {
				return finish(t, process(t, dir, "build", "--format", format, "--include", "noise", "-o", disk))
			})
		})
	}
	// Room for one zip, none for two: neither takes effect.
	t.Run("second", func(t *testing.T) {
		disk := tinyDisk(t)
		writeTree(t, dir, map[string]string{"lambdapack.yaml": "functions:\n  a: {package: .}\n  b: {package: ., include: [noise]}\n"})
		fails(t, disk, func() (int, string, string) { return finish(t, process(t, dir, "build", "-o", disk)) })
	})
	t.Run("cache", func(t *testing.T) {
		disk := tinyDisk(t)
		if err := os.WriteFile(filepath.Join(disk, "others"), noise[:1<<20], 0o600); err != nil {
			t.Fatal(err)
		}
		c := process(t, dir, "build", "-o", t.TempDir())
		c.Env = append(c.Env, "LAMBDAPACK_CACHE="+disk)
		code, stdout, stderr := finish(t, c)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, "no space left on device") {
			t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
		}
	})
}

// fails runs a build whose output has no room.
func fails(t *testing.T, disk string, build func() (int, string, string)) {
	t.Helper()
	before := snapshot(t, disk)
	code, stdout, stderr := build()
	if code != exitFailed || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	if !strings.Contains(stderr, "no space left on device") || !strings.Contains(stderr, disk) {
		t.Errorf("stderr %q; want the cause and the place", stderr)
	}
	unharmed(t, disk, before)
}
