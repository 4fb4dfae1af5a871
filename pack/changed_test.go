package pack

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/lambda"
)

// A file of the same size but other bytes, between the digest that a memo is
// found by and the compression, would make a memo that lies.
func TestContentChangedAfterDigest(t *testing.T) {
	for _, text := range []string{"compressible compressible compressible", "stored"} {
		dir := t.TempDir()
		source := filepath.Join(dir, "source")
		write := func(s string) {
			if err := os.WriteFile(source, []byte(s), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(text)
		p, err := New(lambda.Target{Runtime: lambda.DefaultRuntime()}, []File{
			{Name: lambda.Bootstrap, Data: []byte("#!/bin/sh\n")}, {Name: "a", Path: source},
		}, lambda.MaxUnpacked)
		if err != nil {
			t.Fatal(err)
		}
		mem, err := openMemo(context.Background(), p, dir)
		if err != nil {
			t.Fatal(err)
		}
		write(strings.ToUpper(text))
		f, err := atomicfile.Create(filepath.Join(dir, "x.zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Discard()
		zw := &zipWriter{ctx: context.Background(), file: f.File, pool: NewPool(1), memo: mem}
		if err := zw.write(p.entries); err == nil || !strings.Contains(err.Error(), "changed while it was being packaged") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

// A stored entry is read a second time; it must be what the first time gave
// the checksum of.
func TestContentChangedBeforeStoring(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zw := &zipWriter{ctx: context.Background(), file: f, pool: NewPool(1)}
	e := &Entry{Name: "a", Size: 3, file: File{Name: "a", Data: []byte("abc")}}
	if err := zw.store(e, 0, 1); err == nil || !strings.Contains(err.Error(), "changed while") {
		t.Errorf("error %v", err)
	}
}

// shrunk is a content that ends before its size, as a file does that is cut
// after it was opened.
type shrunk struct{}

func (shrunk) ReadAt(p []byte, off int64) (int, error) { return 0, io.EOF }

func TestContentCutWhileRead(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "x.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zw := &zipWriter{ctx: context.Background(), file: f, pool: NewPool(1)}
	_, err = zw.deflate(&Entry{Name: "a", Size: 5}, shrunk{}, 0)
	if err == nil || !strings.Contains(err.Error(), "a changed while") {
		t.Errorf("error %v", err)
	}
}
