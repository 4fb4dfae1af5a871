package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// holds wants in dir one file with this content and nothing else.
func holds(t *testing.T, dir, name, want string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, []string{name}) {
		t.Errorf("the directory holds %q, want only %s", got, name)
	}
	if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(data) != want {
		t.Errorf("%s holds %q, want %q (%v)", name, data, want, err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "below")
	path := filepath.Join(dir, "f*.txt")
	if runtime.GOOS == "windows" {
		path = filepath.Join(dir, "f.txt")
	}
	for _, test := range []struct {
		data string
		mode os.FileMode
	}{{"first", 0o644}, {"second", 0o755}, {"", 0o600}} {
		if err := WriteFile(path, []byte(test.data), test.mode); err != nil {
			t.Fatal(err)
		}
		holds(t, dir, filepath.Base(path), test.data)
		if info, err := os.Stat(path); err != nil || info.Mode() != test.mode && runtime.GOOS != "windows" {
			t.Errorf("mode %v, want %v (%v)", info.Mode(), test.mode, err)
		}
	}
}

func TestDiscard(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteFile(path, []byte("previous"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("half of it")
	f.Discard()
	f.Discard()
	holds(t, dir, "f", "previous")
	if err := f.Commit(0o644); err == nil {
		t.Error("Commit after Discard: no error")
	}
	holds(t, dir, "f", "previous")
}

func TestDiscardAfterCommit(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("whole")
	if err := f.Commit(0o644); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	holds(t, dir, "f", "whole")
}

// A symlink's name is taken over, and what it leads to stays.
func TestReplacesSymlink(t *testing.T) {
	top := t.TempDir()
	other, dir := filepath.Join(top, "other"), filepath.Join(top, "dir")
	if err := WriteFile(other, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	os.Mkdir(dir, 0o755)
	if err := os.Symlink(other, filepath.Join(dir, "f")); err != nil {
		t.Skip(err)
	}
	if err := WriteFile(filepath.Join(dir, "f"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, "f", "new")
	if data, err := os.ReadFile(other); err != nil || string(data) != "other" {
		t.Errorf("the symlink's target holds %q (%v)", data, err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := WriteFile(path, []byte("previous"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(path, "below"), nil, 0o644); err == nil {
		t.Error("below a file: no error")
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := f.Commit(0o644); err == nil || !strings.Contains(err.Error(), "writing "+path) {
		t.Errorf("closed before: error %v", err)
	}
	f.Discard()
	holds(t, dir, "f", "previous")

	if err := os.MkdirAll(filepath.Join(dir, "d", "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "d"), nil, 0o644); err == nil {
		t.Error("over a directory: no error")
	}
	os.RemoveAll(filepath.Join(dir, "d"))
	holds(t, dir, "f", "previous")
}
