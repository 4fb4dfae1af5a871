package image_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

func TestCacheAndOffline(t *testing.T) {
	r := newRegistry(t)
	base := r.base(t, baseSpec{})
	cache := t.TempDir()
	build := func(opts image.ClientOptions, ref string) (string, error) {
		opts.Cache, opts.Keychain = cache, nobody{}
		c := newClient(t, opts)
		b, err := c.Base(ctx, ref, target(lambda.AMD64))
		if err != nil {
			return "", err
		}
		img, err := c.Append(ctx, b, newPackage(t, lambda.AMD64, "code"), image.Options{})
		if err != nil {
			return "", err
		}
		_, err = c.Stage(ctx, img, image.Sinks{Layouts: []image.Layout{{Dir: t.TempDir()}}})
		return img.Digest, err
	}
	if _, err := build(image.ClientOptions{Offline: true}, base); err == nil || hint.Of(err) != "build once without --offline" {
		t.Errorf("offline, and nothing cached: error %v, hint %q", err, hint.Of(err))
	}
	want, err := build(image.ClientOptions{}, base)
	if err != nil {
		t.Fatal(err)
	}
	r.reset()
	if got, err := build(image.ClientOptions{}, base); got != want || err != nil {
		t.Errorf("again: %s, %v", got, err)
	}
	if n := r.count(""); n != 2 || r.count("HEAD /v2/base/manifests/latest") != 1 {
		t.Errorf("again: requests %v, want one to find the registry and one to resolve the tag", r.log())
	}
	r.reset()
	digest := r.host + "/base@" + r.digest("base", "latest")
	var digests []string
	for _, opts := range []image.ClientOptions{{}, {Offline: true}} {
		for _, ref := range []string{base, digest} {
			if ref == base && !opts.Offline {
				continue
			}
			got, err := build(opts, ref)
			if err != nil {
				t.Error(err)
			}
			digests = append(digests, got)
		}
	}
	if digests[1] != want || digests[0] != digests[2] {
		t.Errorf("digests %v, want the second to be %s", digests, want)
	}
	if r.count("GET /v2/base/blobs") != 0 || r.count("HEAD /v2/base/manifests/latest") != 0 {
		t.Errorf("by digest and offline: requests %v", r.log())
	}

	// The tag moves: online it is noticed, offline not.
	moved := newContents()
	moved.add(t, baseSpec{layers: 1})
	r.put(t, moved, "base", "latest")
	if got, err := build(image.ClientOptions{Offline: true}, base); got != want || err != nil {
		t.Errorf("offline, moved: %s, %v", got, err)
	}
	if got, err := build(image.ClientOptions{}, base); got == want || err != nil {
		t.Errorf("moved: %s, %v", got, err)
	}
}

func TestBaseThatLies(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func([]byte) []byte
		want   string
	}{
		{"other bytes", bytes.ToUpper, "downloading from"},
		{"truncated", func(b []byte) []byte { return b[:len(b)/2] }, "downloading from"},
		{"longer", func(b []byte) []byte { return append(b, 'x') }, "downloading from"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRegistry(t)
			base := r.base(t, baseSpec{})
			cache := t.TempDir()
			r.through(lie(test.change))
			c := newClient(t, image.ClientOptions{Keychain: nobody{}, Cache: cache})
			_, err := c.Base(ctx, base, target(lambda.AMD64))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v", err)
			}
			t.Log(err)
			r.through(nil) // what was wrong is not kept
			if _, err := newClient(t, image.ClientOptions{Keychain: nobody{}, Cache: cache}).Base(ctx, base, target(lambda.AMD64)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A cache that was damaged is noticed, and the next run is well again.
func TestDamagedCache(t *testing.T) {
	r := newRegistry(t)
	base := r.base(t, baseSpec{})
	cache := t.TempDir()
	build := func() error {
		c := newClient(t, image.ClientOptions{Keychain: nobody{}, Cache: cache})
		img := appendTo(t, c, base, newPackage(t, lambda.AMD64, "code"), image.Options{})
		_, err := c.Stage(ctx, img, image.Sinks{Layouts: []image.Layout{{Dir: t.TempDir()}}})
		return err
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	blobs, _ := filepath.Glob(filepath.Join(cache, "base", "blobs", "sha256", "*"))
	damaged := 0
	for _, path := range blobs {
		if data := read(t, path); len(data) > 100_000 {
			data[1000] ^= 1
			write(t, path, string(data))
			damaged++
		}
	}
	if err := build(); err == nil || !strings.Contains(err.Error(), "what its descriptor says") || damaged != 1 {
		t.Errorf("%d damaged: error %v", damaged, err)
	}
	if err := build(); err != nil {
		t.Errorf("after that: %v", err)
	}
}
