package pack_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// identified is a program with an ID, whose content the test can change behind
// the memo's back: whether it was read shows in the zip.
func identified(t *testing.T, path, tail, id string) *pack.Package {
	t.Helper()
	writeFile(t, path, string(program(elf.EM_AARCH64))+tail)
	return newPackage(t, []pack.File{{Name: lambda.Bootstrap, Path: path, ID: id}})
}

func TestMemoTrustsTheID(t *testing.T) {
	dir := t.TempDir()
	exe, zip := filepath.Join(dir, "exe"), filepath.Join(dir, "f.zip")
	opts := pack.ZipOptions{Memos: filepath.Join(dir, "memos")}

	first := writeZip(t, identified(t, exe, "one", "id-1"), zip, opts)
	again := writeZip(t, identified(t, exe, "two", "id-1"), zip, opts)
	if !again.Unchanged || again.SHA256 != first.SHA256 {
		t.Error("a file of a known ID was read")
	}
	other := writeZip(t, identified(t, exe, "two", "id-2"), zip, opts)
	if other.Unchanged || other.SHA256 == first.SHA256 {
		t.Error("another ID was taken for the same content")
	}
}

func TestMemoNoticesAnotherZip(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, zip string){
		"other bytes of the same length": func(t *testing.T, zip string) {
			data := []byte(readFile(t, zip))
			data[len(data)/2] ^= 1
			writeFile(t, zip, string(data))
			later := time.Now().Add(time.Minute)
			if err := os.Chtimes(zip, later, later); err != nil {
				t.Fatal(err)
			}
		},
		"another length": func(t *testing.T, zip string) { writeFile(t, zip, "x") },
		"gone": func(t *testing.T, zip string) {
			if err := os.Remove(zip); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			zip := filepath.Join(dir, "f.zip")
			opts := pack.ZipOptions{Memos: filepath.Join(dir, "memos")}
			p := identified(t, filepath.Join(dir, "exe"), "one", "id")
			want := writeZip(t, p, zip, opts)
			good := readFile(t, zip)
			spoil(t, zip)
			if got := writeZip(t, p, zip, opts); got.Unchanged || got.SHA256 != want.SHA256 {
				t.Errorf("unchanged %v, digest %s; want the zip written anew", got.Unchanged, got.Hex())
			}
			if readFile(t, zip) != good {
				t.Error("the zip is not what it was")
			}
		})
	}
}

// A zip that was copied or checked out has another time: it is read, found
// right and left alone.
func TestMemoReadsATouchedZip(t *testing.T) {
	dir := t.TempDir()
	zip := filepath.Join(dir, "f.zip")
	opts := pack.ZipOptions{Memos: filepath.Join(dir, "memos")}
	p := identified(t, filepath.Join(dir, "exe"), "one", "id")
	writeZip(t, p, zip, opts)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(zip, at, at); err != nil {
		t.Fatal(err)
	}
	if got := writeZip(t, p, zip, opts); !got.Unchanged {
		t.Error("a zip with the right bytes was written anew")
	}
	if info, err := os.Stat(zip); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("its time is %v, %v; want %v", info.ModTime(), err, at)
	}
}
