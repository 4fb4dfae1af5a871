package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

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

// contents are manifests and blobs of a fake image, by digest.
type contents struct {
	manifests, blobs map[v1.Hash][]byte
	types            map[v1.Hash]types.MediaType
	top              v1.Descriptor
}

func newContents() *contents {
	return &contents{map[v1.Hash][]byte{}, map[v1.Hash][]byte{}, map[v1.Hash]types.MediaType{}, v1.Descriptor{}}
}

func digestOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

func (c *contents) blob(data []byte, mt types.MediaType) v1.Descriptor {
	h := digestOf(data)
	c.blobs[h] = data
	return v1.Descriptor{MediaType: mt, Size: int64(len(data)), Digest: h}
}

func (c *contents) manifest(value any, mt types.MediaType) v1.Descriptor {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	h := digestOf(data)
	c.manifests[h], c.types[h] = data, mt
	c.top = v1.Descriptor{MediaType: mt, Size: int64(len(data)), Digest: h}
	return c.top
}

// baseSpec says what a fake base is like; its zero value is like AWS's for
// amd64, in Docker's types.
type baseSpec struct {
	os, arch   string
	oci        bool
	layerType  types.MediaType // where it is not what the manifest's kind has
	noHistory  bool
	entrypoint []string
	layers     int // more than the one, small ones
}

// tarOf returns a tar of files and directories (names with a slash).
func tarOf(files ...string) []byte {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Mode: 0o755, Size: int64(len(files[i+1])), Format: tar.FormatUSTAR}
		if strings.HasSuffix(h.Name, "/") {
			h.Typeflag = tar.TypeDir
		}
		tw.WriteHeader(h)
		io.WriteString(tw, files[i+1])
	}
	tw.Close()
	return buf.Bytes()
}

func gzipOf(t testing.TB, plain []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	if _, err := pack.Gzip(ctx, &buf, bytes.NewReader(plain), int64(len(plain)), nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// add puts a base into c.
func (s baseSpec) add(t testing.TB, c *contents) v1.Descriptor {
	t.Helper()
	cfg := v1.ConfigFile{
		OS: or(s.os, "linux"), Architecture: or(s.arch, "amd64"), DockerVersion: "27.0", Container: "0123",
		Config: v1.Config{
			Entrypoint: []string{"/lambda-entrypoint.sh"}, WorkingDir: "/var/task",
			Env:    []string{"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LAMBDA_TASK_ROOT=/var/task"},
			Labels: map[string]string{"vendor": "somebody", "org.opencontainers.image.source": "https://example.com/base"},
		},
		RootFS: v1.RootFS{Type: "layers"},
	}
	if s.entrypoint != nil {
		cfg.Config.Entrypoint = s.entrypoint
	}
	mt, ct, lt := types.DockerManifestSchema2, types.DockerConfigJSON, types.DockerLayer
	if s.oci {
		mt, ct, lt = types.OCIManifestSchema1, types.OCIConfigJSON, types.OCILayer
	}
	m := v1.Manifest{SchemaVersion: 2, MediaType: mt}
	for i := range 1 + s.layers {
		plain := tarOf("lambda-entrypoint.sh", "#!/bin/sh\n", "var/", "", "var/runtime/", "", "var/task/", "",
			"usr/lib", random(uint64(100+i), 1000))
		if i == 0 {
			plain = tarOf("lambda-entrypoint.sh", "#!/bin/sh\n", "usr/lib/big", random(7, 200_000))
		}
		data := plain
		if s.layerType == "" || strings.HasSuffix(string(s.layerType), "gzip") {
			data = gzipOf(t, plain)
		}
		m.Layers = append(m.Layers, c.blob(data, types.MediaType(or(string(s.layerType), string(lt)))))
		cfg.RootFS.DiffIDs = append(cfg.RootFS.DiffIDs, digestOf(plain))
		if !s.noHistory {
			cfg.History = append(cfg.History, v1.History{CreatedBy: "the base"}, v1.History{CreatedBy: "ENV", EmptyLayer: true})
		}
	}
	data, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.Config = c.blob(data, ct)
	return c.manifest(m, mt)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// layout writes contents as an OCI image layout and returns its reference.
func (c *contents) layout(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	for _, all := range []map[v1.Hash][]byte{c.manifests, c.blobs} {
		for h, data := range all {
			write(t, filepath.Join(dir, "blobs", "sha256", h.Hex), string(data))
		}
	}
	top := c.top
	top.Annotations = map[string]string{"org.opencontainers.image.ref.name": name}
	idx, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{top}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "index.json"), string(idx))
	write(t, filepath.Join(dir, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`)
	return "oci:" + dir
}

func baseLayout(t testing.TB, s baseSpec) string {
	t.Helper()
	c := newContents()
	s.add(t, c)
	return c.layout(t, "base")
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
