package pack_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// full is set on a machine that has all that the tests want; there a test that
// cannot run fails.
var full = os.Getenv("LAMBDAPACK_FULL") == "1"

func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if full {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func target(a lambda.Arch) lambda.Target {
	return lambda.Target{Arch: a, Runtime: lambda.DefaultRuntime()}
}

// program returns an ELF header for a machine, and so much of a program as a
// package looks at.
func program(m elf.Machine) []byte {
	b := make([]byte, 64)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA], b[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	binary.LittleEndian.PutUint16(b[16:], uint16(elf.ET_EXEC))
	binary.LittleEndian.PutUint16(b[18:], uint16(m))
	return b
}

// random returns n bytes that nothing compresses, from a generator that is
// fixed here (splitmix64): math/rand's stream may change.
func random(seed uint64, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		b = binary.LittleEndian.AppendUint64(b, z^z>>31)
	}
	return b[:n]
}

// prose returns n bytes that compress as text does.
func prose(n int) []byte {
	words := []string{"lambda ", "function ", "handler ", "the ", "of ", "bootstrap ", "event, ", "a ", "returns ", "error.\n"}
	var b bytes.Buffer
	for i, r := range random(42, n) {
		if b.Len() >= n {
			break
		}
		b.WriteString(words[int(r)%len(words)])
		if i%7 == 0 {
			fmt.Fprint(&b, i)
		}
	}
	return b.Bytes()[:n]
}

const script = "#!/bin/sh\nexec true\n"

// content is files by name, with the bootstrap that every package needs.
func content(files map[string]string) []pack.File {
	out := []pack.File{{Name: "bootstrap", Data: []byte(script)}}
	for name, data := range files {
		out = append(out, pack.File{Name: name, Data: []byte(data)})
	}
	return out
}

func newPackage(t testing.TB, files []pack.File) *pack.Package {
	t.Helper()
	p, err := pack.New(target(lambda.ARM64), files, lambda.MaxUnpacked)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func writeZip(t testing.TB, p *pack.Package, path string, opts pack.ZipOptions) pack.Written {
	t.Helper()
	w, err := p.WriteZip(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func writeFile(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names lists a directory, hidden files too.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// facts is what a reader says of a file.
type facts struct {
	Mode   fs.FileMode
	Size   int64
	SHA256 string
	Time   time.Time
}

func factsOf(mode fs.FileMode, data []byte, at time.Time) facts {
	sum := sha256.Sum256(data)
	return facts{mode, int64(len(data)), hex.EncodeToString(sum[:]), at.UTC()}
}

// tree reads a directory; facts of directories have mode and time only.
func tree(t testing.TB, root string) map[string]facts {
	t.Helper()
	out := map[string]facts{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			out[filepath.ToSlash(rel)] = facts{Mode: info.Mode(), Time: info.ModTime().UTC()}
			return nil
		}
		data, err := os.ReadFile(path)
		out[filepath.ToSlash(rel)] = factsOf(info.Mode(), data, info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// equalFacts reports each difference on a line of its own. Windows has no such
// modes.
func equalFacts(t *testing.T, got, want map[string]facts) {
	t.Helper()
	for name, w := range want {
		g, ok := got[name]
		if runtime.GOOS == "windows" {
			g.Mode, w.Mode = 0, 0
		}
		if !ok {
			t.Errorf("%s is missing", name)
		} else if g != w {
			t.Errorf("%s: %+v, want %+v", name, g, w)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: not expected", name)
		}
	}
}
