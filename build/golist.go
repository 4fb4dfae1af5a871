package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// GoPackage is a package as `go list` reports it.
type GoPackage struct {
	Dir        string
	ImportPath string
	Name       string
	Match      []string // the patterns that it matches
	Error      *struct{ Pos, Err string }

	// ModuleDir is where the go command has to run to see the package.
	ModuleDir string `json:"-"`
}

// GoFinder finds the programs of Go package patterns.
type GoFinder struct {
	Runner Runner
	// Env is the environment of the go command, nil for this process's.
	Env []string
	// Dir is the directory that relative patterns start from.
	Dir  string
	Tags []string
	Arch lambda.Arch
	// Cache keeps the go command's answers. Empty: nothing is kept.
	Cache string
}

// Find returns the main packages that the patterns match, in the order of the
// patterns and, within one, by import path; each once. Errors are those of
// [GoFinder.FindEach].
func (f *GoFinder) Find(ctx context.Context, patterns []string) ([]GoPackage, error) {
	each, err := f.FindEach(ctx, patterns)
	return unique(slices.Concat(each...)), err
}

// FindEach returns the main packages of each pattern, at least one. A pattern
// may lie in another module than the others: the go command runs in the module
// that holds it. Errors are: a pattern that matches no package, or no main
// package; a package that is named without a wildcard and is not main; one
// that the go command cannot read.
func (f *GoFinder) FindEach(ctx context.Context, patterns []string) ([][]GoPackage, error) {
	for _, p := range patterns {
		if p == "" {
			return nil, hint.Errorf("name a directory; this one is .", "a pattern is empty")
		}
		if strings.HasSuffix(p, ".go") {
			return nil, hint.Errorf("name the directory that the file is in", "%s is a file; a function is a package", p)
		}
	}
	found := make([][]GoPackage, len(patterns))
	for _, q := range f.queries(patterns) {
		pkgs, err := f.list(ctx, q)
		if err != nil {
			return nil, err
		}
		for i, pattern := range q.patterns {
			mains, err := mainsOf(pkgs, pattern, q.named[i])
			if err != nil {
				return nil, err
			}
			found[q.index[i]] = mains
		}
	}
	return found, nil
}

// query is one call of the go command: patterns as it is given them, and as
// the user has named them.
type query struct {
	dir             string
	patterns, named []string
	index           []int // of each in what the user has named
}

// queries groups the patterns by the module that they lie in.
func (f *GoFinder) queries(patterns []string) []*query {
	var qs []*query
	for at, p := range patterns {
		dir, rel := f.locate(p)
		i := slices.IndexFunc(qs, func(q *query) bool { return q.dir == dir })
		if i < 0 {
			i = len(qs)
			qs = append(qs, &query{dir: dir})
		}
		qs[i].patterns = append(qs[i].patterns, rel)
		qs[i].named = append(qs[i].named, p)
		qs[i].index = append(qs[i].index, at)
	}
	return qs
}

// locate returns the module directory that a pattern lies in, and the pattern
// relative to it. What is no file path is an import path, which stays as it is
// and means what it means in the module of f.Dir.
func (f *GoFinder) locate(pattern string) (dir, rel string) {
	if !isPathPattern(pattern) {
		if module, ok := moduleDir(f.Dir); ok {
			return module, pattern
		}
		return f.Dir, pattern
	}
	fixed, wild, _ := strings.Cut(filepath.ToSlash(pattern), "...")
	abs := filepath.FromSlash(fixed)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(f.Dir, abs)
	}
	module, ok := moduleDir(abs)
	if !ok {
		return f.Dir, pattern
	}
	inside, err := filepath.Rel(module, abs)
	if err != nil {
		return f.Dir, pattern
	}
	return module, relativePattern(filepath.ToSlash(inside), fixed, wild, strings.Contains(pattern, "..."))
}

// relativePattern writes a pattern as the go command reports it back: clean,
// and with ./ before it.
func relativePattern(inside, fixed, wild string, isWild bool) string {
	rel := "./" + inside
	if inside == "." {
		rel = "."
	}
	if !isWild {
		return rel
	}
	if strings.HasSuffix(fixed, "/") {
		rel += "/"
	}
	return rel + "..." + wild
}

func isPathPattern(p string) bool {
	p = filepath.ToSlash(p)
	return p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") || filepath.IsAbs(p)
}

// moduleDir returns the nearest directory at or above dir with a go.mod.
func moduleDir(dir string) (string, bool) {
	for {
		if info, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && info.Mode().IsRegular() {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// list asks the go command for the packages of a query, without looking into
// what they import, which takes ten times as long.
func (f *GoFinder) list(ctx context.Context, q *query) ([]GoPackage, error) {
	argv := []string{"go", "list", "-find", "-e", "-json=Dir,ImportPath,Name,Match,Error"}
	argv = append(argv, tagsFlag(f.Tags))
	argv = append(append(argv, "--"), q.patterns...)
	m := openMemo(f.Cache, f.Env, append([]string{q.dir, f.Arch.GOARCH()}, argv...)...)
	if answer, ok := m.recall(); ok {
		return parsePackages(answer, q.dir)
	}
	var stdout, stderr bytes.Buffer
	err := f.Runner.Run(ctx, Command{
		Argv: argv, Dir: q.dir, Stdout: &stdout, Stderr: &stderr,
		// With cgo, so that a program in C and Go is seen as one: whether C can
		// be linked is for the builder to say.
		Env: withEnv(f.Env, "CGO_ENABLED=1", "GOOS=linux", "GOARCH="+f.Arch.GOARCH()),
	})
	if failed(err) {
		err := goFailure("finding "+strings.Join(q.named, " "), stderr.String())
		return nil, hint.Wrap(err, fixOf(err.Error()))
	}
	if err != nil {
		return nil, missingGo(err)
	}
	pkgs, err := parsePackages(stdout.String(), q.dir)
	if err == nil {
		m.keep(q.inputs(pkgs), stdout.String())
	}
	return pkgs, err
}

func parsePackages(answer, moduleDir string) (pkgs []GoPackage, err error) {
	for dec := json.NewDecoder(strings.NewReader(answer)); ; {
		p := GoPackage{ModuleDir: moduleDir}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the output of go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

// inputs are the files that the answer to the query depends on.
func (q *query) inputs(pkgs []GoPackage) inputs {
	in := inputs{Files: moduleFiles(q.dir)}
	for _, p := range q.patterns {
		switch fixed, _, wild := strings.Cut(p, "..."); {
		case wild && isPathPattern(p):
			// The elements before the one with the wildcard.
			in.Trees = append(in.Trees, filepath.Join(q.dir, filepath.FromSlash(fixed[:strings.LastIndex(fixed, "/")+1])))
		case wild:
			in.Trees = append(in.Trees, q.dir)
		}
	}
	for _, p := range pkgs {
		in.Dirs = append(in.Dirs, p.Dir)
	}
	return in
}
