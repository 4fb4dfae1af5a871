package build

import (
	"context"
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

// someGo returns a builder of two functions.
func someGo(t *testing.T, r *fake) *Go {
	dir := t.TempDir()
	return &Go{
		Runner: r, Env: []string{"PATH=/bin", "GOOS=plan9", "GOAMD64=v4", "CGO_ENABLED=1"},
		Functions: []GoFunction{
			{"a", GoPackage{ImportPath: "example.com/m/a", ModuleDir: dir}},
			{"b", GoPackage{ImportPath: "example.com/m/cmd/v2", ModuleDir: dir}},
		},
		Target: lambda.Target{Arch: lambda.ARM64, Runtime: lambda.DefaultRuntime()},
		Cache:  t.TempDir(),
	}
}

func TestGoBuild(t *testing.T) {
	r := &fake{answer: compiles}
	g := someGo(t, r)
	g.Tags, g.Ldflags, g.Jobs = []string{"x", "y"}, "-X main.v=1", 3
	g.Set = map[string]string{"GOEXPERIMENT": "none", "A": "1"}
	defer g.Close()
	var ready []Artifact
	if err := g.Build(t.Context(), func(a Artifact) { ready = append(ready, a) }); err != nil {
		t.Fatal(err)
	}

	c := r.find(t, "go", "build")
	want := []string{"go", "build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc,x,y",
		"-ldflags=-s -w -X main.v=1", "-o", g.binDir() + string(filepath.Separator), "-p", "3",
		"--", "example.com/m/a", "example.com/m/cmd/v2"}
	if !slices.Equal(c.Argv, want) {
		t.Errorf("argv %q\nwant %q", c.Argv, want)
	}
	wantEnv := append(slices.Clone(g.Env), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64", "GOARM64=v8.0", "A=1", "GOEXPERIMENT=none")
	// Last the work directory, inside that of the executables.
	last := len(c.Env) - 1
	if work, ok := strings.CutPrefix(c.Env[last], "GOTMPDIR="); !ok || filepath.Dir(work) != g.binDir() {
		t.Errorf("env ends with %q; want a GOTMPDIR below %s", c.Env[last], g.binDir())
	}
	if !slices.Equal(c.Env[:last], wantEnv) {
		t.Errorf("env %q\nwant %q", c.Env, wantEnv)
	}
	if c.Dir != g.Functions[0].Package.ModuleDir {
		t.Errorf("runs in %s", c.Dir)
	}
	wantReady := []Artifact{
		{Function: "a", Path: filepath.Join(g.binDir(), "a"), Target: g.Target},
		{Function: "b", Path: filepath.Join(g.binDir(), "cmd"), Target: g.Target},
	}
	if !reflect.DeepEqual(ready, wantReady) {
		t.Errorf("ready %+v\nwant %+v", ready, wantReady)
	}

	c = r.find(t, "go", "list")
	want = []string{"go", "list", "-e", "-tags=lambda.norpc,x,y", "-deps",
		c.Argv[5], "--", "example.com/m/a", "example.com/m/cmd/v2"}
	if !slices.Equal(c.Argv, want) || !strings.HasPrefix(c.Argv[5], "-f={{if not .Standard}}{{if .CgoFiles}}C") {
		t.Errorf("argv %q\nwant %q", c.Argv, want)
	}
	if got := environ(c, "CGO_ENABLED"); got != "1" {
		t.Errorf("CGO_ENABLED=%s; without 1 go list leaves out what needs C", got)
	}
}

// TestGoBuildPlain pins the command line of no options at all.
func TestGoBuildPlain(t *testing.T) {
	r := &fake{answer: compiles}
	g := someGo(t, r)
	g.Functions, g.Target.Arch, g.CGO = g.Functions[:1], lambda.AMD64, new(false)
	defer g.Close()
	if err := g.Build(t.Context(), func(Artifact) {}); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"go", "build", "-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w",
		"-o", g.binDir() + string(filepath.Separator), "--", "example.com/m/a"}}
	if got := r.argvs(); !reflect.DeepEqual(got, want) {
		t.Errorf("argv %q\nwant %q", got, want)
	}
	if got := environ(r.commands[0], "GOAMD64"); got != "v1" {
		t.Errorf("GOAMD64=%s, and the user's v4 does not run on every processor of Lambda", got)
	}
}

