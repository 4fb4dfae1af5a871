package lambdapack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func TestParseConfig(t *testing.T) {
	arm64, no := lambda.ARM64, false
	al2023, err := lambda.ParseRuntime("provided.al2023")
	if err != nil {
		t.Fatal(err)
	}
	const text = `
# every key, in no order
functions:
  second:
    package: ./cmd/second
  first:
    include: [a.txt, "b/**:c"]
    cgo: false
    env: {GOEXPERIMENT: none, DEBUG: 1}
    ldflags: -X main.v=1
    tags: [x, y]
    runtime: provided.al2023
    arch: aarch64
    package: example.com/first
output: build/out
runtime: provided.al2023
arch: arm64
`
	got, err := ParseConfig(filepath.Join("conf", ConfigName), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Dir: "conf", Arch: &arm64, Runtime: al2023, Output: "build/out",
		Functions: []FunctionConfig{
			{
				Name: "first", Package: "example.com/first", Arch: &arm64, Runtime: al2023,
				Tags: []string{"x", "y"}, Ldflags: "-X main.v=1",
				Env:     map[string]string{"GOEXPERIMENT": "none", "DEBUG": "1"},
				Include: []pack.Include{{Source: "a.txt"}, {Source: "b/**", Destination: "c"}},
				C:       C{CGO: &no},
			},
			{Name: "second", Package: "./cmd/second"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if f := got.Function("second"); f == nil || f.Package != "./cmd/second" {
		t.Errorf("Function(second) = %+v", f)
	}
	if f := got.Function("third"); f != nil {
		t.Errorf("Function(third) = %+v", f)
	}
}

// TestParseConfigEmpty pins that a file which says nothing is a config.
func TestParseConfigEmpty(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "---\n...\n", "null\n", "{}\n", "arch:\n"} {
		c, err := ParseConfig("c.yaml", []byte(text))
		if err != nil || c.Arch != nil || len(c.Functions) > 0 {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

// TestParseConfigAlias pins that values can be shared.
func TestParseConfigAlias(t *testing.T) {
	const text = `
functions:
  a: &a
    package: ./a
    tags: &tags [x, y]
  b: {package: ./b, tags: *tags}
  c: *a
`
	c, err := ParseConfig("c.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range c.Functions {
		if f.Package != "./"+f.Name && f.Name != "c" || strings.Join(f.Tags, ",") != "x,y" {
			t.Errorf("%+v", f)
		}
	}
}

// configErrors are texts and the whole error that each is.
var configErrors = []struct{ name, text, want string }{
	{"unknown key", "arch: arm64\nfoo: 1\n", `2:1: unknown key "foo": want arch, runtime, output, functions`},
	{"unknown key of a function", "functions:\n  a:\n    pakage: x\n", `3:5: unknown key "pakage": want package, arch, runtime, tags, ldflags, env, include, cgo, cc, sysroot, add-lib, exclude-lib, strip`},
	{"the first of two", "functions:\n  b: {x: 1}\n  a: {y: 1}\nz: 1\n", `2:7: unknown key "x": want package, arch, runtime, tags, ldflags, env, include, cgo, cc, sysroot, add-lib, exclude-lib, strip`},
	{"not a mapping", "- arch\n", `1:1: want a mapping here, not a sequence`},
	{"a scalar", "arch", `1:1: want a mapping here, not a string`},
	{"functions as a list", "functions: [a]\n", `1:12: want a mapping here, not a sequence`},
	{"function as a string", "functions:\n  a: ./a\n", `2:6: want a mapping here, not a string`},
	{"string as a list", "output: [x]\n", `1:9: want a string here, not a sequence`},
	{"list as a string", "functions:\n  a:\n    package: .\n    tags: x\n", `4:11: want a sequence here, not a string`},
	{"list in a list", "functions:\n  a:\n    package: .\n    tags: [x, [y]]\n", `4:15: want a string here, not a sequence`},
	{"bool as a string", "functions:\n  a:\n    package: .\n    cgo: maybe\n", `4:10: want true or false here, not a string`},
	{"env as a list", "functions:\n  a:\n    package: .\n    env: [A=1]\n", `4:10: want a mapping here, not a sequence`},
	{"env name", "functions:\n  a:\n    package: .\n    env:\n      A=B: x\n", `5:12: "A=B" cannot be the name of an environment variable`},
	{"arch", "arch: mips\n", `1:7: unknown architecture "mips": want amd64 (or x86_64) or arm64 (or aarch64)`},
	{"arch of a function", "functions: {a: {package: ., arch: mips}}\n", `1:35: unknown architecture "mips": want amd64 (or x86_64) or arm64 (or aarch64)`},
	{"runtime", "arch: arm64\r\nruntime: go1.x\r\n", `2:10: unknown runtime "go1.x": want provided.al2 or provided.al2023`},
	{"no package", "functions:\n  a:\n    tags: [x]\n", `2:3: function "a" has no package`},
	{"nothing of a function", "functions:\n  a:\n", `2:3: function "a" has no package`},
	{"function name", "functions:\n  a/b:\n    package: .\n", `2:3: function name "a/b": want letters, digits, '-', '_' and '.'`},
	{"function name with a dot first", "functions:\n  .a:\n    package: .\n", `2:3: function name ".a": want letters, digits, '-', '_' and '.'`},
	{"include", "functions:\n  a:\n    package: .\n    include:\n      - ok\n      - /etc/passwd\n",
		`6:9: including "/etc/passwd": the source is absolute; want a path relative to the source root (the directory of the config, or where the command runs)`},
	{"the first of two values", "functions:\n  b: {package: ., arch: x}\n  a: {package: ., arch: y}\n", `2:25: unknown architecture "x": want amd64 (or x86_64) or arm64 (or aarch64)`},
	{"duplicate key", "arch: arm64\narch: arm64\n", `2:1: mapping key "arch" already defined at [1:1]`},
	{"duplicate function", "functions:\n  a: {package: .}\n  a: {package: .}\n", `3:3: mapping key "a" already defined at [2:3]`},
	{"second document", "arch: arm64\n---\narch: amd64\n", `2:1: a second document; a config is one`},
	{"second document after an empty one", "---\n---\narch: arm64\n---\narch: amd64\n", `2:1: a second document; a config is one`},
	{"open bracket", "arch: [arm64\n", `1:7: sequence end token ']' not found`},
	{"tab", "functions:\n\ta:\n", `2:1: found character '	' that cannot start any token`},
	{"no such alias", "arch: *x\n", `1:8: could not find alias "x"`},
	{"content after the end", "arch: arm64\n...\narch: amd64\n", `3:1: a second document; a config is one`},
	{"directive", "%YAML 1.2\n---\narch: arm64\n", `1:1: a directive; a config has none`},
	{"merge key", "functions:\n  a: &a {package: .}\n  b: {<<: *a}\n", `3:7: a merge key (<<); a config takes aliases for values only`},
	{"deep", "arch: " + strings.Repeat("[", 50), `1:27: nested too deeply`},
}

func TestParseConfigErrors(t *testing.T) {
	for _, tt := range configErrors {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseConfig("dir/c.yaml", []byte(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			if got, want := err.Error(), "dir/c.yaml:"+tt.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestReadConfig(t *testing.T) {
	_, err := ReadConfig(filepath.Join(t.TempDir(), "absent.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || hint.Of(err) == "" {
		t.Errorf("absent: %v; want fs.ErrNotExist and a fix", err)
	}
	long := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(long, []byte(strings.Repeat("#", maxConfig+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadConfig(long); err == nil || !strings.Contains(err.Error(), "longer than 131072 bytes") {
		t.Errorf("long: %v", err)
	}
}

// hostileConfigs make the YAML library slow, where nothing stops them.
func hostileConfigs() map[string]string {
	const n = 1 << 12
	merges := "functions:\n  a: &a {package: x}\n"
	values := "functions:\n  a:\n    env: &a {x: y}\n"
	for c := 'b'; c <= 'i'; c++ {
		before := string(c - 1)
		merges += "  " + string(c) + ": &" + string(c) + " {<<: [" + strings.Repeat("*"+before+" ,", 9) + "]}\n"
		values += "  " + string(c) + ": &" + string(c) + "\n" + strings.Repeat("    - *"+before+"\n", 9)
	}
	return map[string]string{
		"merges": merges, "values": values, "self": "functions: &f\n  a: *f\n",
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{a: ", n),
		"dashes": strings.Repeat("- ", n), "questions": strings.Repeat("? ", n),
		"keys": "functions:\n" + strings.Repeat("  a: {}\n", n), "documents": strings.Repeat("---\n", n),
	}
}

func TestParseConfigHostile(t *testing.T) {
	for name, text := range hostileConfigs() {
		start := time.Now()
		ParseConfig("c.yaml", []byte(text))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %d bytes took %v", name, len(text), took)
		}
	}
}

// FuzzConfig looks for a panic, for time out of proportion, and for a config
// that breaks what its fields promise.
func FuzzConfig(f *testing.F) {
	for _, tt := range configErrors {
		f.Add([]byte(tt.text))
	}
	for _, text := range hostileConfigs() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		c, err := ParseConfig("c.yaml", data)
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("%d bytes took %v", len(data), took)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "c.yaml:") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		for _, fn := range c.Functions {
			if !validName(fn.Name) || fn.Package == "" {
				t.Errorf("%+v", fn)
			}
		}
	})
}
