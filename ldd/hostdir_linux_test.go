//go:build linux

package ldd

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// What a directory of the host says of its files is what package os says.
func TestHostDir(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write("file")
	write("other")
	write("not utf-8 \xff")
	link("file", "link")
	link(strings.Repeat("./", 200)+"file", "long")
	link("link/", "slash")
	if err := os.Link(filepath.Join(dir, "file"), filepath.Join(dir, "hard")); err != nil {
		t.Fatal(err)
	}
	root := Dir(dir)
	for name, want := range map[string]string{
		"/file": "/file", "/link": "/file", "/long": "/file", "/hard": "/hard", "/not utf-8 \xff": "/not utf-8 \xff",
		"/slash": "/file", "/none": "", "/file/x": "", "/nul\x00": "",
	} {
		if got, err := root.RealPath(name); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", name, got, err, want)
		}
	}
	fsys := newHostDir(dir)
	for _, name := range []string{".", "file", "link"} {
		got, err := fs.Lstat(fsys, name)
		want, _ := os.Lstat(filepath.Join(dir, name))
		if err != nil || got.Mode().Type() != want.Mode().Type() || got.Size() != want.Size() {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, want)
		}
	}
	info := func(name string) fs.FileInfo { i, _ := fs.Lstat(fsys, name); return i }
	plain, _ := os.Stat(filepath.Join(dir, "hard"))
	if !sameFile(info("file"), info("hard")) || !sameFile(info("file"), plain) || sameFile(info("file"), info("other")) {
		t.Error("hard links are one file, and two files are two")
	}
	if _, err := Dir("").RealPath("/etc"); err == nil {
		t.Error("the empty name of a directory leads to the host's root")
	}
}

// Only regular files are opened: opening a FIFO waits, opening a device may do
// anything.
func TestSpecialFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "lib.so"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := Dir(dir).Inspect("/lib.so")
		if !errors.Is(err, ErrNotELF) || !strings.Contains(err.Error(), "special file") {
			t.Errorf("got %v", err)
		}
	}
}

// Every name of a cache that is sorted as ldconfig sorts is found in it.
func TestCacheIsHalved(t *testing.T) {
	names := []string{"libz.so.1", "libz++.so", "libx264.so.164", "libx264.so.99", "libx2.so", "libm.so.6", "liba.so.10.1", "liba.so.10", "liba.so.9", "liba.so", "liba-1.so", "ld-linux.so.2"}
	slices.SortFunc(names, func(a, b string) int { return -compareNames(a, []byte(b)) })
	if i, j := slices.Index(names, "liba.so.10"), slices.Index(names, "liba.so.9"); i > j {
		t.Errorf("numbers are compared as text: %q", names)
	}
	var lines [][4]any
	for _, n := range names {
		lines = append(lines, [4]any{n, "/lib/" + n, 0x303, uint64(0)}, [4]any{n, "/opt/" + n, 0x303, uint64(0)})
	}
	c := parseCache(cacheFile(lines...), platforms[0])
	for _, n := range names {
		var got []string
		c.lookup(n, nil, func(p string) bool { got = append(got, p); return true })
		if want := []string{"/lib/" + n, "/opt/" + n}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q", n, got)
		}
	}
}
