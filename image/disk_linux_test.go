package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// A full disk is an error that says what to do, and what was there before
// stays, wherever it fills up.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		missing(t, "only root can mount a small tmpfs")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		missing(t, "this root may not mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	file, lay := filepath.Join(dir, "x.tar"), filepath.Join(dir, "layout")
	c := newClient(t, image.ClientOptions{})
	small := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "code"), image.Options{})
	stage(t, c, small, image.Sinks{Layouts: []image.Layout{{Dir: lay}}})
	write(t, file, "previous")
	index := read(t, filepath.Join(lay, "index.json"))

	large := packageOf(t, lambda.AMD64,
		pack.File{Name: "bootstrap", Data: program(lambda.AMD64, "")}, pack.File{Name: "data", Data: []byte(random(3, 2<<20))})
	img := appendTo(t, c, image.Scratch, large, image.Options{})
	for _, to := range []image.Sinks{
		{Layouts: []image.Layout{{Dir: lay}}},
		{Tarballs: []image.Tarball{{Path: file, Tag: "app"}}},
	} {
		_, err := c.Stage(ctx, img, to)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) || hint.Of(err) == "" {
			t.Errorf("%+v: error %v, hint %q", to, err, hint.Of(err))
		}
	}
	if string(read(t, file)) != "previous" || string(read(t, filepath.Join(lay, "index.json"))) != string(index) {
		t.Error("what was there before is gone")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left: %v", entries)
	}

	// And where layers are compressed to, and bases are kept.
	t.Setenv("TMPDIR", dir)
	c = newClient(t, image.ClientOptions{})
	base, err := c.Base(ctx, image.Scratch, target(lambda.AMD64))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Append(ctx, base, large, image.Options{}); !errors.Is(err, syscall.ENOSPC) || hint.Of(err) == "" {
		t.Errorf("Append: error %v, hint %q", err, hint.Of(err))
	}
}
