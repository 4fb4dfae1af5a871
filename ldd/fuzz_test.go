package ldd

import (
	"bytes"
	"testing"
	"testing/fstest"
)

// FuzzInspect: no bytes make the reader panic or take memory out of proportion.
func FuzzInspect(f *testing.F) {
	f.Add([]byte("#!/bin/sh\n"))
	f.Add(image{segments: []segment{{kind: 1, filesz: 256, size: 256}}, size: 256}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := inspectAll(b)
		if err != nil || file == nil {
			return
		}
		file.MachineName()
		file.SymbolNeeding("libc.so.6", "GLIBC_2.34")
		// The same bytes as a program in a sysroot with itself as every library.
		m := &fstest.MapFile{Data: b, Mode: 0o755}
		root := FS(fstest.MapFS{"bin/x": m, "lib/a.so": m})
		c, err := Walk("/bin/x", Options{Sysroot: root, LibraryPath: []string{"/lib"}, WorkDir: "/bin", Extra: []string{"a.so"}})
		if err != nil {
			return
		}
		for name, write := range renderers {
			if err := write(&bytes.Buffer{}, c); err != nil && name != "closure.json" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// FuzzConf: no ld.so.conf makes the reader hang or return relative directories.
func FuzzConf(f *testing.F) {
	f.Add([]byte("include ld.so.conf.d/*.conf\n/usr/local/lib\n"), []byte("/opt/lib # x\nhwcap 0 x\n"))
	f.Add([]byte("include /etc/ld.so.conf\n/a=libc6\n"), []byte("include ../*\n"))
	f.Add([]byte("include [\n include \\\ninclude /../../etc/*\n"), []byte("relative\n/\n"))
	f.Fuzz(func(t *testing.T, conf, included []byte) {
		root := FS(fstest.MapFS{
			"etc/ld.so.conf":          {Data: conf},
			"etc/ld.so.conf.d/a.conf": {Data: included},
		})
		for _, d := range root.ConfDirs("/etc/ld.so.conf") {
			if d == "" || d[0] != '/' {
				t.Errorf("directory %q", d)
			}
		}
	})
}

// FuzzCache: no ld.so.cache makes the reader panic.
func FuzzCache(f *testing.F) {
	f.Add(cacheFile([4]any{"libz.so.1", "/lib/libz.so.1", 0x303, uint64(0)}, [4]any{"libz.so.1", "/opt/libz.so.1", 0x303, uint64(0)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := parseCache(b, platforms[0])
		if c == nil {
			return
		}
		for i := range c.count {
			n := 0
			c.lookup(string(c.name(i)), []string{"x86-64-v3"}, func(p string) bool {
				if n++; n > 2*c.count {
					t.Fatal("the entries of a name do not end")
				}
				return p[0] == '/'
			})
		}
	})
}
