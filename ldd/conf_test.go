package ldd

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestConfDirs(t *testing.T) {
	root := FS(fstest.MapFS{
		"etc/ld.so.conf": text("# all\n/first/ # comment\n\tinclude ld.so.conf.d/*.conf /etc/more.conf\n" +
			"hwcap 0 nosegneg\n/typed=libc6\nrelative\n/first\n/last"),
		"etc/ld.so.conf.d/b.conf":       text("/b\r\n"),
		"etc/ld.so.conf.d/a.conf":       text("/a\ninclude nested/*\n"),
		"etc/ld.so.conf.d/nested/n":     text("/n\n"),
		"etc/ld.so.conf.d/.hidden.conf": text("/hidden\n"),
		"etc/ld.so.conf.d/c.conf.off":   text("/off\n"),
		"etc/more.conf":                 link("/etc/alternatives/more"),
		"etc/alternatives/more":         text("/more\ninclude /etc/ld.so.conf\n"),
	})
	want := []string{"/first", "/a", "/n", "/b", "/more", "/typed", "/last"}
	if got := root.ConfDirs("/etc/ld.so.conf"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := root.ConfDirs("/etc/none"); got != nil {
		t.Errorf("no file: %q", got)
	}
}

// Includes that multiply end soon.
func TestConfBomb(t *testing.T) {
	m := fstest.MapFS{}
	for i := range 20 {
		m[fmt.Sprintf("etc/%d.conf", i)] = text(strings.Repeat("include /etc/*.conf\n", 20) + fmt.Sprintf("/dir%d\n", i))
	}
	if got := FS(m).ConfDirs("/etc/0.conf"); len(got) > 20 {
		t.Errorf("%d directories", len(got))
	}
}

// cacheFile encodes an ld.so.cache with the entries name, path, flags, hwcap.
func cacheFile(entries ...[4]any) []byte {
	le := binary.LittleEndian
	b := []byte(cacheMagic)
	b = le.AppendUint32(b, uint32(len(entries)))
	b = append(b, make([]byte, cacheHeader-len(b))...)
	strs := []byte{}
	base := cacheHeader + cacheEntry*len(entries)
	str := func(s string) uint32 {
		off := base + len(strs)
		strs = append(append(strs, s...), 0)
		return uint32(off)
	}
	for _, e := range entries {
		b = le.AppendUint32(b, uint32(e[2].(int)))
		b = le.AppendUint32(b, str(e[0].(string)))
		b = le.AppendUint32(b, str(e[1].(string)))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, e[3].(uint64))
	}
	return append(b, strs...)
}

func TestCache(t *testing.T) {
	const ext = uint64(1) << 62
	b := cacheFile(
		[4]any{"libz.so.1", "/lib/glibc-hwcaps/x86-64-v3/libz.so.1", 0x303, ext},
		[4]any{"libz.so.1", "/lib/glibc-hwcaps/x86-64-v2/libz.so.1", 0x303, ext | 1},
		[4]any{"libz.so.1", "/lib/libz.so.1", 0x303, uint64(0)},
		[4]any{"libz.so.1", "/opt/libz.so.1", 0x303, uint64(0)},
		[4]any{"libz.so.1", "/lib32/libz.so.1", 0x003, uint64(0)},
		[4]any{"libold.so", "/lib/tls/libold.so", 0x303, uint64(1)},
		[4]any{"librel.so", "lib/librel.so", 0x303, uint64(0)},
	)
	c := parseCache(append([]byte("ld.so-1.7.0 and an old table"), b...), platforms[0])
	for _, test := range []struct {
		name   string
		hwcaps []string
		want   string
	}{
		{"libz.so.1", nil, "/lib/libz.so.1 /opt/libz.so.1"},
		{"libz.so.1", []string{"x86-64-v3", "x86-64-v2"}, "/lib/glibc-hwcaps/x86-64-v3/libz.so.1 /lib/glibc-hwcaps/x86-64-v2/libz.so.1 /lib/libz.so.1 /opt/libz.so.1"},
		{"libold.so", nil, ""},
		{"librel.so", nil, ""},
		{"none", nil, ""},
	} {
		var got []string
		c.lookup(test.name, test.hwcaps, func(p string) bool { got = append(got, p); return true })
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s with %q: got %q", test.name, test.hwcaps, got)
		}
	}
	for n := range b {
		parseCache(b[:n], platforms[0])
	}
	if parseCache([]byte("nothing"), platforms[0]) != nil {
		t.Error("a file that is no cache is one")
	}
}

func TestTokens(t *testing.T) {
	tok := tokens{origin: "/o", lib: "lib64"}
	for in, want := range map[string]string{
		"/plain":             "/plain",
		"$ORIGIN/lib":        "/o/lib",
		"${ORIGIN}/${LIB}":   "/o/lib64",
		"$ORIGIN:$ORIGIN":    "/o:/o",
		"$ORIGINAL/$LIBS/$":  "$ORIGINAL/$LIBS/$",
		"${ORIGIN/x":         "${ORIGIN/x",
		"/x/$PLATFORM":       "-", // no value
		"$UNKNOWN/$ORIGIN-x": "$UNKNOWN//o-x",
	} {
		got, ok := tok.expand(in)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"${ORIGIN}/$ORIGIN": "/o//o", "/a:$LIB": "-"} {
		got, ok := tok.expandMusl(in)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("musl %s: got %q, want %q", in, got, want)
		}
	}
}
