package check

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
)

// TestMain also checks that the tests have produced every finding there is.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && os.Getenv("LAMBDAPACK_FULL") == "1" && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" {
		for _, id := range IDs() {
			if _, ok := produced.Load(id); !ok {
				fmt.Fprintf(os.Stderr, "no test has produced the finding %s\n", id)
				code = 1
			}
		}
	}
	os.Exit(code)
}

var produced sync.Map

// need skips a test that lacks a tool, or fails it on a full test machine.
func need(t testing.TB, tool, debian string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("LAMBDAPACK_FULL") == "1" {
		t.Fatalf("%s is missing: install %s", tool, debian)
	}
	t.Skipf("%s is missing: Debian has it in %s", tool, debian)
}

// A machine is one that fixtures are compiled for.
type machine struct {
	arch        lambda.Arch
	cc, debian  string
	interpreter string
}

var machines = []machine{
	{lambda.AMD64, "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu", lambda.AMD64.Interpreter()},
	{lambda.ARM64, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", lambda.ARM64.Interpreter()},
}

// A fixture is a directory that becomes a package. It is compiled without a C
// library; libraries that only stand for the runtime's are made in ".system".
type fixture struct {
	t   testing.TB
	dir string
	machine
}

// eachMachine runs a test for both machines.
func eachMachine(t *testing.T, test func(*testing.T, *fixture)) {
	for _, m := range machines {
		t.Run(m.arch.String(), func(t *testing.T) {
			t.Parallel()
			test(t, newFixture(t, m))
		})
	}
}

func newFixture(t testing.TB, m machine) *fixture {
	need(t, m.cc, m.debian)
	return &fixture{t: t, dir: t.TempDir(), machine: m}
}

func (f *fixture) path(name string) string {
	f.t.Helper()
	p := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *fixture) write(name, content string, mode fs.FileMode) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chmod(f.path(name), mode); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) remove(name string) {
	f.t.Helper()
	if err := os.RemoveAll(f.path(name)); err != nil {
		f.t.Fatal(err)
	}
}

// lib compiles a library with its base name as soname, from a C source, with
// versions from a linker script where there is one.
func (f *fixture) lib(name, source, versions string, flags ...string) {
	f.t.Helper()
	args := append([]string{"-shared", "-fPIC", "-Wl,-soname," + filepath.Base(name)}, flags...)
	if versions != "" {
		script := filepath.Join(f.t.TempDir(), "versions")
		if err := os.WriteFile(script, []byte(versions), 0o644); err != nil {
			f.t.Fatal(err)
		}
		args = append(args, "-Wl,--version-script="+script)
	}
	f.compile(name, source, args...)
}

// program compiles a dynamic program.
func (f *fixture) program(name, source string, flags ...string) {
	f.t.Helper()
	f.compile(name, source, append([]string{"-pie", "-fPIE", "-Wl,--dynamic-linker=" + f.interpreter}, flags...)...)
}

// link returns the flags to link with libraries of the fixture.
func (f *fixture) link(names ...string) (flags []string) {
	for _, n := range names {
		flags = append(flags, f.path(n))
	}
	return flags
}

func (f *fixture) compile(name, source string, flags ...string) {
	f.t.Helper()
	args := append([]string{"-x", "c", "-", "-x", "none", "-nostdlib", "-ffreestanding", "-fno-builtin", "-o", f.path(name),
		"-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,-z,noexecstack"}, flags...)
	f.run(source, f.cc, args...)
}

func (f *fixture) run(stdin, command string, args ...string) {
	f.t.Helper()
	cmd := exec.Command(command, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
}

// check judges the directory without what stands for the runtime.
func (f *fixture) check(opts Options) *Report {
	f.t.Helper()
	f.remove(".system")
	return f.checkAll(opts)
}

func (f *fixture) checkAll(opts Options) *Report {
	f.t.Helper()
	return check(f.t, f.dir, opts)
}

func check(t testing.TB, path string, opts Options) *Report {
	t.Helper()
	if opts.Runtime == nil {
		opts.Runtime = al2023
	}
	r, err := Path(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		produced.Store(f.ID, true)
	}
	return r
}

var al2, al2023 = lambda.Runtimes()[0], lambda.Runtimes()[1]

// expect compares the findings with lines of "severity id object".
func expect(t testing.TB, r *Report, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.Findings {
		got = append(got, strings.TrimSpace(string(f.Severity)+" "+f.ID+" "+f.Object))
		if f.Evidence == "" || f.Fix == "" {
			t.Errorf("%s has no evidence or no fix", f.ID)
		}
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		all, _ := json.MarshalIndent(r.Findings, "", "  ")
		t.Errorf("got:\n%s\nwant:\n%s\nin full: %s", strings.Join(got, "\n"), strings.Join(want, "\n"), all)
	}
}

// evidence checks that the finding of an identifier holds all texts.
func evidence(t testing.TB, r *Report, id string, texts ...string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.ID != id {
			continue
		}
		for _, text := range texts {
			if !strings.Contains(f.Evidence+"\n"+f.Fix, text) {
				t.Errorf("%s: %q is not in:\n%s\n%s", id, text, f.Evidence, f.Fix)
			}
		}
		return
	}
	t.Errorf("there is no finding %s", id)
}

// An entry goes into a zip with a raw header.
type entry struct {
	zip.FileHeader
	content string
}

func file(name, content string, mode fs.FileMode) entry {
	e := entry{FileHeader: zip.FileHeader{Name: name, Method: zip.Deflate}, content: content}
	e.SetMode(mode)
	return e
}

// writeZip writes a zip of entries and returns its path.
func writeZip(t testing.TB, entries ...entry) string {
	t.Helper()
	return writeFile(t, zipBytes(t, entries...))
}

func zipBytes(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := e.FileHeader
		c, err := w.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(e.content)); err != nil && !strings.HasSuffix(e.Name, "/") {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeFile(t testing.TB, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "package.zip")
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

const script = "#!/bin/sh\nexit 0\n"

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
