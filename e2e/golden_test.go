//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGoldenOnArm64 runs the tests of fixed digests and texts as programs of
// another machine: what is written does not depend on the one that writes.
func TestGoldenOnArm64(t *testing.T) {
	for _, pkg := range goldenPackages(t) {
		t.Run(pkg, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "test")
			compile := exec.Command("go", "test", "-c", "-o", program, ".")
			compile.Dir = filepath.Join("..", pkg)
			compile.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
			run(t, compile)
			test := exec.Command(arm64.emulator, program, "-test.run=Golden", "-test.v")
			test.Dir = compile.Dir
			if out := run(t, test); !strings.Contains(out, "--- PASS: ") {
				t.Errorf("no test has run:\n%s", out)
			}
		})
	}
}

var goldenTest = regexp.MustCompile(`(?m)^func Test\w*Golden`)

// goldenPackages returns the directories of the module that have such tests.
func goldenPackages(t testing.TB) (dirs []string) {
	t.Helper()
	files := run(t, exec.Command("go", "list", "-f",
		`{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, "../..."))
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for file := range strings.FieldsSeq(files) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err == nil && goldenTest.Match(text) && dir != "e2e" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 0 {
		t.Fatal("there are no golden tests")
	}
	return dirs
}
