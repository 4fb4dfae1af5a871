package build

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// writeFiles makes empty files below dir.
func writeFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLocate pins where the go command runs for a pattern, and with which.
// Directories are below a root that holds no go.mod itself.
func TestLocate(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, root, "m/go.mod", "m/cmd/a/x", "m/nested/go.mod", "m/nested/b/x", "other/go.mod", "loose/x", "m/fake/go.mod/x")
	tests := []struct{ from, pattern, dir, rel string }{
		{"m", ".", "m", "."},
		{"m", "./", "m", "."},
		{"m", "./cmd/a", "m", "./cmd/a"},
		{"m", "./cmd/a/", "m", "./cmd/a"},
		{"m", "./cmd/../cmd/a", "m", "./cmd/a"},
		{"m", "./...", "m", "./..."},
		{"m", "./cmd/...", "m", "./cmd/..."},
		{"m", "./cmd/a...", "m", "./cmd/a..."},
		{"m", "./.../a", "m", "./.../a"},
		{"m/cmd", ".", "m", "./cmd"},
		{"m/cmd", "..", "m", "."},
		{"m/cmd", "./...", "m", "./cmd/..."},
		{"m/cmd", "../...", "m", "./..."},
		{"m/cmd/a", "../../nested/b", "m/nested", "./b"},
		{"m", "./nested", "m/nested", "."},
		{"m", "./nested/...", "m/nested", "./..."},
		{"m", "./fake/go.mod", "m", "./fake/go.mod"}, // a directory of that name
		{"m", "../other", "other", "."},
		{"m", "./absent/deep", "m", "./absent/deep"},
		{"m", "example.com/m/cmd/a", "m", "example.com/m/cmd/a"},
		{"m/cmd", "example.com/m/...", "m", "example.com/m/..."},
		{"m", "fmt", "m", "fmt"},
		{"m", ".hidden", "m", ".hidden"},
		{"loose", ".", "loose", "."},
		{"loose", "./x", "loose", "./x"},
		{"loose", "example.com/x", "loose", "example.com/x"},
		{".", "./m/cmd/...", "m", "./cmd/..."},
	}
	for _, tt := range tests {
		f := &GoFinder{Dir: filepath.Join(root, tt.from)}
		dir, rel := f.locate(tt.pattern)
		if want := filepath.Join(root, tt.dir); dir != want || rel != tt.rel {
			t.Errorf("from %s, %s: %s in %s; want %s in %s", tt.from, tt.pattern, rel, dir, tt.rel, want)
		}
	}
	f := &GoFinder{Dir: filepath.Join(root, "loose")}
	if dir, rel := f.locate(filepath.Join(root, "m", "cmd", "a")); dir != filepath.Join(root, "m") || rel != "./cmd/a" {
		t.Errorf("absolute path: %s in %s", rel, dir)
	}
}

func TestExecName(t *testing.T) {
	for path, want := range map[string]string{
		"example.com/m/hello": "hello", "hello": "hello", "example.com/tool/v2": "tool", "example.com/tool/v10": "tool",
		"example.com/tool/v1": "v1", "example.com/tool/v0": "v0", "example.com/tool/v02": "v02", "example.com/tool/v": "v",
		"example.com/tool/v2x": "v2x", "v2": "v2", "gopkg.in/tool.v2": "tool.v2", "example.com/v2/v3": "v2",
	} {
		if got := (GoPackage{ImportPath: path}).ExecName(); got != want {
			t.Errorf("ExecName of %s: %s, want %s", path, got, want)
		}
	}
}

