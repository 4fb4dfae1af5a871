package check

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestText compares what people see, for a package with every severity.
func TestText(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.lib(".system/libc.so.6", defineV, "GLIBC_2.28 { global: v; };")
	f.lib("lib/libssl.so.10", defineV, "OPENSSL_1.0.2 { global: v; };")
	f.program("bootstrap", callsV, f.link(".system/libc.so.6", "lib/libssl.so.10")...)
	f.program("tool", callsV, f.link(".system/libc.so.6")...)
	f.write("data.json", "{}", 0o600)
	now := time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)
	r := f.check(Options{Runtime: al2, Now: now})
	r.Path = "dist/hello"
	r.Unpacked = 12345678 // compilers differ
	golden(t, "findings.txt", text(t, r, TextOptions{}))
	golden(t, "resolutions.txt", text(t, r, TextOptions{Verbose: true}))
	if coloured := text(t, r, TextOptions{Colour: true}); !strings.Contains(coloured, "\x1b[31merrors\x1b[0m") {
		t.Errorf("%q", coloured)
	}
}

func TestTextOfNothing(t *testing.T) {
	t.Parallel()
	r := check(t, writeZip(t, file("bootstrap", script, 0o755)), Options{})
	r.Path = "hello.zip"
	r.Packed = 168
	golden(t, "nothing.txt", text(t, r, TextOptions{}))
}

// TestTextOfMany: a package with thousands of alike findings stays readable.
func TestTextOfMany(t *testing.T) {
	t.Parallel()
	entries := []entry{file("bootstrap", script, 0o755)}
	for i := range 1000 {
		entries = append(entries, file(fmt.Sprintf("data/%04d", i), "", 0o600))
	}
	r := check(t, writeZip(t, entries...), Options{})
	if got := text(t, r, TextOptions{}); strings.Count(got, "unreadable  data/") != maxAlike || !strings.Contains(got, "  unreadable  and 990 more") || !strings.Contains(got, "1000 errors") {
		t.Error(got)
	}
	if got := text(t, r, TextOptions{Verbose: true}); strings.Count(got, "unreadable  data/") != 1000 {
		t.Errorf("%.2000s", got)
	}
}

func text(t *testing.T, r *Report, opts TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteText(&b, r, opts); err != nil {
		t.Fatal(err)
	}
	if !opts.Colour {
		for line := range strings.SplitSeq(b.String(), "\n") {
			if utf8.RuneCountInString(line) > 80 {
				t.Errorf("wider than 80 columns: %q", line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("blank at the end: %q", line)
			}
		}
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, got, 0o644)
	}
	if want := readFile(t, path); got != want {
		t.Errorf("%s: got:\n%s\nwant:\n%s", name, got, want)
	}
}
