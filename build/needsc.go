package build

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
)

var errNeedsC = errors.New("needs C, and this build has none: it would fail when it is called")

// checkC looks for packages outside the standard library that have files which
// import "C". Compiled without a C compiler such a package may be there in
// name only and fail when it is called: go-sqlite3 does.
func (g *Go) checkC(ctx context.Context) error {
	if g.AllowC {
		return nil
	}
	needC, err := g.list(ctx, "-deps", "-f={{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}")
	if err != nil || len(needC) == 0 {
		return err
	}
	users, err := g.usersOf(ctx, needC)
	if err != nil {
		return err
	}
	return hint.Errorf("replace it by a package in pure Go, or, where what the function uses of it works without C, say so with \"cgo: false\" in lambdapack.yaml or --cgo=false",
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
	argv = append(argv, "--")
	for _, f := range g.Functions {
		argv = append(argv, f.Package.ImportPath)
	}
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