func TestFindEach(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, root, "m/go.mod", "n/go.mod")
	r := &fake{answer: func(c Command) error {
		switch filepath.Base(c.Dir) {
		case "m":
			fmt.Fprint(c.Stdout, `
				{"Dir": "/m/a", "ImportPath": "m/a", "Name": "main", "Match": ["./a", "./..."]}
				{"Dir": "/m/b", "ImportPath": "m/b", "Name": "main", "Match": ["./..."]}
				{"Dir": "/m/lib", "ImportPath": "m/lib", "Name": "lib", "Match": ["./..."]}
				{"Dir": "/m/win", "ImportPath": "m/win", "Match": ["./..."], "Error": {"Err": "build constraints exclude all Go files in /m/win"}}
				{"Dir": "/m/test", "ImportPath": "m/test", "Match": ["./..."], "Error": {"Err": "no non-test Go files in /m/test"}}`)
		case "n":
			fmt.Fprint(c.Stdout, `{"Dir": "/n", "ImportPath": "n", "Name": "main", "Match": ["."]}`)
		}
		return nil
	}}
	f := &GoFinder{Runner: r, Env: []string{"A=1"}, Dir: filepath.Join(root, "m"), Tags: []string{"x"}, Arch: lambda.ARM64}
	each, err := f.FindEach(t.Context(), []string{"./...", "../n", "./a"})
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, pkgs := range each {
		var paths []string
		for _, p := range pkgs {
			paths = append(paths, p.ImportPath+" in "+filepath.Base(p.ModuleDir))
		}
		got = append(got, paths)
	}
	if want := [][]string{{"m/a in m", "m/b in m"}, {"n in n"}, {"m/a in m"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	want := [][]string{
		{"go", "list", "-find", "-e", "-json=Dir,ImportPath,Name,Match,Error", "-tags=lambda.norpc,x", "--", "./...", "./a"},
		{"go", "list", "-find", "-e", "-json=Dir,ImportPath,Name,Match,Error", "-tags=lambda.norpc,x", "--", "."},
	}
	if argvs := r.argvs(); !reflect.DeepEqual(argvs, want) {
		t.Errorf("argv %q\nwant %q", argvs, want)
	}
	if env := r.commands[0].Env; !slices.Equal(env, []string{"A=1", "CGO_ENABLED=1", "GOOS=linux", "GOARCH=arm64"}) {
		t.Errorf("env %q", env)
	}

	once, err := f.Find(t.Context(), []string{"./a", "./..."})
	if err != nil || len(once) != 2 {
		t.Errorf("Find gives %d packages, %v; want each once", len(once), err)
	}
}

func TestFindEachErrors(t *testing.T) {
	says := func(json string) func(Command) error {
		return func(c Command) error { fmt.Fprint(c.Stdout, json); return nil }
	}
	tests := []struct {
		name, pattern string
		answer        func(Command) error
		want, fix     string
		noProgram     bool
	}{
		{"file", "main.go", nil, "main.go is a file; a function is a package", "name the directory", false},
		{"nothing", "./...", says(""), "./... matches no packages", "name a directory", true},
		{"library", "./lib", says(`{"Name": "lib", "Match": ["./lib"]}`), "./lib is package lib, not a program", "package main", true},
		{"libraries", "./...", says(`{"Name": "lib", "Match": ["./..."]}`), "./... matches no main package", "package main", true},
		{"broken", "./a", says(`{"Match": ["./a"], "Error": {"Pos": "a/x.go:1:1", "Err": "expected 'package'"}}`),
			"reading package ./a: a/x.go:1:1: expected 'package'", "", false},
		{"position told twice", "./a", says(`{"Match": ["./a"], "Error": {"Pos": "x.go:1:1", "Err": "x.go:1:1: oh"}}`),
			"reading package ./a: x.go:1:1: oh", "", false},
		{"no files", "./a", says(`{"Match": ["./a"], "Error": {"Err": "no Go files in /a"}}`),
			"reading package ./a: no Go files in /a", "name a directory", true},
		{"excluded", "./a", says(`{"Match": ["./a"], "Error": {"Err": "build constraints exclude all Go files in /a"}}`),
			"reading package ./a: build constraints exclude all Go files in /a", "--tags", true},
		{"no module", ".", func(c Command) error { return exits(c, "go: go.mod file not found in current directory\n") },
			"finding .: go.mod file not found in current directory", "inside a Go module", false},
		{"no go", ".", func(Command) error { return &exec.Error{Name: "go", Err: exec.ErrNotFound} },
			`the go command is not installed: exec: "go": ` + exec.ErrNotFound.Error(), "install Go", false},
		{"not JSON", ".", says("what?"), "reading the output of go list: invalid character 'w' looking for beginning of value", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &GoFinder{Runner: &fake{answer: tt.answer}, Dir: t.TempDir()}
			_, err := f.FindEach(t.Context(), []string{tt.pattern})
			if err == nil || err.Error() != tt.want || !strings.Contains(hint.Of(err), tt.fix) {
				t.Errorf("%v (fix: %s)\nwant %s (fix: %s)", err, hint.Of(err), tt.want, tt.fix)
			}
			if got := errors.Is(err, ErrNoProgram); got != tt.noProgram {
				t.Errorf("errors.Is(err, ErrNoProgram) = %v", got)
			}
		})
	}
}
