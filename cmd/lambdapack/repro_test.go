package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/pack"
)

// reproProgram uses of the standard library what needs no compiling of much.
const reproProgram = `package main

import "os"

var greeting = "hello, world"

func main() { os.Stdout.WriteString(greeting + "\n") }
`

// reproSource is the module that every row builds.
func reproSource() map[string]string {
	return map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.21\n", "hello/main.go": reproProgram,
		"assets/page.html": strings.Repeat("<p>page</p>\n", 1000), "assets/run.sh": "#!/bin/sh\n",
	}
}

// world is the surroundings of a build.
type world struct {
	// from is the directory of the module, fresh for each row.
	from string
	env  []string
	// umask of the process, "" for the tests' own.
	umask string
	args  []string
}

// worlds are surroundings that must not show in the bytes.
var worlds = []struct {
	name  string
	enter func(t *testing.T, w *world)
	// slow rows run where LAMBDAPACK_FULL is set.
	slow bool
}{
	{name: "another directory", enter: func(t *testing.T, w *world) { w.from = move(t, w.from, "a much longer/path to it") }},
	{name: "umask 022", enter: func(t *testing.T, w *world) { w.umask = "022" }},
	{name: "umask 077", enter: func(t *testing.T, w *world) { w.umask = "077"; chmodFiles(t, w.from, 0o600) }},
	{name: "executable sources", enter: func(t *testing.T, w *world) { chmodFiles(t, w.from, 0o755) }},
	{name: "UTC", enter: func(t *testing.T, w *world) { w.env = []string{"TZ=UTC"} }},
	{name: "Asia/Tokyo", enter: func(t *testing.T, w *world) { w.env = []string{"TZ=Asia/Tokyo", "LC_ALL=ja_JP.UTF-8"} }},
	{name: "one core", enter: func(t *testing.T, w *world) { w.env = []string{"GOMAXPROCS=1"}; w.args = []string{"-j", "1"} }},
	{name: "two cores", enter: func(t *testing.T, w *world) { w.env = []string{"GOMAXPROCS=2"}; w.args = []string{"-j", "8"} }},
	{name: "new commit", enter: newCommit},
	{name: "other instructions", enter: func(t *testing.T, w *world) {
		w.env = []string{"GOAMD64=v3", "GOARM64=v9.0", "GOOS=windows", "GOARCH=386", "CGO_ENABLED=1"}
	}},
	{name: "flags in the environment", enter: func(t *testing.T, w *world) {
		w.env = []string{"GOFLAGS=-trimpath=false -buildvcs=true -tags=noise -ldflags=-X=main.greeting=noise -o=noise"}
	}},
	{name: "fresh GOCACHE", slow: true, enter: func(t *testing.T, w *world) { w.env = []string{"GOCACHE=" + t.TempDir()} }},
	{name: "copied GOROOT", slow: true, enter: copyGoroot},
}

// TestReproducible builds the same function in different surroundings: one
// digest a machine. Where a byte of the source differs, so does the digest.
func TestReproducible(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			t.Parallel()
			want := reproDigest(t, arch, func(*testing.T, *world) {})
			for _, row := range worlds {
				t.Run(row.name, func(t *testing.T) {
					if row.slow && !full {
						t.Skip("takes long: set LAMBDAPACK_FULL=1")
					}
					if got := reproDigest(t, arch, row.enter); got != want {
						t.Errorf("digest %s, want %s", got, want)
					}
				})
			}
			for name, change := range map[string]map[string]string{
				"program":  {"hello/main.go": strings.Replace(reproProgram, "hello,", "hallo,", 1)},
				"included": {"assets/page.html": strings.Repeat("<p>page</p>\n", 999) + "<p>Page</p>\n"},
			} {
				other := reproDigest(t, arch, func(t *testing.T, w *world) { writeTree(t, w.from, change) })
				if other == want {
					t.Errorf("%s: a changed byte gives the same digest", name)
				}
			}
		})
	}
}

func reproDigest(t *testing.T, arch string, enter func(*testing.T, *world)) string {
	t.Helper()
	w := &world{from: t.TempDir()}
	writeTree(t, w.from, reproSource())
	enter(t, w)
	return digestOf(t, w, "hello", append([]string{"--arch", arch, "--include", "assets", "./hello"}, w.args...))
}

// digestOf builds one function and returns the digest of its zip.
func digestOf(t *testing.T, w *world, name string, args []string) string {
	t.Helper()
	c := process(t, w.from, append([]string{"build", "--json"}, args...)...)
	c.Env = append(c.Env, w.env...)
	if w.umask != "" {
		if runtime.GOOS == "windows" {
			t.Skip("no umask here")
		}
		c.Args = append([]string{"sh", "-c", `umask "$0"; exec "$@"`, w.umask}, append([]string{c.Path}, c.Args[1:]...)...)
		sh, err := exec.LookPath("sh")
		if err != nil {
			t.Fatal(err)
		}
		c.Path = sh
	}
	var m struct{ Functions map[string]pack.Record }
	if err := json.Unmarshal([]byte(succeed(t, c)), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Functions[name].SHA256) != 64 {
		t.Fatalf("no digest of %s: %+v", name, m)
	}
	return m.Functions[name].SHA256
}

// move puts a module elsewhere.
func move(t *testing.T, from, to string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), filepath.FromSlash(to))
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func chmodFiles(t *testing.T, dir string, mode os.FileMode) {
	t.Helper()
	for path := range snapshot(t, dir) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// newCommit makes the module a repository with a commit of its own.
func newCommit(t *testing.T, w *world) {
	if _, err := exec.LookPath("git"); err != nil {
		missing(t, "a commit needs git: %v", err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", t.Name()}} {
		c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		c.Dir, c.Env = w.from, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

// copyGoroot leads to a copy of what a build needs of Go: a tenth of its files.
func copyGoroot(t *testing.T, w *world) {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.TrimSpace(string(out)), t.TempDir()
	for _, part := range []string{"go.env", "VERSION", "bin", "lib", "pkg", "src"} {
		copyPart(t, filepath.Join(from, part), filepath.Join(to, part))
	}
	// What the shared cache holds was compiled with the other one.
	w.env = []string{"GOCACHE=" + t.TempDir(), "GOROOT=" + to, "PATH=" + filepath.Join(to, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
}

func copyPart(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "wasm"):
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case strings.HasSuffix(path, "_test.go"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o755)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReproducibleExample holds a function with dependencies to the same, where
// its modules can be had.
func TestReproducibleExample(t *testing.T) {
	t.Parallel()
	example := filepath.Join("..", "..", "examples", "hello")
	c := exec.Command("go", "mod", "download")
	c.Dir = example
	if out, err := c.CombinedOutput(); err != nil {
		missing(t, "no modules for the example: %v\n%s", err, out)
	}
	var digests []string
	for _, dir := range []string{move(t, example, "here/hello"), move(t, example, "over/there/hello")} {
		digests = append(digests, digestOf(t, &world{from: dir}, "hello", []string{"--arch", "arm64", "."}))
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %s", digests)
	}
}
