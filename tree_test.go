package lambdapack

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/pack"
)

// tree is files by path, each with its mode and content.
type tree map[string]string

func (t tree) add(name string, mode fs.FileMode, content []byte) {
	t[name] = fmt.Sprintf("%04o %q", mode.Perm(), content)
}

// TestSameTree pins that the zip, the directory and the image's /var/task of
// one build hold the same paths with the same modes and contents.
func TestSameTree(t *testing.T) {
	f := newFakeGo(t, "a")
	for name, content := range map[string]string{
		"data/x": "x", "data/deep/er/y": "y", "data/tool": "#!/bin/sh\n", "data/größe": "", "data/lib/z.so": "z",
	} {
		path := filepath.Join(f.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.compile = func(_, path string) error { return os.WriteFile(path, staticELF(), 0o755) }
	opts := f.options(t, "./a")
	opts.Include = []pack.Include{{Source: "data"}, {Source: "data/lib", Destination: "lib"}}
	built := func(format pack.Format) Result {
		opts.Format = format
		results, err := Build(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}

	want := zipTree(t, filepath.Join(f.dir, built(pack.FormatZip).Path))
	if len(want) != 7 || want["bootstrap"] == "" || want["lib/z.so"] == "" {
		t.Fatalf("the zip holds %v", want)
	}
	// Windows has no modes to compare.
	if got := dirTree(t, filepath.Join(f.dir, built(pack.FormatDir).Path)); runtime.GOOS != "windows" && !maps.Equal(got, want) {
		t.Errorf("the directory holds\n%v\nand the zip\n%v", got, want)
	}
	opts.Image = ImageOptions{Base: "scratch", Layouts: []string{"oci"}}
	digest := built(pack.FormatImage).Record.Digest
	// What the run was told is relative to its directory, bases too.
	opts.Image = ImageOptions{Base: "oci:oci:a", Layouts: []string{"again"}}
	if r := built(pack.FormatImage).Record; r.BaseDigest != digest || r.Reference != "oci:../again:"+r.Digest {
		t.Errorf("on %s: %+v", digest, r)
	}
	if got := imageTree(t, filepath.Join(f.dir, "oci"), digest); !maps.Equal(got, want) {
		t.Errorf("the image holds\n%v\nand the zip\n%v", got, want)
	}
}

// staticELF is the header of a static executable for amd64.
func staticELF() []byte {
	b := make([]byte, 64)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	binary.LittleEndian.PutUint16(b[16:], uint16(elf.ET_EXEC))
	binary.LittleEndian.PutUint16(b[18:], uint16(elf.EM_X86_64))
	binary.LittleEndian.PutUint32(b[20:], uint32(elf.EV_CURRENT))
	return b
}

func zipTree(t *testing.T, path string) tree {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := tree{}
	for _, f := range z.File {
		if f.Mode().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		files.add(f.Name, f.Mode(), readOf(t, r))
	}
	return files
}

func dirTree(t *testing.T, dir string) tree {
	t.Helper()
	files := tree{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		files.add(name, info.Mode(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// imageTree is what all layers together have in /var/task.
func imageTree(t *testing.T, dir, digest string) tree {
	t.Helper()
	open := func(digest string) *os.File {
		f, err := os.Open(filepath.Join(dir, "blobs", filepath.FromSlash(strings.Replace(digest, ":", "/", 1))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	var m struct{ Layers []struct{ Digest string } }
	if err := json.NewDecoder(open(digest)).Decode(&m); err != nil {
		t.Fatal(err)
	}
	files := tree{}
	for _, l := range m.Layers {
		zr, err := gzip.NewReader(open(l.Digest))
		if err != nil {
			t.Fatal(err)
		}
		for tr := tar.NewReader(zr); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			name, ok := strings.CutPrefix(h.Name, "var/task/")
			switch {
			case !ok:
			case h.Typeflag == tar.TypeReg:
				files.add(name, h.FileInfo().Mode(), readOf(t, tr))
			case h.Typeflag != tar.TypeDir || h.FileInfo().Mode().Perm() != 0o755:
				t.Errorf("%s: type %c, mode %v", h.Name, h.Typeflag, h.FileInfo().Mode())
			}
		}
	}
	return files
}

func readOf(t *testing.T, r io.Reader) []byte {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
