package image_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// Another reader finds all digests, sizes and diff IDs right.
func TestReadByAnotherReader(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	for _, s := range []baseSpec{{layers: 1}, {oci: true}} {
		img := appendTo(t, c, baseLayout(t, s), newPackage(t, lambda.AMD64, "code"), image.Options{})
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "x.tar")
		refs := stage(t, c, img, image.Sinks{
			Layouts:  []image.Layout{{Dir: dir, Name: "app"}},
			Tarballs: []image.Tarball{{Path: file, Tag: "app:v1"}},
		})
		if refs[0].Name != "oci:"+dir+":app" || refs[1].Name != file {
			t.Errorf("references %+v", refs)
		}
		h, err := v1.NewHash(img.Digest)
		if err != nil {
			t.Fatal(err)
		}
		got, err := layout.Path(dir).Image(h)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(got); err != nil {
			t.Error(err)
		}
		fromTar, err := tarball.ImageFromPath(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(fromTar); err != nil {
			t.Error(err)
		}
		m, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(file) })
		if err != nil || len(m) != 1 || len(m[0].RepoTags) != 1 || m[0].RepoTags[0] != "app:v1" {
			t.Errorf("manifest %+v, %v", m, err)
		}
		// And as a base: of the same layers, whichever way they came.
		again := appendTo(t, c, "tarball:"+file, newPackage(t, lambda.AMD64, "code"), image.Options{})
		if again.Size < img.Size {
			t.Errorf("size %d on a tarball of %d", again.Size, img.Size)
		}
		if fromLayout := appendTo(t, c, "oci:"+dir+":app", newPackage(t, lambda.AMD64, "code"), image.Options{}); fromLayout.Base.Digest != img.Digest {
			t.Errorf("base %s, want %s", fromLayout.Base.Digest, img.Digest)
		}
	}
}

func TestTarballGolden(t *testing.T) {
	for range 2 {
		c := newClient(t, image.ClientOptions{})
		img := appendTo(t, c, image.Scratch, newPackage(t, lambda.ARM64, "code"), image.Options{})
		file := filepath.Join(t.TempDir(), "sub", "x.tar")
		stage(t, c, img, image.Sinks{Tarballs: []image.Tarball{{Path: file, Tag: "registry.test/app"}}})
		sum := sha256.Sum256(read(t, file))
		if got := hex.EncodeToString(sum[:]); got != "e8418147f66408d848b796d7b3f7222b4f65cf2d97f1b3cbbe429856a61d79aa" {
			t.Errorf("digest %s", got)
		}
	}
}

func TestLayoutKeepsOthers(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	dir := t.TempDir()
	var wait sync.WaitGroup
	for i := range 8 { // at once, and two for each name
		wait.Go(func() {
			img := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, fmt.Sprint(i)), image.Options{})
			stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir, Name: fmt.Sprint("app", i%4)}}})
		})
	}
	wait.Wait()
	idx, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := idx.IndexManifest()
	if err != nil || len(m.Manifests) != 4 {
		t.Errorf("index %+v, %v", m, err)
	}
	before := read(t, filepath.Join(dir, "index.json"))
	other := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "other"), image.Options{})
	s, err := c.Stage(ctx, other, image.Sinks{Layouts: []image.Layout{{Dir: dir, Name: "app0"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Discard()
	if string(read(t, filepath.Join(dir, "index.json"))) != string(before) {
		t.Error("a discarded image changed the index")
	}
}

func TestTarballErrors(t *testing.T) {
	c := newClient(t, image.ClientOptions{})
	img := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "code"), image.Options{})
	file := filepath.Join(t.TempDir(), "x.tar")
	write(t, file, "previous")
	for tag, want := range map[string]string{
		"":           "there is no tag that the engine could name it by",
		"Not A Name": `reading the tag "Not A Name"`,
	} {
		_, err := c.Stage(ctx, img, image.Sinks{Tarballs: []image.Tarball{{Path: file, Tag: tag}}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) || hint.Of(err) == "" {
			t.Errorf("tag %q: error %v, want %q", tag, err, want)
		}
	}
	s, err := c.Stage(ctx, img, image.Sinks{Tarballs: []image.Tarball{{Path: file, Tag: "app"}}})
	if err != nil {
		t.Fatal(err)
	}
	if string(read(t, file)) != "previous" {
		t.Error("replaced before it was committed")
	}
	s.Discard()
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 || string(read(t, file)) != "previous" {
		t.Errorf("after Discard: %v", entries)
	}
}

func TestLocal(t *testing.T) {
	var ran []string
	installed := map[string]error{"docker": exec.ErrNotFound, "podman": nil}
	run := func(_ context.Context, argv []string, output io.Writer) error {
		ran = append(ran, strings.Join(argv[:3], " "))
		io.WriteString(output, "it says why\n")
		if installed[argv[0]] == nil && installed[argv[0]] != exec.ErrNotFound {
			if _, err := tarball.ImageFromPath(argv[3], nil); err != nil {
				t.Error(err)
			}
		}
		return installed[argv[0]]
	}
	c := newClient(t, image.ClientOptions{Runner: run})
	img := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "code"), image.Options{})
	refs := stage(t, c, img, image.Sinks{Local: []image.Local{{Tag: "app:v1"}}})
	equal(t, "commands", ran, []string{"docker load --input", "podman load --input"})
	equal(t, "references", refs, []image.Reference{{Kind: image.KindLocal, Name: "app:v1"}})

	for engine, want := range map[string]string{"docker": "docker is not installed", "podman": "loading the image into podman: no: it says why"} {
		installed["podman"] = errors.New("no")
		s, err := c.Stage(ctx, img, image.Sinks{Local: []image.Local{{Tag: "app:v1", Engine: engine}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Commit(ctx); err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == "" {
			t.Errorf("%s: error %v, want %q", engine, err, want)
		}
	}
	if _, err := newClient(t, image.ClientOptions{}).Stage(ctx, img, image.Sinks{Local: []image.Local{{Tag: "app"}}}); err == nil {
		t.Error("loaded without a runner")
	}
}

// Nothing stays in the directory for temporary files.
func TestCloseCleans(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	c := image.NewClient(image.ClientOptions{})
	img := appendTo(t, c, baseLayout(t, baseSpec{}), newPackage(t, lambda.AMD64, "code"), image.Options{})
	stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: t.TempDir()}}})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(tmp, "lambdapack-*"))
	if len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
