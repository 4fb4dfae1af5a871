// Package e2e tests the command as users have it, on real libraries, servers
// and machines. `make e2e` runs it, on what e2e/setup has installed.
package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// lambdapack is the command under test, roots the directory that e2e/setup
// fills.
var lambdapack, roots string

func TestMain(m *testing.M) {
	if os.Getenv("LAMBDAPACK_FULL") != "1" {
		fmt.Println("skipped: these tests need what make e2e installs")
		return
	}
	os.Exit(mainCode(m))
}

func mainCode(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lambdapack-e2e-*")
	if err == nil {
		defer os.RemoveAll(dir)
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func prepare(dir string) error {
	if os.Getuid() != 0 {
		return errors.New("these tests change their root directory and user: run them as root")
	}
	roots = os.Getenv("LAMBDAPACK_E2E")
	if roots == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		roots = filepath.Join(cache, "lambdapack-e2e")
	}
	if _, err := os.Stat(filepath.Join(roots, "complete-2")); err != nil {
		return fmt.Errorf("run e2e/setup first: %w", err)
	}
	lambdapack = filepath.Join(dir, "lambdapack")
	out, err := exec.Command("go", "build", "-o", lambdapack, "../cmd/lambdapack").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the command: %w\n%s", err, out)
	}
	// What an earlier run has kept must not be what is tested.
	return os.Setenv("LAMBDAPACK_CACHE", filepath.Join(dir, "cache"))
}

// sysroot holds Debian's libpq and what it needs, for a machine.
func sysroot(arch string) string { return filepath.Join(roots, "sysroot-"+arch) }

// run runs a command to its end and returns its stdout; anything but success
// fails the test.
func run(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// pack builds the program in a directory into a zip for provided.al2023, and
// returns the zip's path.
func pack(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return packWith(t, dir, nil, args...)
}

// packWith does as pack, with more in the environment.
func packWith(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	zip := filepath.Join(t.TempDir(), "function.zip")
	cmd := packCommand(dir, append(args, "-o", zip)...)
	cmd.Env = append(os.Environ(), env...)
	run(t, cmd)
	return zip
}

func packCommand(dir string, args ...string) *exec.Cmd {
	args = append([]string{"build", "--quiet", "--cgo", "--runtime", "provided.al2023"}, args...)
	cmd := exec.Command(lambdapack, append(args, ".")...)
	cmd.Dir = dir
	return cmd
}

// packFails does as pack, expects the build to fail, and returns what it says.
func packFails(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	zip := filepath.Join(t.TempDir(), "function.zip")
	cmd := packCommand(dir, append(args, "-o", zip)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("%v: %v, want exit code 1\n%s", cmd.Args, err, out)
	}
	if _, err := os.Stat(zip); err == nil {
		t.Errorf("%v left a package", cmd.Args)
	}
	return string(out)
}
