package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// missing fails on a machine that has all that the tests want.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("LAMBDAPACK_FULL") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// compile compiles C and returns the file.
func compile(t *testing.T, dir, name, source string, args ...string) string {
	t.Helper()
	write(t, filepath.Join(dir, name+".c"), source)
	out := filepath.Join(dir, name)
	cmd := exec.Command("cc", append([]string{"-o", out, filepath.Join(dir, name+".c")}, args...)...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// unpack writes a tar below root.
func unpack(t *testing.T, root string, layer []byte) {
	t.Helper()
	for tr := tar.NewReader(bytes.NewReader(layer)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return
		}
		path := filepath.Join(root, h.Name)
		switch {
		case err != nil:
		case h.Typeflag == tar.TypeDir:
			err = os.MkdirAll(path, 0o755)
		case h.Typeflag == tar.TypeSymlink:
			err = os.Symlink(h.Linkname, path)
		default:
			var data []byte
			if data, err = io.ReadAll(tr); err == nil {
				os.MkdirAll(filepath.Dir(path), 0o755) // the fake base lists no directories
				err = os.WriteFile(path, data, h.FileInfo().Mode())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An executable that is started through /var/runtime/bootstrap, as the base's
// entrypoint does, finds its libraries beside the file, by DT_RPATH and by
// DT_RUNPATH alike.
func TestOriginThroughRuntimeBootstrap(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		missing(t, "no C compiler: %v", err)
	}
	arch, err := lambda.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Skip(err)
	}
	for _, tags := range []string{"--disable-new-dtags", "--enable-new-dtags"} {
		build, root := t.TempDir(), t.TempDir()
		lib := compile(t, build, "libanswer.so", "int answer(void) { return 42; }", "-shared", "-fPIC", "-Wl,-soname,libanswer.so")
		exe := compile(t, build, "main", `#include <stdio.h>
int answer(void);
int main(void) { printf("%d\n", answer()); return 0; }`, "-L"+build, "-l:libanswer.so", "-Wl,"+tags+",-rpath,$ORIGIN/lib")
		c := newClient(t, image.ClientOptions{})
		p := packageOf(t, arch, pack.File{Name: "bootstrap", Path: exe}, pack.File{Name: "lib/libanswer.so", Path: lib})
		img := appendTo(t, c, baseLayout(t, baseSpec{arch: arch.OCI()}), p, image.Options{})
		dir := t.TempDir()
		stage(t, c, img, image.Sinks{Layouts: []image.Layout{{Dir: dir}}})
		for _, layer := range readBack(t, dir, img.Digest).layers {
			unpack(t, root, layer)
		}
		os.RemoveAll(build) // so that nothing is found there
		cmd := exec.Command(filepath.Join(root, "var/runtime/bootstrap"))
		cmd.Env = []string{"PATH=/bin"}
		out, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "42" {
			t.Errorf("%s: %v\n%s", tags, err, out)
		}
	}
}
