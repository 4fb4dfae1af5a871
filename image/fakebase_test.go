package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/pack"
)

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
		OS: or(s.os, "linux"), Architecture: or(s.arch, "amd64"), Container: "0123",
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
			"usr/small", random(uint64(100+i), 1000))
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
