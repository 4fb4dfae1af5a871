package pack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func everything(*pack.Entry) bool { return true }

func newLayer(t testing.TB, p *pack.Package, keep func(*pack.Entry) bool, links ...pack.Link) *pack.Layer {
	t.Helper()
	l, err := p.Layer(keep, links...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func writeLayer(t testing.TB, l *pack.Layer, pool *pack.Pool) ([]byte, pack.Gzipped) {
	t.Helper()
	var out bytes.Buffer
	g, err := l.WriteGzip(context.Background(), &out, pool)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), g
}

func hexOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }

// goldenLayer is a layer that has all that the format can hold: long names,
// names that are not ASCII, programs, a symlink, data of several blocks.
func goldenLayer(t testing.TB) *pack.Layer {
	p := newPackage(t, content(map[string]string{
		"lib/libx.so.1":                        string(program(lambda.ARM64.Machine())) + string(random(7, 700_000)),
		"data/prose.txt":                       string(prose(1_200_000)),
		"data/empty":                           "",
		"data/ünï":                             "not ASCII\n",
		strings.Repeat("long/", 30) + "x":      "a name that ustar splits\n",
		"d/" + strings.Repeat("longer", 20):    "a name that needs PAX records\n",
		strings.Repeat("deep/", 60) + "bottom": "another\n",
	}))
	return newLayer(t, p, everything, pack.Link{Name: "var/runtime/bootstrap", Target: "../task/bootstrap"})
}

// The digests are a promise. Where they change, every image changes: see
// deflate.Format.
func TestLayerGolden(t *testing.T) {
	const (
		wantDigest = "40921c6c1e6ef14dcc864d798f3ff2e033959c54deb6e7793fc69c4500f93db7"
		wantDiffID = "18c84f0a36e17ba71600adc272f7a9c2cd046ff40bd1cfe21f730188fc078749"
	)
	for _, n := range []int{1, 2, 7} {
		data, g := writeLayer(t, goldenLayer(t), pack.NewPool(n))
		if hexOf(g.Digest) != wantDigest || hexOf(g.DiffID) != wantDiffID {
			t.Errorf("pool of %d: digest %s, diff ID %s", n, hexOf(g.Digest), hexOf(g.DiffID))
		}
		if g.Digest != sha256.Sum256(data) || g.Size != int64(len(data)) {
			t.Error("the digest or the size is not that of the bytes")
		}
	}
}

func TestLayerMembers(t *testing.T) {
	data, g := writeLayer(t, goldenLayer(t), nil)
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if zr.Name != "" || !zr.ModTime.IsZero() || zr.OS != 255 {
		t.Errorf("gzip header %+v", zr.Header)
	}
	plain, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(plain) != g.DiffID {
		t.Error("the diff ID is not the digest of the tar")
	}
	seen := map[string]byte{}
	last := ""
	for tr := tar.NewReader(bytes.NewReader(plain)); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if name <= last {
			t.Errorf("%s after %s", name, last)
		}
		last = name
		seen[name] = h.Typeflag
		if dir := filepath.ToSlash(filepath.Dir(name)); dir != "." && seen[dir] != tar.TypeDir {
			t.Errorf("%s comes without its directory", name)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(pack.Epoch) {
			t.Errorf("%s: %+v", name, h)
		}
		want := fs.FileMode(0o644)
		switch {
		case h.Typeflag == tar.TypeSymlink:
			want = 0o777
			if h.Linkname != "../task/bootstrap" {
				t.Errorf("%s points to %s", name, h.Linkname)
			}
		case h.Typeflag == tar.TypeDir, name == "var/task/bootstrap", strings.HasSuffix(name, ".so.1"):
			want = 0o755
		}
		if fs.FileMode(h.Mode) != want {
			t.Errorf("%s has mode %o, want %o", name, h.Mode, want)
		}
	}
	for _, name := range []string{"var", "var/task", "var/runtime/bootstrap", "var/task/data/empty", "var/task/data/ünï"} {
		if _, ok := seen[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestLayerKeepsOnlyItsDirectories(t *testing.T) {
	p := newPackage(t, content(map[string]string{"lib/a": "a", "data/b": "b"}))
	l := newLayer(t, p, func(e *pack.Entry) bool { return e.Name == lambda.Bootstrap })
	if l.Empty() || l.Size() != 4*512+1024 {
		t.Errorf("size %d: want var/, var/task/, bootstrap with a block, and the end", l.Size())
	}
	if !newLayer(t, p, func(*pack.Entry) bool { return false }).Empty() {
		t.Error("a layer of nothing is not empty")
	}
}

func key(t testing.TB, l *pack.Layer) pack.Key {
	t.Helper()
	k, err := l.Key(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestGzipMemo(t *testing.T) {
	memos := t.TempDir()
	l := goldenLayer(t)
	if _, ok := pack.RecallGzip(memos, key(t, l)); ok {
		t.Error("known before it was remembered")
	}
	_, want := writeLayer(t, l, nil)
	pack.RememberGzip(memos, key(t, l), want)
	if got, ok := pack.RecallGzip(memos, key(t, goldenLayer(t))); !ok || got != want {
		t.Errorf("RecallGzip = %+v, %v, want %+v", got, ok, want)
	}
	pack.ForgetGzip(memos, key(t, l))
	if _, ok := pack.RecallGzip(memos, key(t, l)); ok {
		t.Error("known after it was forgotten")
	}
}

func TestLayerKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	layer := func(id string) *pack.Layer {
		return newLayer(t, newPackage(t, append(content(nil), pack.File{Name: "f", Path: path, ID: id})), everything)
	}
	writeFile(t, path, "one")
	one, named := key(t, layer("")), key(t, layer("id"))
	writeFile(t, path, "two")
	if key(t, layer("")) == one {
		t.Error("other content, and the same key")
	}
	if key(t, layer("id")) != named || key(t, layer("other")) == named {
		t.Error("the key is not that of the ID")
	}
}

func TestLayerOfAFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	writeFile(t, path, string(prose(2<<20)))
	l := newLayer(t, newPackage(t, append(content(nil), pack.File{Name: "big", Path: path})), everything)
	if err := os.Truncate(path, 1<<20); err != nil {
		t.Fatal(err)
	}
	_, err := l.WriteGzip(context.Background(), io.Discard, nil)
	if err == nil || !strings.Contains(err.Error(), "changed while it was being packaged") {
		t.Errorf("error %v", err)
	}
}

func TestLayerCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := goldenLayer(t).WriteGzip(ctx, io.Discard, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := goldenLayer(t).Key(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The clock, the directory and the file's own mode are not in the bytes.
func TestLayerOfAnotherTimeAndMode(t *testing.T) {
	var digests []string
	for _, mode := range []os.FileMode{0o600, 0o777} {
		path := filepath.Join(t.TempDir(), "f")
		writeFile(t, path, "same\n")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(-time.Duration(mode)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		_, g := writeLayer(t, newLayer(t, newPackage(t, append(content(nil), pack.File{Name: "f", Path: path})), everything), nil)
		digests = append(digests, hexOf(g.Digest))
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v differ", digests)
	}
}