// TestGoBinDir pins that nothing which decides about the bytes shares a
// directory of executables, and that what does not decide does.
func TestGoBinDir(t *testing.T) {
	base := func() *Go { return someGo(t, &fake{}) }
	cache, dir := t.TempDir(), t.TempDir()
	key := func(change func(*Go)) string {
		g := base()
		g.Cache, g.Functions[0].Package.ModuleDir = cache, dir
		change(g)
		return g.binDir()
	}
	plain := key(func(*Go) {})
	seen := map[string]string{plain: "nothing"}
	for name, change := range map[string]func(*Go){
		"arch":    func(g *Go) { g.Target.Arch = lambda.AMD64 },
		"tags":    func(g *Go) { g.Tags = []string{"x"} },
		"ldflags": func(g *Go) { g.Ldflags = "-X a=b" },
		"set":     func(g *Go) { g.Set = map[string]string{"A": "1"} },
		"symbols": func(g *Go) { g.KeepSymbols = true },
		"C":       func(g *Go) { g.CGO = new(true) },
		"sysroot": func(g *Go) { g.C.Sysroot = "/s" },
		"slot":    func(g *Go) { g.Slot = 1 },
		"module":  func(g *Go) { g.Functions[0].Package.ModuleDir = filepath.Join(dir, "x") },
	} {
		got := key(change)
		if other, ok := seen[got]; ok {
			t.Errorf("%s and %s share %s", name, other, got)
		}
		seen[got] = name
	}
	for name, change := range map[string]func(*Go){
		"functions": func(g *Go) { g.Functions = g.Functions[:1] },
		"jobs":      func(g *Go) { g.Jobs = 7 },
		"cgo":       func(g *Go) { g.CGO = new(false) },
	} {
		if got := key(change); got != plain {
			t.Errorf("%s: another directory, so the next build links anew", name)
		}
	}
}

func TestGoBuildErrors(t *testing.T) {
	notFound := &exec.Error{Name: "go", Err: exec.ErrNotFound}
	tests := []struct {
		name      string
		answer    func(Command) error
		want, fix string
	}{
		{"compiler", func(c Command) error {
			if c.Argv[1] == "build" {
				return exits(c, "go: downloading x v1\n# example.com/m/a\na/main.go:1:1: oh\n")
			}
			return nil
		}, "compiling a, b:\n# example.com/m/a\na/main.go:1:1: oh", ""},
		{"one line", func(c Command) error {
			if c.Argv[1] == "build" {
				return exits(c, "go: no such thing\n")
			}
			return nil
		}, "compiling a, b: no such thing", ""},
		{"silence", func(c Command) error {
			if c.Argv[1] == "build" {
				return exits(c, "")
			}
			return nil
		}, "compiling a, b: the go command failed and said nothing", ""},
		{"no go", func(Command) error { return notFound },
			`the go command is not installed: exec: "go": ` + exec.ErrNotFound.Error(), "install Go from"},
		{"nothing built", nil, "compiling a: go build left no executable", ""},
		{"needs C", func(c Command) error {
			switch {
			case c.Argv[1] == "build":
				return exits(c, "undefined: db.Open\n")
			case slices.Contains(c.Argv, "-deps"):
				fmt.Fprint(c.Stdout, "\nC\texample.org/db\tfixed\t/mod/db\n\n")
			default:
				fmt.Fprint(c.Stdout, "example.com/m/a fmt os\nexample.com/m/cmd/v2 example.org/db\n")
			}
			return nil
		}, "compiling b: example.org/db needs C, and this build has none: it would fail when it is called", "--cgo=false"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := someGo(t, &fake{answer: tt.answer})
			defer g.Close()
			err := g.Build(t.Context(), func(a Artifact) { t.Errorf("%s is ready", a.Function) })
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(hint.Of(err), tt.fix) {
				t.Errorf("%v (fix: %s)\nwant %s (fix: %s)", err, hint.Of(err), tt.want, tt.fix)
			}
		})
	}
}

func TestGoBuildCancelled(t *testing.T) {
	g := someGo(t, &fake{})
	defer g.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Build(ctx, func(Artifact) { t.Error("ready") }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want context.Canceled", err)
	}
}

// TestGoWithoutCache pins that Close removes what nobody keeps.
func TestGoWithoutCache(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("TMP", tmp) // Windows' name for it
	g := someGo(t, &fake{answer: compiles})
	g.Cache = ""
	var path string
	if err := g.Build(t.Context(), func(a Artifact) { path = a.Path }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if err := errors.Join(g.Close(), g.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", filepath.Dir(path), err)
	}
}

// TestGoWorkDir pins that the compiler speaks of paths as the user sees them.
func TestGoWorkDir(t *testing.T) {
	module, elsewhere := t.TempDir(), t.TempDir()
	nested := filepath.Join(module, "nested")
	for _, d := range []string{nested, filepath.Join(module, "sub")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFiles(t, module, "go.mod", "nested/go.mod")
	for dir, want := range map[string]string{
		"": module, module: module, filepath.Join(module, "sub"): filepath.Join(module, "sub"),
		nested: module, elsewhere: module,
	} {
		g := &Go{Dir: dir, Functions: []GoFunction{{Package: GoPackage{ModuleDir: module}}}}
		if got := g.workDir(); got != want {
			t.Errorf("workDir from %q: %s, want %s", dir, got, want)
		}
	}
}
