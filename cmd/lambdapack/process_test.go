package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// full is set on a machine that has everything. There a test that misses
// something fails, and tests run that take long.
var full = os.Getenv("LAMBDAPACK_FULL") == "1"

// missing skips a test that cannot run here, and fails it on a full machine.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if full {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

const emptyProgram = "package main\n\nfunc main() {}\n"

// writeTree writes files below dir, by their slash-separated paths.
func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// process is the command as a process of its own: this test binary, which
// TestMain has put on PATH under that name.
func process(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	tool, err := exec.LookPath("lambdapack")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(tool, args...)
	c.Dir = dir
	caches, err := goCaches()
	if err != nil {
		t.Fatal(err)
	}
	home, err := homeVars(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.Env = append(append(os.Environ(), home...), "LAMBDAPACK_TEST_NOW=2026-01-01", "LAMBDAPACK_CACHE="+t.TempDir(),
		"GOCACHE="+caches[0], "GOMODCACHE="+caches[1],
		"GOENV=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off")
	return c
}

// finish runs a process to its end.
func finish(t *testing.T, c *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// succeed is finish, where anything but success ends the test.
func succeed(t *testing.T, c *exec.Cmd) (stdout string) {
	t.Helper()
	code, stdout, stderr := finish(t, c)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(c.Args, " "), code, stderr)
	}
	return stdout
}

// snapshot returns the files below dir, hidden ones too, with their contents.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unharmed checks that a run which failed left the output as it was before,
// with nothing of its own beside it.
func unharmed(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := snapshot(t, dir)
	for path := range after {
		if _, ok := before[path]; !ok {
			t.Errorf("%s is left behind", path)
		}
	}
	for path, text := range before {
		if after[path] != text {
			t.Errorf("%s is not what it was", path)
		}
	}
}
