package pack_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func mountTmpfs(t *testing.T, dir string, size int) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(size)); err != nil {
		missing(t, "this root may not mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

func init() { children["large file"] = packLargeFile }

const (
	largeFile = 200 << 20
	maxMemory = 128 << 20 // resident, of the whole process
)

// packLargeFile packages 200 MiB, of which every second MiB is incompressible,
// and prints the most memory that the process had.
func packLargeFile() error {
	if err := writeLargeFile("large"); err != nil {
		return err
	}
	files := append(content(nil), pack.File{Name: "large", Path: "large"})
	p, err := pack.New(target(lambda.ARM64), files, lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	w, err := p.WriteZip(context.Background(), "x.zip", pack.ZipOptions{Pool: pack.NewPool(8), Memos: "memos"})
	if err != nil {
		return err
	}
	if w.Size < largeFile/2 {
		return fmt.Errorf("%d bytes: the content was not what it should be", w.Size)
	}
	return printPeak()
}

// printPeak prints the most memory that the process had, in KiB.
func printPeak() error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.Fields(kb)[0])
		}
	}
	return nil
}

func writeLargeFile(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	same, fresh := make([]byte, 1<<20), random(1, 1<<20)
	for i := range uint64(largeFile >> 21) {
		for at := 0; at < len(fresh); at += 8 { // not compressible by the MiB before, and quick to make
			b := fresh[at:]
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)*0x9e3779b97f4a7c15+i)
		}
		w.Write(same)
		w.Write(fresh)
	}
	return w.Flush()
}

func TestMemoryOfLargeFile(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes seconds, and the race detector has memory of its own")
	}
	dir := t.TempDir()
	kb, err := strconv.Atoi(child(t, "large file", dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB resident at most", kb>>10)
	if kb<<10 > maxMemory {
		t.Errorf("packaging %d MiB took %d MiB of memory, over %d", largeFile>>20, kb>>10, maxMemory>>20)
	}
	if info, err := os.Stat(filepath.Join(dir, "x.zip")); err != nil || info.Size() == 0 {
		t.Errorf("no zip: %v", err)
	}
}
