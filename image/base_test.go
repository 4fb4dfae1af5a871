package image_test

import (
	"bytes"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// index puts an index of images into c.
func (c *contents) index(t testing.TB, specs ...baseSpec) {
	t.Helper()
	idx := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, s := range specs {
		d := s.add(t, c)
		d.Platform = &v1.Platform{OS: or(s.os, "linux"), Architecture: or(s.arch, "amd64")}
		idx.Manifests = append(idx.Manifests, d)
		// As BuildKit does: an attestation of each.
		a := c.manifest(v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: []v1.Descriptor{}}, types.OCIManifestSchema1)
		a.Platform = &v1.Platform{OS: "unknown", Architecture: "unknown"}
		a.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
		idx.Manifests = append(idx.Manifests, a)
	}
	c.manifest(idx, types.OCIImageIndex)
}

func TestIndexIsResolved(t *testing.T) {
	c := newContents()
	c.index(t, baseSpec{os: "windows"}, baseSpec{arch: "amd64", oci: true}, baseSpec{arch: "arm64"})
	r := newRegistry(t)
	for _, ref := range []string{c.layout(t, "base"), r.put(t, c, "base", "latest")} {
		client := newClient(t, image.ClientOptions{Keychain: nobody{}})
		var digests []string
		for _, a := range lambda.Archs() {
			b, err := client.Base(ctx, ref, target(a))
			if err != nil {
				t.Fatal(err)
			}
			if b.Digest == c.top.Digest.String() {
				t.Error("the base is the index")
			}
			digests = append(digests, b.Digest)
			img := appendTo(t, client, ref, newPackage(t, a, "code"), image.Options{})
			stage(t, client, img, image.Sinks{Push: []string{r.host + "/app:" + a.String()}}) // strict
		}
		if digests[0] == digests[1] {
			t.Error("one base for two machines")
		}
	}
}

func TestBaseErrors(t *testing.T) {
	artifact := newContents()
	artifact.manifest(v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: artifact.blob([]byte("{}"), types.OCIEmptyJSON), Layers: []v1.Descriptor{}}, types.OCIManifestSchema1)
	windows, arm, other := newContents(), newContents(), newContents()
	windows.index(t, baseSpec{os: "windows"})
	arm.index(t, baseSpec{arch: "arm64"}, baseSpec{arch: "s390x"})
	other.manifest(map[string]any{"schemaVersion": 1, "fsLayers": []string{}}, types.DockerManifestSchema1)
	two := baseLayout(t, baseSpec{})
	idx := read(t, filepath.Join(strings.TrimPrefix(two, "oci:"), "index.json"))
	write(t, filepath.Join(strings.TrimPrefix(two, "oci:"), "index.json"), strings.Replace(string(idx), `"manifests":[`, `"manifests":[{"mediaType":"x","size":1,"digest":"sha256:`+strings.Repeat("0", 64)+`"},`, 1))
	truncated := baseLayout(t, baseSpec{})
	empty := t.TempDir()
	tarball := filepath.Join(t.TempDir(), "x.tar")
	write(t, tarball, string(tarOf("a", "b")))

	for _, test := range []struct{ name, base, want string }{
		{"Windows", baseLayout(t, baseSpec{os: "windows"}), "it is a Windows image"},
		{"Windows index", windows.layout(t, "base"), "it is a Windows image"},
		{"machine", baseLayout(t, baseSpec{arch: "arm64"}), "it is for linux/arm64, and the target is linux/amd64"},
		{"machines", arm.layout(t, "base"), "it is for linux/arm64, linux/s390x, and the target is linux/amd64"},
		{"artifact", artifact.layout(t, "base"), "it is not a container image"},
		{"schema 1", other.layout(t, "base"), "the old schema 1"},
		{"foreign layer", baseLayout(t, baseSpec{layerType: types.DockerForeignLayer}), "cannot be read: it is of the type"},
		{"lying uncompressed layer", lyingLayout(t), "what its descriptor says"},
		{"no layout", "oci:" + empty, "oci-layout"},
		{"no such name", truncated + ":other", `has no image named other; it has ["base"]`},
		{"which of two", two, "and no name says which"},
		{"no such file", "missing.tar", "missing.tar"},
		{"no image in the tarball", tarball, "it is not what docker save writes"},
		{"not a reference", "::", "reading the image reference"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, image.ClientOptions{Keychain: nobody{}})
			_, err := c.Base(ctx, test.base, target(lambda.AMD64))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "reading the base image "+test.base+": ") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// lyingLayout has an uncompressed layer that is not what its digest says.
