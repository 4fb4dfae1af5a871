//go:build unix

package pack_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func init() {
	children["outputs"] = writeOutputs
	children["file limit"] = hitFileLimit
}

// writeOutputs writes the package of all files as x.zip and as x below the
// working directory, under the umask of the environment.
func writeOutputs() error {
	umask, err := strconv.ParseInt(os.Getenv("TEST_UMASK"), 8, 0)
	if err != nil {
		return err
	}
	syscall.Umask(int(umask))
	p, err := pack.New(target(lambda.ARM64), all(), lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	w, err := p.WriteZip(context.Background(), "x.zip", pack.ZipOptions{})
	if err != nil {
		return err
	}
	fmt.Println(w.Hex())
	return p.WriteDir(context.Background(), "x", false)
}

func TestOutputsIndependentOfProcess(t *testing.T) {
	p := newPackage(t, all())
	want := writeZip(t, p, filepath.Join(t.TempDir(), "x.zip"), pack.ZipOptions{}).Hex()
	for _, env := range [][]string{
		{"TEST_UMASK=022", "TZ=UTC"},
		{"TEST_UMASK=077", "TZ=Asia/Tokyo", "GOMAXPROCS=1"},
		{"TEST_UMASK=000", "TZ=America/St_Johns", "LC_ALL=tr_TR.UTF-8", "USER=nobody"},
	} {
		dir := t.TempDir()
		if got := child(t, "outputs", dir, env...); got != want {
			t.Errorf("%v: digest %s, want %s", env, got, want)
		}
		info, err := os.Stat(filepath.Join(dir, "x.zip"))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o644 {
			t.Errorf("%v: the zip's mode is %v", env, info.Mode())
		}
		equalFacts(t, tree(t, filepath.Join(dir, "x")), expected(t, p, true))
	}
}

// hitFileLimit makes the kernel refuse to write beyond 1 MiB of a file, as it
// refuses when a disk is full.
func hitFileLimit() error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	p, err := pack.New(target(lambda.ARM64), content(map[string]string{"random": string(random(5, 3<<20))}), lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	if _, err = p.WriteZip(context.Background(), "x.zip", pack.ZipOptions{Memos: "memos"}); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("zip: error %v, want %v", err, syscall.EFBIG)
	}
	if err = p.WriteDir(context.Background(), "x", true); !errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("directory: error %v, want %v", err, syscall.EFBIG)
	}
	return nil
}

func TestWriteErrorKeepsPrevious(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "x.zip"), "previous")
	writeFile(t, filepath.Join(dir, "x", "file"), "previous")
	child(t, "file limit", dir)
	keptPrevious(t, dir)
}

// On a full disk the error may come at any write, a rename's included.
func TestFullDiskKeepsPrevious(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small tmpfs; TestWriteErrorKeepsPrevious covers write errors")
	}
	dir := t.TempDir()
	mountTmpfs(t, dir, 1<<20)
	writeFile(t, filepath.Join(dir, "x.zip"), "previous")
	writeFile(t, filepath.Join(dir, "x", "file"), "previous")
	p := newPackage(t, content(map[string]string{"random": string(random(5, 3<<20))}))
	if _, err := p.WriteZip(context.Background(), filepath.Join(dir, "x.zip"), pack.ZipOptions{Pool: pack.NewPool(4)}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("zip: error %v, want %v", err, syscall.ENOSPC)
	}
	if err := p.WriteDir(context.Background(), filepath.Join(dir, "x"), true); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("directory: error %v, want %v", err, syscall.ENOSPC)
	}
	keptPrevious(t, dir)
}
