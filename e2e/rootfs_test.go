//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user that functions run as.
const nobody = 65534

// A machine is one that packages are run on: this one, or one that QEMU
// emulates.
type machine struct {
	arch string
	// emulator is a static program that is given the executable.
	emulator string
}

var (
	amd64 = machine{arch: "amd64"}
	arm64 = machine{arch: "arm64", emulator: "qemu-aarch64-static"}
)

// A rootfs is a root file system with the C library and a package at /var/task,
// and with nothing else.
type rootfs struct {
	dir     string
	machine machine
}

func newRootfs(t testing.TB, m machine, zip string) *rootfs {
	t.Helper()
	r := &rootfs{dir: filepath.Join(t.TempDir(), "root"), machine: m}
	run(t, exec.Command("cp", "-a", filepath.Join(roots, "glibc-"+m.arch), r.dir))
	for _, dir := range []string{"lib64", "proc/self", "tmp", "var/task"} {
		if err := os.MkdirAll(r.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(r.path("tmp"), 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	r.origin(t)
	if m.emulator != "" {
		tool, err := exec.LookPath(m.emulator)
		if err != nil {
			t.Fatal(err)
		}
		run(t, exec.Command("cp", tool, r.path(m.emulator)))
	}
	r.bare(t, zip)
	run(t, exec.Command("unzip", "-q", zip, "-d", r.path("var/task")))
	return r
}

func (r *rootfs) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

// origin makes all of /proc that the dynamic loader reads: it takes $ORIGIN
// from here.
func (r *rootfs) origin(t testing.TB) {
	t.Helper()
	if err := os.Symlink("/var/task/bootstrap", r.path("proc/self/exe")); err != nil {
		t.Fatal(err)
	}
}

// bare makes sure that none of a package's libraries is there already.
func (r *rootfs) bare(t testing.TB, zip string) {
	t.Helper()
	shipped := libraries(t, zip)
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if slices.Contains(shipped, d.Name()) {
			t.Errorf("the root file system has %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// remove takes a file away, which has to be there.
func (r *rootfs) remove(t testing.TB, name string) {
	t.Helper()
	if err := os.Remove(r.path(name)); err != nil {
		t.Fatal(err)
	}
}

// environment is what Lambda sets. The directories of the system come before
// the package's in LD_LIBRARY_PATH.
func environment() []string {
	return []string{
		"LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime",
		"LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG=en_US.UTF-8", "TZ=:UTC",
		"_HANDLER=bootstrap", "AWS_REGION=eu-central-1", "AWS_LAMBDA_FUNCTION_NAME=e2e",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
	}
}

// command starts the package's bootstrap as Lambda does.
func (r *rootfs) command(env ...string) *exec.Cmd {
	argv := []string{"/var/task/bootstrap"}
	if r.machine.emulator != "" {
		argv = append([]string{"/" + r.machine.emulator}, argv...)
	}
	return &exec.Cmd{
		Path: argv[0], Args: argv, Dir: "/var/task", Env: append(environment(), env...),
		SysProcAttr: &syscall.SysProcAttr{Chroot: r.dir, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}},
	}
}

// output runs a bootstrap that ends by itself, and returns all that it prints
// and its exit code.
func (r *rootfs) output(t testing.TB) (string, int) {
	t.Helper()
	var out bytes.Buffer
	cmd := r.command()
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String()), cmd.ProcessState.ExitCode()
}
