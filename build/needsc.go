package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
)

var errNeedsC = errors.New("needs C, and this build has none: it would fail when it is called")

// checkC looks for packages outside the standard library that have files which
// import "C". Compiled without a C compiler such a package may be there in
// name only and fail when it is called: go-sqlite3 does.
func (g *Go) checkC(ctx context.Context) error {
	if g.CGO != nil {
		return nil
	}
	m := openMemo(g.Cache, g.env(), append([]string{"needs C", g.dir(), tagsFlag(g.Tags)}, g.importPaths()...)...)
	if _, ok := m.recall(); ok {
		return nil // only that nothing needs C is ever kept
	}
	lines, err := g.list(ctx, "-deps", "-f="+
		"{{if not .Standard}}{{if .CgoFiles}}C{{else}}-{{end}}\t{{.ImportPath}}\t"+
		"{{with .Module}}{{if and .Version (not .Replace)}}fixed{{end}}{{end}}\t{{.Dir}}{{end}}")
	if err != nil {
		return err
	}
	var needC []string
	in := inputs{Files: moduleFiles(g.dir())}
	for _, line := range lines {
		fields := strings.SplitN(line, "\t", 4)
		if len(fields) < 4 {
			return fmt.Errorf("reading the output of go list: unexpected line %q", line)
		}
		if fields[0] == "C" {
			needC = append(needC, fields[1])
		}
		vendored := strings.HasPrefix(fields[3], filepath.Join(g.dir(), "vendor")+string(filepath.Separator))
		if fields[2] != "fixed" || vendored { // a version in the module cache never changes
			in.Dirs = append(in.Dirs, fields[3])
			if dir, ok := moduleDir(fields[3]); ok && dir != g.dir() {
				in.Files = append(in.Files, filepath.Join(dir, "go.mod"))
			}
		}
	}
	if len(needC) == 0 {
		m.keep(in, "")
		return nil
	}
	return g.needsC(ctx, needC)
}

func (g *Go) needsC(ctx context.Context, needC []string) error {
	users, err := g.usersOf(ctx, needC)
	if err != nil {
		return err
	}
	return hint.Errorf("link C with --cgo (\"cgo: true\" in lambdapack.yaml); or, where what the function uses of it works without C, say so with --cgo=false (\"cgo: false\")",
		"compiling %s: %s %w", users, strings.Join(needC, ", "), errNeedsC)
}

// usersOf names the functions that depend on one of the packages.
func (g *Go) usersOf(ctx context.Context, needC []string) (string, error) {
	lines, err := g.list(ctx, "-f={{.ImportPath}} {{join .Deps \" \"}}")
	if err != nil {
		return "", err
	}
	var users []string
	for _, line := range lines {
		fields := strings.Fields(line)
		i := slices.IndexFunc(g.Functions, func(f GoFunction) bool { return f.Package.ImportPath == fields[0] })
		if i >= 0 && slices.ContainsFunc(fields, func(p string) bool { return slices.Contains(needC, p) }) {
			users = append(users, g.Functions[i].Name)
		}
	}
	return strings.Join(users, ", "), nil
}

// list returns the lines that `go list` prints for the functions, with cgo on.
// What is wrong with the packages themselves is left to the compiler to say.
func (g *Go) list(ctx context.Context, args ...string) ([]string, error) {
	argv := append([]string{"go", "list", "-e", tagsFlag(g.Tags)}, args...)
	argv = append(append(argv, "--"), g.importPaths()...)
	var stdout, stderr bytes.Buffer
	err := g.Runner.Run(ctx, Command{Argv: argv, Dir: g.dir(), Env: g.env("CGO_ENABLED=1"), Stdout: &stdout, Stderr: &stderr})
	if failed(err) {
		return nil, goFailure("listing the dependencies of "+g.names(), stderr.String())
	}
	if err != nil {
		return nil, missingGo(err)
	}
	text := strings.TrimSpace(stdout.String())
	if text == "" {
		return nil, nil
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
