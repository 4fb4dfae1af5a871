package ldd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A compiler makes fixtures for one machine.
type compiler struct {
	name    string // of the subtest
	command string
	machine string // MachineName of what it makes
	native  bool
}

var compilers = []compiler{
	{"native", "gcc", "", true},
	{"arm64", "aarch64-linux-gnu-gcc", "aarch64", false},
}

// need skips a test that lacks a tool, or fails it on a full test machine.
func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("LAMBDAPACK_FULL") == "1" {
		t.Fatalf("%s is missing", tool)
	}
	t.Skipf("%s is missing", tool)
}

// eachCompiler runs a test for every machine.
func eachCompiler(t *testing.T, test func(*testing.T, *fixture)) {
	for _, c := range compilers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			need(t, c.command)
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			test(t, &fixture{t: t, dir: dir, compiler: c})
		})
	}
}

// A fixture is a directory of compiled programs and libraries, which is a sysroot
// of its own: without a C library, nothing but them is found.
type fixture struct {
	t        testing.TB
	dir      string
	compiler compiler
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *fixture) write(name, content string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(f.path(name), []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) symlink(target, name string) {
	f.t.Helper()
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Symlink(target, f.path(name)); err != nil {
		f.t.Fatal(err)
	}
}

// lib compiles a shared library without the C library. Its soname is its base
// name up to ".so.N"; needs are files of the fixture, and every library exports
// fn_NAME and calls those of its needs.
func (f *fixture) lib(name string, needs []string, flags ...string) {
	f.t.Helper()
	soname := filepath.Base(name)
	args := append([]string{"-shared", "-fPIC", "-Wl,-soname," + soname}, flags...)
	f.compile(name, f.source(symbol(name), needs), needs, args...)
}

// program compiles a position-independent executable that calls its needs.
func (f *fixture) program(name string, needs []string, flags ...string) {
	f.t.Helper()
	f.compile(name, f.source("_start", needs), needs, append([]string{"-pie", "-fPIE"}, flags...)...)
}

// symbol returns the function that the library of a file defines.
func symbol(name string) string {
	base, _, _ := strings.Cut(filepath.Base(name), ".so")
	return "fn_" + strings.NewReplacer("-", "_", ".", "_").Replace(base)
}

func (f *fixture) source(function string, needs []string) string {
	var src strings.Builder
	for _, n := range needs {
		src.WriteString("void " + symbol(n) + "(void);\n")
	}
	src.WriteString("void " + function + "(void) {\n")
	for _, n := range needs {
		src.WriteString("\t" + symbol(n) + "();\n")
	}
	src.WriteString("}\n")
	return src.String()
}

func (f *fixture) compile(name, src string, needs []string, flags ...string) {
	f.t.Helper()
	args := []string{"-x", "c", "-", "-x", "none", "-nostdlib", "-o", f.path(name), "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined"}
	args = append(args, flags...)
	for _, n := range needs {
		args = append(args, "-L"+filepath.Dir(f.path(n)), "-l:"+filepath.Base(n))
	}
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o755); err != nil {
		f.t.Fatal(err)
	}
	f.run(src, f.compiler.command, args...)
}

func (f *fixture) run(stdin, command string, args ...string) {
	f.t.Helper()
	cmd := exec.Command(command, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
}

// walk walks in the fixture as sysroot; the loader is made virtual.
func (f *fixture) walk(name string, opts Options) *Closure {
	f.t.Helper()
	if opts.Sysroot == nil {
		opts.Sysroot = Dir(f.dir)
	}
	root, err := opts.Sysroot.Inspect(name)
	if err != nil {
		f.t.Fatal(err)
	}
	virtual := map[string]Virtual{}
	for p, v := range opts.Virtual {
		virtual[p] = v
	}
	if root.Interp != "" {
		virtual[root.Interp] = Virtual{}
	}
	opts.Virtual = virtual
	c, err := Walk(name, opts)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// layout describes a closure in lines: "name => path how", "name => missing".
func layout(c *Closure) string {
	var b strings.Builder
	for _, o := range c.Objects[1:] {
		if o == c.Interp {
			continue
		}
		b.WriteString(o.firstName() + " => " + o.Path + " " + string(o.Found.How))
		if o.Found.Owner != nil {
			b.WriteString(" of " + o.Found.Owner.Label())
		}
		b.WriteString("\n")
	}
	for _, m := range c.Missing {
		b.WriteString(m.Name + " => missing\n")
	}
	return b.String()
}

func expect(t testing.TB, got, want string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
