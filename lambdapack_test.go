package lambdapack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func TestBuild(t *testing.T) {
	f := newFakeGo(t, "a", "b")
	opts := f.options(t, "./...")
	var events []string
	opts.Progress = func(e Event) { events = append(events, fmt.Sprintf("%s %s %v", e.Function, e.Step, e.Done)) }
	var traced []string
	opts.Trace = func(s string) { traced = append(traced, s) }
	opts.Jobs = 1
	results, err := Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pack.ReadManifest(filepath.Join(f.dir, "dist", pack.ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "b"} {
		r := results[i]
		if r.Function.Name != name || r.Path != filepath.Join("dist", name+".zip") || !reflect.DeepEqual(r.Record, m.Functions[name]) {
			t.Errorf("result %+v, in the manifest %+v", r, m.Functions[name])
		}
		if r.Record.SHA256 != r.Hex() || r.Record.Path != name+".zip" || r.Record.Handler != lambda.Bootstrap {
			t.Errorf("record %+v", r.Record)
		}
		for _, step := range []Step{StepCompile, StepPackage} {
			begun := slices.Index(events, fmt.Sprintf("%s %s false", name, step))
			done := slices.Index(events, fmt.Sprintf("%s %s true", name, step))
			if begun < 0 || done < begun {
				t.Errorf("%s of %s: told to begin at %d, to end at %d", step, name, begun, done)
			}
		}
	}
	if len(traced) != len(f.commands) || !strings.HasPrefix(traced[0], "go list ") {
		t.Errorf("traced %q", traced)
	}
}

// TestBuildSameProgramName pins that two programs of one name are compiled
// apart: in one directory the second would replace the first.
func TestBuildSameProgramName(t *testing.T) {
	f := newFakeGo(t, "x/fn", "y/fn", "z")
	opts := f.options(t)
	opts.Config = f.parse(t, "functions: {x: {package: ./x/fn}, y: {package: ./y/fn}, z: {package: ./z}}")
	results, err := Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].SHA256 == results[1].SHA256 {
		t.Error("two programs, one package")
	}
	want := []string{"go build example.com/m/x/fn example.com/m/z", "go build example.com/m/y/fn"}
	var builds []string
	for _, c := range f.commands {
		if strings.HasPrefix(c, "go build") {
			builds = append(builds, c)
		}
	}
	if !slices.Equal(builds, want) {
		t.Errorf("ran %q, want %q", builds, want)
	}
}

// TestBuildWhole pins that a run takes effect as a whole: one bad function of
// two, and both packages and the manifest stay.
func TestBuildWhole(t *testing.T) {
	f := newFakeGo(t, "a", "b")
	opts := f.options(t, "./...")
	if _, err := Build(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	before := readAll(t, filepath.Join(f.dir, "dist"))
	f.compile = func(program, path string) error {
		if program == "b" {
			return os.WriteFile(path, []byte("neither ELF nor script"), 0o755)
		}
		return script("another "+program, path)
	}
	_, err := Build(t.Context(), opts)
	if err == nil || !strings.Contains(err.Error(), "function b: packaging bootstrap: ") {
		t.Errorf("error %v", err)
	}
	after := readAll(t, filepath.Join(f.dir, "dist"))
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("the output was %v\nand is %v", before, after)
	}
}

func TestBuildCancelled(t *testing.T) {
	f := newFakeGo(t, "a")
	ctx, cancel := context.WithCancel(t.Context())
	f.compile = func(program, path string) error { cancel(); return script(program, path) }
	_, err := Build(ctx, f.options(t, "./a"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if got := readAll(t, filepath.Join(f.dir, "dist")); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

// readAll returns contents by name; a directory that is not there has none.
func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func TestOutputs(t *testing.T) {
	root := t.TempDir()
	conf := filepath.Join(root, "conf")
	tests := []struct {
		name, output, config string
		path, shown          string // of the function fn
	}{
		{"default", "", "", "dist/fn.zip", "dist/fn.zip"},
		{"flag", "out", "", "out/fn.zip", "out/fn.zip"},
		{"flag over config", "out", "built", "out/fn.zip", "out/fn.zip"},
		{"config", "", "built", "conf/built/fn.zip", "conf/built/fn.zip"},
		{"config above", "", "../up", "up/fn.zip", "up/fn.zip"},
		{"file", "x.zip", "", "x.zip", "x.zip"},
		{"file in a directory", "a/b/x.ZIP", "", "a/b/x.ZIP", "a/b/x.ZIP"},
		{"here", ".", "", "fn.zip", "fn.zip"},
	}
	for _, tt := range tests {
		o := Options{Dir: root, Output: tt.output, Config: &Config{Dir: conf, Output: tt.config}}.withDefaults()
		out, err := o.outputs(make([]Function, 1))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		path := out.path("fn", pack.FormatZip)
		if want := filepath.Join(root, filepath.FromSlash(tt.path)); path != want {
			t.Errorf("%s: %s, want %s", tt.name, path, want)
		}
		if got := filepath.ToSlash(out.shown(path)); got != tt.shown {
			t.Errorf("%s: shown as %s, want %s", tt.name, got, tt.shown)
		}
		if got, want := filepath.Dir(out.manifest()), filepath.Dir(path); got != want {
			t.Errorf("%s: the manifest is in %s, want %s", tt.name, got, want)
		}
	}

	abs := filepath.Join(root, "abs")
	o := Options{Dir: root, Output: abs, Format: pack.FormatDir}.withDefaults()
	out, err := o.outputs(make([]Function, 2))
	if err != nil {
		t.Fatal(err)
	}
	if got := out.shown(out.path("fn", pack.FormatDir)); got != filepath.Join(abs, "fn") {
		t.Errorf("absolute: %s", got)
	}
}
