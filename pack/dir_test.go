package pack_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

func TestWriteDir(t *testing.T) {
	p := newPackage(t, all())
	for _, path := range []string{"x", "x/", "new/below/x"} {
		t.Run(path, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := p.WriteDir(context.Background(), path, false); err != nil {
				t.Fatal(err)
			}
			equalFacts(t, tree(t, path), expected(t, p, true))
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode() != os.ModeDir|0o755 && runtime.GOOS != "windows" || !info.ModTime().Equal(pack.Epoch) {
				t.Errorf("the root is %v of %v", info.Mode(), info.ModTime())
			}
			if got := names(t, filepath.Dir(filepath.Clean(path))); !slices.Equal(got, []string{"x"}) {
				t.Errorf("left over: %v", got)
			}
		})
	}
}

func TestWriteDirReplacesOnlyOurs(t *testing.T) {
	p := newPackage(t, content(map[string]string{"a": "new"}))
	tests := []struct {
		name  string
		setup func(path string)
		ours  bool
		want  string // error; empty for none
	}{
		{"nothing there", func(string) {}, false, ""},
		{"empty directory", func(path string) { os.Mkdir(path, 0o700) }, false, ""},
		{"somebody's directory", func(path string) { writeFile(t, filepath.Join(path, "work"), "w") }, false, "no manifest beside it says that lambdapack made it"},
		{"ours", func(path string) { writeFile(t, filepath.Join(path, "old"), "w") }, true, ""},
		{"a file", func(path string) { writeFile(t, path, "w") }, true, "x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "x")
			test.setup(path)
			before := names(t, dir)
			err := p.WriteDir(context.Background(), path, test.ours)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				equalFacts(t, tree(t, path), expected(t, p, true))
				before = []string{"x"}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			if got := names(t, dir); !slices.Equal(got, before) {
				t.Errorf("the directory has %v, want %v", got, before)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "x")
	writeFile(t, filepath.Join(path, "work"), "w")
	if err := p.WriteDir(context.Background(), path, false); !strings.Contains(hint.Of(err), "--output") {
		t.Errorf("the fix is %q", hint.Of(err))
	}
	if got := readFile(t, filepath.Join(path, "work")); got != "w" {
		t.Errorf("somebody's file became %q", got)
	}
}

func TestStagedDir(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	writeFile(t, filepath.Join(path, "old"), "previous")
	p := newPackage(t, content(nil))
	s, err := p.StageDir(context.Background(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, path); !slices.Equal(got, []string{"old"}) {
		t.Errorf("before Commit it has %v", got)
	}
	s.Discard()
	if got := names(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Errorf("left over after Discard: %v", got)
	}
	if s, err = p.StageDir(context.Background(), path, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, path); !slices.Equal(got, []string{"bootstrap"}) {
		t.Errorf("after Commit it has %v", got)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Errorf("left over after Commit: %v", got)
	}
}

// Where the new tree cannot take the name, the previous one gets it back.
func TestCommitDirFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	writeFile(t, filepath.Join(path, "old"), "previous")
	s, err := newPackage(t, content(nil)).StageDir(context.Background(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	staged, err := filepath.Glob(filepath.Join(dir, ".x.tmp-*", "new"))
	if err != nil || len(staged) != 1 {
		t.Fatalf("staged: %v, %v", staged, err)
	}
	if err := os.RemoveAll(staged[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err == nil {
		t.Error("no error")
	}
	if got := readFile(t, filepath.Join(path, "old")); got != "previous" {
		t.Errorf("the previous directory holds %q", got)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Errorf("left over: %v", got)
	}
}
