package pack_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// keptPrevious wants x.zip and x as they were, and nothing else but memos.
func keptPrevious(t *testing.T, dir string) {
	t.Helper()
	if got := readFile(t, filepath.Join(dir, "x.zip")); got != "previous" {
		t.Errorf("the previous zip became %.20q", got)
	}
	if got := readFile(t, filepath.Join(dir, "x", "file")); got != "previous" {
		t.Errorf("the previous directory holds %.20q", got)
	}
	if got := slices.DeleteFunc(names(t, dir), func(s string) bool { return s == "memos" }); !slices.Equal(got, []string{"x", "x.zip"}) {
		t.Errorf("left over: %v", got)
	}
}

func TestWrittenDescribesTheZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "directory", "x.zip")
	w := writeZip(t, newPackage(t, all()), path, pack.ZipOptions{})
	data := readFile(t, path)
	if w.SHA256 != sha256.Sum256([]byte(data)) || w.Size != int64(len(data)) || w.Unchanged {
		t.Errorf("%+v does not describe the zip of %d bytes", w, len(data))
	}
	if w.Hex() != fmt.Sprintf("%x", w.SHA256) {
		t.Errorf("Hex is %s", w.Hex())
	}
	var zero pack.Written
	if got, want := zero.Base64(), strings.Repeat("A", 43)+"="; got != want {
		t.Errorf("Base64 of zeros is %s, want %s", got, want)
	}
	for size, want := range map[int64]bool{lambda.MaxUploadZip: false, lambda.MaxUploadZip + 1: true} {
		if got := (pack.Written{Size: size}).OverUploadLimit(); got != want {
			t.Errorf("OverUploadLimit of %d bytes is %v", size, got)
		}
	}
}

func TestUnchangedZipIsLeftUntouched(t *testing.T) {
	for _, memos := range []bool{false, true} {
		t.Run(fmt.Sprintf("memos %v", memos), func(t *testing.T) {
			dir := t.TempDir()
			path, opts := filepath.Join(dir, "x.zip"), pack.ZipOptions{}
			if memos {
				opts.Memos = filepath.Join(t.TempDir(), "memos")
			}
			p := newPackage(t, all())
			first := writeZip(t, p, path, opts)
			old := time.Now().Add(-time.Hour).Truncate(time.Second)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			second := writeZip(t, p, path, opts)
			if first.Unchanged || !second.Unchanged || second.SHA256 != first.SHA256 || second.Size != first.Size {
				t.Errorf("first %+v, then %+v", first, second)
			}
			if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(old) {
				t.Errorf("it was written again (%v)", err)
			}
			// Somebody else's bytes of the same size are replaced.
			writeFile(t, path, strings.Repeat("x", int(first.Size)))
			if third := writeZip(t, p, path, opts); third.Unchanged || third.SHA256 != first.SHA256 {
				t.Errorf("over other bytes: %+v", third)
			}
			// So is another content's zip, and a missing one.
			if other := writeZip(t, newPackage(t, content(nil)), path, opts); other.Unchanged || other.SHA256 == first.SHA256 {
				t.Errorf("of another package: %+v", other)
			}
			os.Remove(path)
			if again := writeZip(t, p, path, opts); again.Unchanged || again.SHA256 != first.SHA256 {
				t.Errorf("where it was missing: %+v", again)
			}
			if got := names(t, dir); !slices.Equal(got, []string{"x.zip"}) {
				t.Errorf("left over: %v", got)
			}
		})
	}
}

// A memo that is damaged, or cannot be kept, costs time and nothing else.
func TestDamagedMemos(t *testing.T) {
	dir, memos := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "x.zip")
	p := newPackage(t, content(map[string]string{"a": "text"}))
	want := writeZip(t, p, path, pack.ZipOptions{Memos: memos})
	matches, err := filepath.Glob(filepath.Join(memos, "*", "*.json"))
	if err != nil || len(matches) != 1 {
		t.Fatalf("memos: %v, %v", matches, err)
	}
	for _, damage := range []string{"", "{", "[]", `{"sha256":"zz","size":1}`, `{"sha256":"00","size":1}`, `{"size":"big"}`} {
		writeFile(t, matches[0], damage)
		if got := writeZip(t, p, path, pack.ZipOptions{Memos: memos}); got.SHA256 != want.SHA256 || !got.Unchanged {
			t.Errorf("memo %q: %+v, want %+v", damage, got, want)
		}
	}
	if got := writeZip(t, p, path, pack.ZipOptions{Memos: path}); got.SHA256 != want.SHA256 {
		t.Errorf("memos in no directory: %+v, want %+v", got, want)
	}
}