func lyingLayout(t testing.TB) string {
	c := newContents()
	c.add(t, baseSpec{oci: true, layerType: types.OCIUncompressedLayer})
	for h, data := range c.blobs {
		if len(data) > 100_000 {
			c.blobs[h] = bytes.ToUpper(data)
		}
	}
	return c.layout(t, "base")
}

func (c *contents) add(t testing.TB, s baseSpec) { s.add(t, c) }

// A base that Lambda would not take is converted, to the same bytes whichever
// way it comes.
func TestConvertedLayers(t *testing.T) {
	gz := newContents()
	gz.add(t, baseSpec{oci: true})
	gzip := gz.layout(t, "base")
	zst := newContents()
	zst.add(t, baseSpec{oci: true, layerType: types.OCILayerZStd})
	zst.compress(t)
	r := newRegistry(t)
	var want string
	for name, ref := range map[string]string{
		"uncompressed": baseLayout(t, baseSpec{oci: true, layerType: types.OCIUncompressedLayer}),
		"zstd":         zst.layout(t, "base"),
		"gzip":         gzip,
	} {
		c := newClient(t, image.ClientOptions{Keychain: nobody{}})
		img := appendTo(t, c, ref, newPackage(t, lambda.AMD64, "code"), image.Options{})
		dir := t.TempDir()
		stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}, Push: []string{r.host + "/app:" + name}})
		layer := readBack(t, dir, img.Digest).manifest.Layers[0].Digest.String()
		if want == "" {
			want = layer
		}
		if layer != want {
			t.Errorf("%s: layer %s, want %s", name, layer, want)
		}
	}
}

// compress turns the layers of the only image into zstd.
func (c *contents) compress(t testing.TB) {
	t.Helper()
	m, err := v1.ParseManifest(bytes.NewReader(c.manifests[c.top.Digest]))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range m.Layers {
		m.Layers[i] = c.blob(enc.EncodeAll(c.blobs[l.Digest], nil), types.OCILayerZStd)
	}
	delete(c.manifests, c.top.Digest)
	c.manifest(m, types.OCIManifestSchema1)
}

func TestBaseRegistryErrors(t *testing.T) {
	r := newRegistry(t)
	r.base(t, baseSpec{})
	c := newClient(t, image.ClientOptions{Keychain: nobody{}})
	for ref, want := range map[string]string{
		r.host + "/base:other":   "has no image base:other",
		r.host + "/other:latest": "has no repository other",
		"127.0.0.1:1/base":       "connection refused",
	} {
		_, err := c.Base(ctx, ref, target(lambda.AMD64))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", ref, err, want)
		}
	}
}

// redirect sends requests for any host to one.
type redirect struct{ host string }

func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "https" {
		return nil, errors.New("http: server gave HTTP response to HTTPS client")
	}
	req = req.Clone(req.Context())
	req.URL.Host = r.host
	return http.DefaultTransport.RoundTrip(req)
}

func TestInsecureRegistry(t *testing.T) {
	r := newRegistry(t)
	r.base(t, baseSpec{})
	opts := image.ClientOptions{Keychain: nobody{}, Transport: redirect{r.host}}
	_, err := newClient(t, opts).Base(ctx, "registry.test:5000/base", target(lambda.AMD64))
	if hint.Of(err) != "allow it with --insecure-registry registry.test:5000" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
	opts.Insecure = []string{"registry.test:5000"}
	b, err := newClient(t, opts).Base(ctx, "registry.test:5000/base", target(lambda.AMD64))
	if err != nil || b.Name != "registry.test:5000/base:latest" {
		t.Errorf("base %+v, error %v", b, err)
	}
}
