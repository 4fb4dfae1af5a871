package ldd

import (
	"bytes"
	"debug/elf"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// drawn is a closure with everything that renderers treat differently: a cycle,
// a repeated object, a virtual, a missing and an excluded one, and hostile names.
func drawn() *Closure {
	file := func(soname string) *File {
		return &File{Soname: soname, Machine: elf.EM_X86_64, Class: elf.ELFCLASS64, Data: elf.ELFDATA2LSB, Type: elf.ET_DYN}
	}
	lib := func(soname string, how How) *Object {
		return &Object{File: file(soname), Path: "/usr/lib/" + soname, RealPath: "/usr/lib/" + soname + ".0", Found: Resolution{How: how, Dir: "/usr/lib"}}
	}
	root := &Object{File: file(""), Path: "/var/task/bootstrap", RealPath: "/var/task/bootstrap", Found: Resolution{How: ByRoot}}
	root.RPATH, root.BuildID = "$ORIGIN/lib", "c0ffee"
	interp := lib("ld-linux-x86-64.so.2", ByInterp)
	a, b, ssl := lib("liba.so.1", ByRPATH), lib("libb.so.1", ByCache), lib("libssl.so.3", ByLibraryPath)
	a.Found.Owner = root
	a.Dlopen = []DlopenNote{{Sonames: []string{"libz.so.1"}, Feature: "zlib", Priority: "suggested"}}
	ssl.virtual = &Virtual{Defines: []string{"OPENSSL_3.0.0"}}
	evil := lib("evil\x1b[31m\"]\n\\N<b>#;\u202e\xff.so", ByDefault)
	root.Needs = []*Need{
		{Name: "/lib64/ld-linux-x86-64.so.2", Kind: Interp, Object: interp},
		{Name: "liba.so.1", Kind: Needed, Object: a},
		{Name: "libb.so.1", Kind: Needed, Object: b},
		{Name: "libc.so.6", Kind: Needed, Excluded: true},
		{Name: "libgone.so.1", Kind: Needed},
	}
	a.Needs = []*Need{{Name: "libb.so.1", Kind: Needed, Object: b}, {Name: "libssl.so.3", Kind: Needed, Object: ssl}}
	b.Needs = []*Need{{Name: "liba.so.1", Kind: Needed, Object: a}, {Name: evil.Soname, Kind: Needed, Object: evil}}
	evil.Needs = []*Need{{Name: "bad\x07name", Kind: Needed}}
	c := &Closure{
		Root: root, Interp: interp, LibC: Glibc, Objects: []*Object{root, a, b, ssl, evil, interp},
		Missing: []*Missing{
			{Name: "libgone.so.1", Kind: Needed, NeededBy: []*Object{root}, Searched: []string{"/lib", "/usr/lib"}},
			{Name: "bad\x07name", Kind: Needed, NeededBy: []*Object{evil}, Cause: errors.New("bad\x07name: truncated ELF file")},
		},
		walker: &walker{},
	}
	(&walker{c: c}).linkBack()
	return c
}

var renderers = map[string]func(io.Writer, *Closure) error{
	"tree.txt": WriteTree, "list.txt": WriteList, "closure.json": WriteJSON, "closure.dot": WriteDot, "closure.mmd": WriteMermaid,
}

func TestRenderGolden(t *testing.T) {
	for name, write := range renderers {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got, drawn()); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", name)
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got:\n%s\nwant:\n%s", got.Bytes(), want)
			}
			if strings.ContainsAny(got.String(), "\x1b\x07\u202e") {
				t.Error("control characters are written")
			}
		})
	}
}

// A failing writer is reported.
func TestRenderWriteError(t *testing.T) {
	for name, write := range renderers {
		if err := write(fullDisk{}, drawn()); !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDisk }

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"libz.so.1": "libz.so.1", "bibliothèque \"x\"": "bibliothèque \"x\"", "a\tb": `a\tb`, "\x1b[0m\"": `\x1b[0m"`, "\xff": `\xff`, "\u202e": `\u202e`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
