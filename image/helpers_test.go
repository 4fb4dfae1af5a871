package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

var ctx = context.Background()

func target(a lambda.Arch) lambda.Target {
	return lambda.Target{Arch: a, Runtime: lambda.DefaultRuntime()}
}

// program returns the ELF header of a static executable, and seed after it.
func program(a lambda.Arch, seed string) []byte {
	b := make([]byte, 64, 64+len(seed))
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	binary.LittleEndian.PutUint16(b[16:], uint16(elf.ET_EXEC))
	binary.LittleEndian.PutUint16(b[18:], uint16(a.Machine()))
	binary.LittleEndian.PutUint32(b[20:], uint32(elf.EV_CURRENT))
	return append(b, seed...)
}

// random returns n bytes that nothing compresses, always the same (splitmix64).
func random(seed uint64, n int) string {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		b = binary.LittleEndian.AppendUint64(b, z^z>>31)
	}
	return string(b[:n])
}

// newPackage returns a package with an executable that differs by code, a
// library and a file.
func newPackage(t testing.TB, a lambda.Arch, code string) *pack.Package {
	t.Helper()
	return packageOf(t, a,
		pack.File{Name: "bootstrap", Data: program(a, code)},
		pack.File{Name: "lib/libx.so.1", Data: program(a, random(1, 300_000))},
		pack.File{Name: "data/greeting.txt", Data: []byte("hello\n")})
}

func packageOf(t testing.TB, a lambda.Arch, files ...pack.File) *pack.Package {
	t.Helper()
	p, err := pack.New(target(a), files, lambda.MaxImageUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newClient(t testing.TB, opts image.ClientOptions) *image.Client {
	t.Helper()
	c := image.NewClient(opts)
	c.Hurry()
	t.Cleanup(func() { c.Close() })
	return c
}

func appendTo(t testing.TB, c *image.Client, base string, p *pack.Package, opts image.Options) *image.Image {
	t.Helper()
	b, err := c.Base(ctx, base, p.Target())
	if err != nil {
		t.Fatal(err)
	}
	img, err := c.Append(ctx, b, p, opts)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func stage(t testing.TB, c *image.Client, img *image.Image, to image.Sinks) []image.Reference {
	t.Helper()
	s, err := c.Stage(ctx, img, to)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := s.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return refs
}

// written is an image read back from a layout, by the standard library alone.
type written struct {
	manifest v1.Manifest
	config   v1.ConfigFile
	layers   [][]byte // tars
}

func readBack(t testing.TB, dir string, digest string) written {
	t.Helper()
	blob := func(h string) []byte {
		data := read(t, filepath.Join(dir, "blobs", strings.ReplaceAll(h, ":", "/")))
		if digestOf(data).String() != h {
			t.Errorf("%s has another digest", h)
		}
		return data
	}
	var w written
	if err := json.Unmarshal(blob(digest), &w.manifest); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blob(w.manifest.Config.Digest.String()), &w.config); err != nil {
		t.Fatal(err)
	}
	for i, l := range w.manifest.Layers {
		data := blob(l.Digest.String())
		if int64(len(data)) != l.Size {
			t.Errorf("layer %d has another size", i)
		}
		zr, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		if digestOf(plain) != w.config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d has another diff ID", i)
		}
		w.layers = append(w.layers, plain)
	}
	return w
}

// names lists a tar's members.
func names(t testing.TB, plain []byte) (all []string) {
	t.Helper()
	for tr := tar.NewReader(bytes.NewReader(plain)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h.Name)
	}
}

func equal[S ~[]E, E comparable](t testing.TB, what string, got, want S) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
