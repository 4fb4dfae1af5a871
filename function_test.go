package lambdapack

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// names returns "name of importpath" of each.
func names(functions []Function) (list []string) {
	for _, f := range functions {
		list = append(list, f.Name+" of "+strings.TrimPrefix(f.Package.ImportPath, "example.com/m/"))
	}
	return list
}

// parse reads a config as if it stood in the fake's module.
func (f *fakeGo) parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := ParseConfig(filepath.Join(f.dir, ConfigName), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFind(t *testing.T) {
	const config = `
functions:
  first: {package: ./x/fn}
  second: {package: ./y/fn, arch: arm64}
`
	tests := []struct {
		name     string
		config   string
		patterns []string
		want     []string
		commands []string
	}{
		{"a pattern", "", []string{"./cmd/..."}, []string{"a of cmd/a", "b of cmd/b"}, []string{"go list ./cmd/..."}},
		{"no pattern", "", nil, []string{"a of cmd/a", "b of cmd/b"}, []string{"go list .", "go list ./cmd/..."}},
		{"the config", config, nil, []string{"first of x/fn", "second of y/fn"}, []string{"go list ./x/fn", "go list ./y/fn"}},
		{"a name", config, []string{"first"}, []string{"first of x/fn"}, []string{"go list ./x/fn"}},
		{"a name and a pattern", config, []string{"first", "./cmd/a"}, []string{"a of cmd/a", "first of x/fn"},
			[]string{"go list ./x/fn", "go list ./y/fn", "go list ./cmd/a"}},
		{"the config's name for a package", config, []string{"./x/..."}, []string{"first of x/fn"},
			[]string{"go list ./x/fn", "go list ./y/fn", "go list ./x/..."}},
		{"one question for what is seen alike", "functions: {p: {package: ./x/fn}, q: {package: ./cmd/a}}", nil,
			[]string{"p of x/fn", "q of cmd/a"}, []string{"go list ./x/fn ./cmd/a"}},
		{"one package, two functions", "functions: {p: {package: ./x/fn}, q: {package: ./x/fn}}", []string{"./x/fn"},
			[]string{"p of x/fn", "q of x/fn"}, []string{"go list ./x/fn ./x/fn", "go list ./x/fn"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeGo(t, "cmd/a", "cmd/b", "x/fn", "y/fn")
			opts := f.options(t, tt.patterns...)
			if tt.config != "" {
				opts.Config = f.parse(t, tt.config)
			}
			functions, err := Find(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(functions); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if !slices.Equal(f.commands, tt.commands) {
				t.Errorf("ran %q, want %q", f.commands, tt.commands)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	tests := []struct {
		name, config string
		patterns     []string
		want, fix    string
	}{
		{"one name twice", "", []string{"./x/...", "./y/..."}, "two functions are called fn: example.com/m/x/fn and example.com/m/y/fn",
			"name them in lambdapack.yaml:\n    functions:\n      first:\n        package: example.com/m/x/fn\n      second:\n        package: example.com/m/y/fn"},
		{"no name for a file", "", []string{"./a+b"}, "a+b cannot be a function's name: want letters, digits, '-', '_' and '.'", "name it in lambdapack.yaml"},
		{"several programs", "functions: {all: {package: ./...}}", nil,
			"function all of the config: ./... matches 3 programs, example.com/m/x/fn and example.com/m/y/fn among them", "name one of them"},
		{"nothing of that name", "functions: {p: {package: ./x/fn}, q: {package: ./y/fn}}", []string{"r"},
			"r matches no packages", "name a function of lambdapack.yaml (p, q), or write ./ before a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeGo(t, "x/fn", "y/fn", "a+b")
			opts := f.options(t, tt.patterns...)
			if tt.config != "" {
				opts.Config = f.parse(t, tt.config)
			}
			_, err := Find(t.Context(), opts)
			if err == nil || err.Error() != tt.want || hint.Of(err) != tt.fix {
				t.Errorf("%v (fix: %s)\nwant %s (fix: %s)", err, hint.Of(err), tt.want, tt.fix)
			}
		})
	}
}

// TestFunctionSettings pins who wins: the command line, then the function of
// the config, then the whole config, then the defaults.
func TestFunctionSettings(t *testing.T) {
	f := newFakeGo(t, "a", "b")
	config := f.parse(t, `
arch: arm64
runtime: provided.al2023
functions:
  a:
    package: ./a
    arch: amd64
    tags: [x]
    ldflags: -X=a.b=c
    env: {E: "1"}
    include: [file]
    cgo: false
  b: {package: ./b}
`)
	find := func(opts Options) (a, b Function) {
		t.Helper()
		functions, err := Find(t.Context(), opts)
		if err != nil || len(functions) != 2 {
			t.Fatal(functions, err)
		}
		return functions[0], functions[1]
	}
	opts := f.options(t)
	a, _ := find(Options{Dir: f.dir, Runner: f, Patterns: []string{"./a", "./b"}})
	if got, want := a.Target.String(), lambda.DefaultRuntime().Name+" amd64"; got != want {
		t.Errorf("defaults: %s, want %s", got, want)
	}

	opts.Config = config
	a, b := find(opts)
	want := Function{
		Name: "a", Target: lambda.Target{Arch: lambda.AMD64, Runtime: config.Runtime}, Package: a.Package,
		Tags: []string{"x"}, Ldflags: "-X=a.b=c", Env: map[string]string{"E": "1"},
		Include: []pack.Include{{Source: "file"}}, IncludeRoot: f.dir, C: C{CGO: new(false)},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("a is %+v\nwant %+v", a, want)
	}
	if got := b.Target.String(); got != "provided.al2023 arm64" || b.CGO != nil || b.Tags != nil {
		t.Errorf("b is %+v", b)
	}

	arch, ldflags, yes := lambda.ARM64, "", true
	opts.Arch, opts.Runtime, opts.Tags, opts.Ldflags = &arch, lambda.DefaultRuntime(), []string{"y"}, &ldflags
	opts.Include, opts.CGO = []pack.Include{{Source: "other"}}, &yes
	a, _ = find(opts)
	want.Target = lambda.Target{Arch: lambda.ARM64, Runtime: lambda.DefaultRuntime()}
	want.Tags, want.Ldflags, want.Include, want.CGO = []string{"y"}, "", opts.Include, &yes
	if !reflect.DeepEqual(a, want) {
		t.Errorf("a is %+v\nwant %+v", a, want)
	}
}