func TestFailureKeepsPreviousZip(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		harm func(source string)
		want string
	}{
		{"cancelled", cancelled, func(string) {}, "context canceled"},
		{"source removed", context.Background(), func(s string) { os.Remove(s) }, "source: "},
		{"source grown", context.Background(), func(s string) { writeFile(t, s, string(prose(2000))) }, "source changed while"},
		{"source cut", context.Background(), func(s string) { writeFile(t, s, "x") }, "source changed while"},
	}
	for _, test := range tests {
		for _, memos := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, memos %v", test.name, memos), func(t *testing.T) {
				dir, source := t.TempDir(), filepath.Join(t.TempDir(), "source")
				writeFile(t, filepath.Join(dir, "x.zip"), "previous")
				writeFile(t, filepath.Join(dir, "x", "file"), "previous")
				writeFile(t, source, string(prose(1000)))
				p := newPackage(t, append(content(map[string]string{"a": string(prose(1 << 20))}), pack.File{Name: "z", Path: source}))
				test.harm(source)
				opts := pack.ZipOptions{}
				if memos {
					opts.Memos = filepath.Join(dir, "memos")
				}
				_, err := p.WriteZip(test.ctx, filepath.Join(dir, "x.zip"), opts)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if err := p.WriteDir(test.ctx, filepath.Join(dir, "x"), true); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("directory: error %v, want %q", err, test.want)
				}
				keptPrevious(t, dir)
			})
		}
	}
}

// A destination that cannot be replaced is an error at the end, and even then
// nothing is left over.
func TestZipOverDirectory(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "x.zip", "file"), "previous")
	_, err := newPackage(t, content(nil)).WriteZip(context.Background(), filepath.Join(dir, "x.zip"), pack.ZipOptions{})
	if err == nil {
		t.Error("no error")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x.zip"}) {
		t.Errorf("left over: %v", got)
	}
	if _, err := newPackage(t, content(nil)).WriteZip(context.Background(), filepath.Join(dir, "x.zip", "file", "x.zip"), pack.ZipOptions{}); err == nil {
		t.Error("below a file: no error")
	}
}

func TestStagedZip(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.zip")
	writeFile(t, path, "previous")
	p := newPackage(t, content(nil))
	s, err := p.StageZip(context.Background(), path, pack.ZipOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, path); got != "previous" {
		t.Errorf("before Commit it holds %.20q", got)
	}
	s.Discard()
	s.Discard()
	if err := s.Commit(); err != nil || readFile(t, path) != "previous" {
		t.Errorf("Commit after Discard did something (%v)", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x.zip"}) {
		t.Errorf("left over: %v", got)
	}
	s, err = p.StageZip(context.Background(), path, pack.ZipOptions{})
	if err == nil {
		err = s.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Discard()
	if sum := sha256.Sum256([]byte(readFile(t, path))); sum != s.SHA256 {
		t.Error("the file is not what was staged")
	}
}

// What a zip cannot say without zip64 is refused before the work.
func TestTooMuchForAZip(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big")
	writeFile(t, big, "")
	if err := os.Truncate(big, 1<<32); err != nil { // sparse
		t.Skip(err)
	}
	many := content(nil)
	for i := range 0xfffe {
		many = append(many, pack.File{Name: fmt.Sprint("f", i)})
	}
	for want, files := range map[string][]pack.File{
		"more than a zip can hold":            append(content(nil), pack.File{Name: "big", Path: big}),
		"65535 files are more than the 65534": many,
	} {
		p, err := pack.New(target(lambda.ARM64), files, lambda.MaxImageUnpacked)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		_, err = p.WriteZip(context.Background(), filepath.Join(dir, "x.zip"), pack.ZipOptions{Memos: dir})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(hint.Of(err), "image") {
			t.Errorf("error %v (%s), want %q", err, hint.Of(err), want)
		}
		if errors.Is(err, context.Canceled) || len(names(t, dir)) != 0 {
			t.Errorf("left over: %v", names(t, dir))
		}
	}
}
