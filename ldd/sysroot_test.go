package ldd

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func text(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s), Mode: 0o644} }
func link(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s), Mode: fs.ModeSymlink} }

func TestRealPath(t *testing.T) {
	root := FS(fstest.MapFS{
		"usr/lib/x86/libc.so.6": text("c"),
		"lib":                   link("usr/lib"),
		"usr/lib/abs":           link("/usr/lib/x86"),
		"usr/lib/up":            link("../../../../../usr/lib/x86/libc.so.6"),
		"usr/lib/loop":          link("loop"),
		"usr/lib/gone":          link("/nowhere/at/all"),
		"usr/lib/file":          link("x86/libc.so.6/"),
	})
	for name, want := range map[string]string{
		"/":                          "/",
		"/lib/":                      "/usr/lib",
		"/lib/x86/libc.so.6":         "/usr/lib/x86/libc.so.6",
		"/lib/abs/libc.so.6":         "/usr/lib/x86/libc.so.6",
		"/lib/abs/../x86/libc.so.6":  "/usr/lib/x86/libc.so.6",
		"/lib/./x86//libc.so.6":      "/usr/lib/x86/libc.so.6",
		"/lib/up":                    "/usr/lib/x86/libc.so.6",
		"/../../lib/up":              "/usr/lib/x86/libc.so.6",
		"/lib/loop":                  "",
		"/lib/gone":                  "",
		"/lib/x86/libc.so.6/nothing": "",
		"/none/x":                    "",
	} {
		for range 2 { // the second time from memory
			got, err := root.RealPath(name)
			if got != want || (err == nil) != (want != "") {
				t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
			}
		}
	}
	if _, err := root.RealPath("/lib/loop"); !errors.Is(err, errLinks) {
		t.Errorf("a loop: %v", err)
	}
	if _, err := root.RealPath("/none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// Forty symlinks are allowed, one more is not, whatever was looked up before.
func TestLinkBound(t *testing.T) {
	m := fstest.MapFS{"l0": text("end")}
	for i := range 45 {
		m[fmt.Sprintf("l%d", i+1)] = link(fmt.Sprintf("l%d", i))
	}
	root := FS(m)
	for _, n := range []int{45, 41, 40, 41} {
		_, err := root.RealPath(fmt.Sprintf("/l%d", n))
		if (err == nil) != (n <= maxLinks) {
			t.Errorf("%d links: %v", n, err)
		}
	}
}

func TestOverlay(t *testing.T) {
	host := filepath.Join(t.TempDir(), "built")
	if err := os.WriteFile(host, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	root := FS(fstest.MapFS{
		"var/task/old.txt":    text("old"),
		"var/task/both.txt":   text("below"),
		"lib64/libc.so.6":     text("c"),
		"etc/ld.so.conf":      text(""),
		"opt/link":            link("/var/task/lib"),
		"var/runtime/init.so": text(""),
	}).Mount("/var/task", fstest.MapFS{
		"both.txt":    text("above"),
		"lib/liba.so": text("a"),
		"c":           link("/lib64/libc.so.6"),
	}).MountFile("/var/task/bin/bootstrap", host)
	for name, want := range map[string]string{
		"/var/task/old.txt": "old", "/var/task/both.txt": "above", "/opt/link/liba.so": "a",
		"/var/task/c": "c", "/var/task/bin/bootstrap": "program",
	} {
		if b, err := root.ReadFile(name, 100); string(b) != want || err != nil {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	names, err := root.ReadDir("/var/task")
	if want := []string{"both.txt", "c", "lib", "old.txt"}; !slices.Equal(names, want) || err != nil {
		t.Errorf("names %q, %v", names, err)
	}
	if real, err := root.RealPath("/var/task/bin"); real != "/var/task/bin" || err != nil {
		t.Errorf("a mount point: %q, %v", real, err)
	}
	if _, err := root.ReadFile("/var/task/old.txt", 2); err == nil {
		t.Error("the limit is not kept")
	}
}

// A zip is a sysroot, its symlinks included.
func TestZipSysroot(t *testing.T) {
	need(t, "gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("lib/liba.so.1", nil)
	f.program("bootstrap", []string{"lib/liba.so.1"}, rpathTag, "-Wl,-rpath,$ORIGIN/lib")
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	add := func(name string, mode fs.FileMode, content []byte) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bootstrap", "lib/liba.so.1"} {
		b, err := os.ReadFile(f.path(name))
		if err != nil {
			t.Fatal(err)
		}
		add(strings.Replace(name, ".so.1", ".so.1.0", 1), 0o755, b)
	}
	add("lib/liba.so.1", fs.ModeSymlink|0o777, []byte("liba.so.1.0"))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	root := FS(fstest.MapFS{}).Mount("/var/task", r)
	c := f.walk("/var/task/bootstrap", Options{Sysroot: root})
	expect(t, layout(c), `
		liba.so.1 => /var/task/lib/liba.so.1 rpath of bootstrap
	`)
	if real := c.Lookup("liba.so.1").RealPath; real != "/var/task/lib/liba.so.1.0" {
		t.Errorf("real path %s", real)
	}
	if _, err := c.Root.UndefinedSymbols(); err != nil {
		t.Error(err)
	}
}
