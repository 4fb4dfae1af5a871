package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// The digests are a promise: a change of them changes every user's image.
func TestGolden(t *testing.T) {
	for _, test := range []struct {
		name string
		base func(t testing.TB) string
		opts image.Options
		want string
	}{
		{"Docker", func(t testing.TB) string { return baseLayout(t, baseSpec{}) }, image.Options{}, "sha256:7cf6f6c9f713d49d22d804e83c5108ded142fdca4028ec12a98ec816a748672f"},
		{"OCI", func(t testing.TB) string { return baseLayout(t, baseSpec{oci: true, layers: 2}) },
			image.Options{Source: "https://example.com/src", Revision: "abc", SnapStart: true, Created: time.Unix(1_700_000_000, 0)}, "sha256:671b52fc021b65452e622f1ea14d5c4e8da6fd75b2628ae2bc178c1e30ef0a99"},
		{"scratch", func(testing.TB) string { return image.Scratch }, image.Options{}, "sha256:ed9da55ca4622e74bd5199460e902c693f9a6ca261ca4d93e9763b7323c50b3a"},
		{"uncompressed", func(t testing.TB) string {
			return baseLayout(t, baseSpec{oci: true, layerType: types.OCIUncompressedLayer})
		}, image.Options{}, "sha256:e0899e090a5c1e5c7d759b768f8dac097f951a2488bdc93d59ffa9e3d261cf30"},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
			for _, n := range []int{1, 3} {
				runtime.GOMAXPROCS(n)
				c := newClient(t, image.ClientOptions{Pool: pack.NewPool(n), Cache: t.TempDir()})
				base := test.base(t) // each time another directory
				for range 2 {
					img := appendTo(t, c, base, newPackage(t, lambda.AMD64, "code"), test.opts)
					if img.Digest != test.want {
						t.Errorf("pool of %d: %s, want %s", n, img.Digest, test.want)
					}
				}
			}
		})
	}
}

func TestConfig(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	dir := t.TempDir()
	img := appendTo(t, c, baseLayout(t, baseSpec{layers: 1}), newPackage(t, lambda.AMD64, "code"), image.Options{
		Handler: "app", Source: "https://example.com/src", Revision: "abc", SnapStart: true,
	})
	stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}})
	w := readBack(t, dir, img.Digest)
	if w.manifest.MediaType != types.DockerManifestSchema2 || w.manifest.Config.MediaType != types.DockerConfigJSON || w.manifest.Annotations != nil {
		t.Errorf("manifest %+v", w.manifest)
	}
	for _, l := range w.manifest.Layers {
		if l.MediaType != types.DockerLayer {
			t.Errorf("layer %+v", l)
		}
	}
	cfg := w.config.Config
	equal(t, "entrypoint", cfg.Entrypoint, []string{"/lambda-entrypoint.sh"})
	equal(t, "command", cfg.Cmd, []string{"app"})
	equal(t, "environment", cfg.Env, []string{"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LAMBDA_TASK_ROOT=/var/task"})
	if cfg.WorkingDir != "/var/task" || w.config.Container != "" || !w.config.Created.Equal(time.Unix(0, 0)) {
		t.Errorf("config %+v", w.config)
	}
	for key, want := range map[string]string{
		"vendor":                                 "somebody",
		"org.opencontainers.image.source":        "https://example.com/src",
		"org.opencontainers.image.revision":      "abc",
		"org.opencontainers.image.base.name":     "",
		"org.opencontainers.image.base.digest":   img.Base.Digest,
		"com.amazonaws.lambda.feature.snapstart": "Allow",
	} {
		if got := cfg.Labels[key]; got != want {
			t.Errorf("label %s is %q, want %q", key, got, want)
		}
	}
	if n := historyOfLayers(w); n != 4 || len(w.layers) != 4 {
		t.Errorf("%d lines of history for %d layers, want 4", n, len(w.layers))
	}
	equal(t, "library layer", names(t, w.layers[2]), []string{
		"var/", "var/task/", "var/task/data/", "var/task/data/greeting.txt", "var/task/lib/", "var/task/lib/libx.so.1"})
	equal(t, "executable's layer", names(t, w.layers[3]), []string{
		"var/", "var/runtime/", "var/runtime/bootstrap", "var/task/", "var/task/bootstrap"})
}

func historyOfLayers(w written) (n int) {
	for _, h := range w.config.History {
		if !h.EmptyLayer {
			n++
		}
	}
	return n
}

