package lambdapack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lambdapack/lambdapack/build"
)

// fakeGo answers for the go command: it lists the programs that it is given,
// by their directory in the module example.com/m, and compiles each to a
// script.
type fakeGo struct {
	dir      string
	programs []string

	mu       sync.Mutex
	commands []string
	// compile, where it is set, takes the place of writing a script.
	compile func(program, path string) error
}

// newFakeGo makes the module's directories.
func newFakeGo(t *testing.T, programs ...string) *fakeGo {
	t.Helper()
	f := &fakeGo{dir: t.TempDir(), programs: programs}
	if err := os.WriteFile(filepath.Join(f.dir, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if err := os.MkdirAll(filepath.Join(f.dir, filepath.FromSlash(p)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *fakeGo) Run(ctx context.Context, c build.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	args := c.Argv[slices.Index(c.Argv, "--")+1:]
	f.commands = append(f.commands, strings.Join(append(slices.Clone(c.Argv[:2]), args...), " "))
	switch {
	case c.Argv[1] == "build":
		return f.build(c.Argv[slices.Index(c.Argv, "-o")+1], args)
	case slices.Contains(c.Argv, "-find"):
		f.list(c, args)
	}
	return nil
}

func (f *fakeGo) list(c build.Command, patterns []string) {
	for _, p := range f.programs {
		pkg := build.GoPackage{Dir: filepath.Join(f.dir, filepath.FromSlash(p)), ImportPath: path.Join("example.com/m", p), Name: "main"}
		for _, pattern := range patterns {
			prefix, wild := strings.CutSuffix(pattern, "...")
			if pattern == "./"+p || pattern == pkg.ImportPath || pattern == p || wild && strings.HasPrefix("./"+p, prefix) {
				pkg.Match = append(pkg.Match, pattern)
			}
		}
		if len(pkg.Match) > 0 {
			text, _ := json.Marshal(pkg)
			fmt.Fprintf(c.Stdout, "%s\n", text)
		}
	}
}

func (f *fakeGo) build(dir string, importPaths []string) error {
	for _, p := range importPaths {
		out := filepath.Join(dir, build.GoPackage{ImportPath: p}.ExecName())
		program := strings.TrimPrefix(strings.TrimPrefix(p, "example.com/m"), "/")
		compile := f.compile
		if compile == nil {
			compile = script
		}
		if err := compile(program, out); err != nil {
			return err
		}
	}
	return nil
}

// script is an executable that is the program's own.
func script(program, path string) error {
	return os.WriteFile(path, []byte("#!/bin/sh\necho "+program+"\n"), 0o755)
}

// options are those of a run in the fake's module.
func (f *fakeGo) options(t *testing.T, patterns ...string) Options {
	return Options{Dir: f.dir, Patterns: patterns, Runner: f, Cache: t.TempDir()}
}
