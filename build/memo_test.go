package build

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/lambda"
)

// memoTree is a module whose files are all older than a memo needs them to be.
func memoTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	writeFiles(t, root, "m/go.mod", "m/a/main.go", "m/lib/lib.go", "m/testdata/x.go")
	settle(t, root)
	return filepath.Join(root, "m")
}

func settle(t *testing.T, root string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// memoFinder lists one program, and counts in its runner how often it asks.
func memoFinder(t *testing.T, dir string) (*GoFinder, *fake) {
	t.Helper()
	r := &fake{answer: func(c Command) error {
		fmt.Fprintf(c.Stdout, `{"Dir": %q, "ImportPath": "m/a", "Name": "main", "Match": ["./..."]}`, filepath.Join(dir, "a"))
		return nil
	}}
	return &GoFinder{Runner: r, Env: []string{"PATH=" + os.Getenv("PATH"), "A=1"}, Dir: dir, Arch: lambda.ARM64, Cache: t.TempDir()}, r
}

// TestMemo pins what makes the go command be asked again, and what does not.
func TestMemo(t *testing.T) {
	write := func(name string) func(*testing.T, string, *GoFinder) {
		return func(t *testing.T, dir string, _ *GoFinder) {
			writeFiles(t, dir, name)
			old := time.Now().Add(-time.Minute)
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		change func(*testing.T, string, *GoFinder)
		asks   bool
	}{
		"nothing":               {func(*testing.T, string, *GoFinder) {}, false},
		"a file edited":         {write("a/main.go"), true},
		"a file added":          {write("a/more.go"), true},
		"a package added":       {write("b/main.go"), true},
		"the module edited":     {write("go.mod"), true},
		"sums added":            {write("go.sum"), true},
		"a workspace around":    {write("../go.work"), true},
		"vendoring":             {write("vendor/modules.txt"), true},
		"another text":          {write("a/notes.txt"), false},
		"in testdata":           {write("testdata/y.go"), false},
		"another variable":      {func(_ *testing.T, _ string, f *GoFinder) { f.Env = append(f.Env, "B=2") }, false},
		"a variable of Go":      {func(_ *testing.T, _ string, f *GoFinder) { f.Env = append(f.Env, "GOWORK=off") }, true},
		"a flag with a file":    {func(_ *testing.T, _ string, f *GoFinder) { f.Env = append(f.Env, "GOFLAGS=-modfile=x.mod") }, true},
		"other tags":            {func(_ *testing.T, _ string, f *GoFinder) { f.Tags = []string{"x"} }, true},
		"another machine":       {func(_ *testing.T, _ string, f *GoFinder) { f.Arch = lambda.AMD64 }, true},
		"a file that is gone":   {func(t *testing.T, dir string, _ *GoFinder) { os.Remove(filepath.Join(dir, "lib", "lib.go")) }, true},
		"a memo that is spoilt": {func(t *testing.T, _ string, f *GoFinder) { spoil(t, f.Cache) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := memoTree(t)
			f, r := memoFinder(t, dir)
			find(t, f)
			tt.change(t, dir, f)
			find(t, f)
			if asked := len(r.commands) == 2; asked != tt.asks {
				t.Errorf("the go command ran %d times", len(r.commands))
			}
		})
	}
}

func find(t *testing.T, f *GoFinder) {
	t.Helper()
	pkgs, err := f.Find(t.Context(), []string{"./..."})
	if err != nil || len(pkgs) != 1 || pkgs[0].ImportPath != "m/a" || pkgs[0].ModuleDir != f.Dir {
		t.Fatalf("%+v, %v", pkgs, err)
	}
}

// spoil overwrites all memos.
func spoil(t *testing.T, cache string) {
	t.Helper()
	memos, err := filepath.Glob(filepath.Join(cache, "list", "*.json"))
	if err != nil || len(memos) != 1 {
		t.Fatal(memos, err)
	}
	if err := os.WriteFile(memos[0], []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A file that was written just now may change again within the tick of its
// time: what depends on it is not kept.
func TestMemoOfFreshFiles(t *testing.T) {
	dir := memoTree(t)
	writeFiles(t, dir, "a/main.go")
	f, r := memoFinder(t, dir)
	find(t, f)
	find(t, f)
	if len(r.commands) != 2 {
		t.Errorf("the go command ran %d times, want 2", len(r.commands))
	}
}