func TestOCIAnnotationsAndHistory(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	dir := t.TempDir()
	img := appendTo(t, c, baseLayout(t, baseSpec{oci: true, noHistory: true}), newPackage(t, lambda.AMD64, "code"), image.Options{Revision: "abc"})
	stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}})
	w := readBack(t, dir, img.Digest)
	if w.manifest.MediaType != types.OCIManifestSchema1 || w.manifest.Layers[2].MediaType != types.OCILayer ||
		w.manifest.Annotations["org.opencontainers.image.revision"] != "abc" ||
		w.manifest.Annotations["org.opencontainers.image.base.digest"] != img.Base.Digest {
		t.Errorf("manifest %+v", w.manifest)
	}
	if n := historyOfLayers(w); n != 3 {
		t.Errorf("%d lines of history for 3 layers", n)
	}
}

func TestEntrypoint(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	for _, base := range []string{image.Scratch, baseLayout(t, baseSpec{entrypoint: []string{}})} {
		dir := t.TempDir()
		p := packageOf(t, lambda.AMD64, pack.File{Name: "bootstrap", Data: program(lambda.AMD64, "")})
		img := appendTo(t, c, base, p, image.Options{Entrypoint: true})
		stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}})
		w := readBack(t, dir, img.Digest)
		equal(t, "entrypoint", w.config.Config.Entrypoint, []string{"/var/task/bootstrap"})
		equal(t, "command", w.config.Config.Cmd, nil)
		if w.config.Config.WorkingDir != "/var/task" || w.config.OS != "linux" || w.config.Architecture != "amd64" {
			t.Errorf("config %+v", w.config)
		}
		// No library, so no layer for any, and no link that nobody would follow.
		equal(t, "layer", names(t, w.layers[len(w.layers)-1]), []string{"var/", "var/task/", "var/task/bootstrap"})
		if len(w.layers) > 2 {
			t.Errorf("%d layers", len(w.layers))
		}
	}
}

func TestAppendErrors(t *testing.T) {
	static := func(a lambda.Arch) *pack.Package { return newPackage(t, a, "code") }
	for _, test := range []struct {
		name, base string
		p          *pack.Package
		arch       lambda.Arch
		want       string
	}{
		{"no entrypoint", baseLayout(t, baseSpec{entrypoint: []string{}}), static(lambda.AMD64), lambda.AMD64, "no entrypoint"},
		{"other machine", image.Scratch, static(lambda.ARM64), lambda.AMD64, "the package is for arm64 and the base for amd64"},
		{"script", image.Scratch, packageOf(t, lambda.AMD64, pack.File{Name: "bootstrap", Data: []byte("#!/bin/sh\n")}), lambda.AMD64, "no static executable"},
		{"many layers", baseLayout(t, baseSpec{layers: 170}), static(lambda.AMD64), lambda.AMD64, "Lambda takes at most 25400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(t, image.ClientOptions{})
			base, err := c.Base(ctx, test.base, target(test.arch))
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Append(ctx, base, test.p, image.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "making an image on ") {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if hint.Of(err) == "" && test.name != "other machine" {
				t.Error("no hint")
			}
		})
	}
}

// The image has under /var/task what the directory, and so the zip, has.
func TestTreeIsTheDirectory(t *testing.T) {
	p := newPackage(t, lambda.AMD64, "code")
	plain := filepath.Join(t.TempDir(), "plain")
	if err := p.WriteDir(ctx, plain, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	err := filepath.WalkDir(plain, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == plain {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(plain, path)
		fact := info.Mode().String()
		if !d.IsDir() {
			fact += string(read(t, path))
		}
		want[filepath.ToSlash(rel)] = fact
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, image.ClientOptions{})
	dir := t.TempDir()
	img := appendTo(t, c, image.Scratch, p, image.Options{})
	stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}})
	got := map[string]string{}
	for _, layer := range readBack(t, dir, img.Digest).layers {
		for tr := tar.NewReader(bytes.NewReader(layer)); ; {
			h, err := tr.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			if name, ok := strings.CutPrefix(strings.TrimSuffix(h.Name, "/"), "var/task/"); ok {
				got[name] = h.FileInfo().Mode().String() + string(data)
			}
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d entries, want %d", len(got), len(want))
	}
	for name, w := range want {
		if os.PathSeparator == '/' && got[name] != w {
			t.Errorf("%s: %.40q, want %.40q", name, got[name], w)
		}
	}
}
