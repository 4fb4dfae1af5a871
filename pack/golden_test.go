package pack_test

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/pack"
)

// golden are packages of fixed content and the digests of their zips. The
// digests are a promise to users, whose deployments compare them: a change here
// is a breaking change and stands in the changelog.
var golden = []struct {
	name   string
	files  func() []pack.File
	digest string
}{
	{"script", only(nil), "d1c1babbfd7537ec4312f9ee920a54bab2cc55382ffaa558016c3d313597077f"},
	{"program", func() []pack.File {
		return []pack.File{{Name: "bootstrap", Data: program(elf.EM_AARCH64)}}
	}, "5918d3a498d80923df3bbcc58ee2054457f36c13adb2d13e61b2edb09e39e75a"},
	{"empty file", only(map[string]string{"empty": ""}), "5d3d3a5cebfbb548f5c7876440ce1085f56ee4d5d6b46b5d08020a066d19d4ba"},
	{"tiny text", only(map[string]string{"hello.txt": "hello, world\n"}), "baefc5579f767966e9d37c40801a20822c0344ad1ed3d189fd09c5f3cc06237e"},
	{"3 MiB of prose", func() []pack.File { return content(map[string]string{"prose": string(prose(3 << 20))}) }, "fc9873a186b13199e5689afd1aa956170615f30032c7ef3517a404aea4319ab1"},
	{"1 MiB incompressible", func() []pack.File { return content(map[string]string{"random": string(random(1, 1<<20))}) }, "073a9acb5f4c33bde0791d02e911b490f66f6d331945bc1cf36184f18e5a6861"},
	{"half and half", func() []pack.File {
		return content(map[string]string{"mixed": string(prose(700_000)) + string(random(2, 700_000))})
	}, "de1983df9067911a3c6a9f93a4a6d145da9e5a45ed086c084e55b1bcd486a56b"},
	{"a byte less than a block", func() []pack.File { return content(map[string]string{"f": string(prose(524287))}) }, "81a173e18b27b63989aa07d3d5cc87feda6071384483ef9eb905ccaefd28e612"},
	{"a block", func() []pack.File { return content(map[string]string{"f": string(prose(524288))}) }, "e68c4663c80aa2c0862c3586c74bc80fc39ddc7e478ecbec329adbc6834b02ad"},
	{"a byte more than a block", func() []pack.File { return content(map[string]string{"f": string(prose(524289))}) }, "a6e1fc1681b7b798696f1f61d0ff17b050445a4021fa82ee71f4c8272741cca0"},
	{"non-ASCII name", only(map[string]string{"größe/日本語.txt": "Größe"}), "0e6566a4ac0ea2ec6d9e83a8450a552de9e6a26c72d8304de82251257b102170"},
	{"nested directories", only(map[string]string{"a/b/c/d": "deep", "a/b.txt": "b", "a-b": "between", "lib/libx.so.1": "\x7fELF, almost", "z": "last"}), "014d8d03ede3395f095f88e1ae6c72cba752cfc81f63d6043bf483dafc65124b"},
}

func only(files map[string]string) func() []pack.File {
	return func() []pack.File { return content(files) }
}

func TestGoldenDigests(t *testing.T) {
	for _, test := range golden {
		t.Run(test.name, func(t *testing.T) {
			w := writeZip(t, newPackage(t, test.files()), filepath.Join(t.TempDir(), "x.zip"), pack.ZipOptions{})
			if w.Hex() != test.digest {
				t.Errorf("digest %s, want %s", w.Hex(), test.digest)
			}
		})
	}
}

// all is one package of the golden ones' files: all ways through the writer.
func all() []pack.File {
	files := content(nil)
	for _, test := range golden {
		for _, f := range test.files() {
			if f.Name != "bootstrap" {
				f.Name = strings.ReplaceAll(test.name, " ", "-") + "/" + f.Name
				files = append(files, f)
			}
		}
	}
	return files
}

func digestOf(t *testing.T, files []pack.File, pool int) string {
	t.Helper()
	return writeZip(t, newPackage(t, files), filepath.Join(t.TempDir(), "x.zip"), pack.ZipOptions{Pool: pack.NewPool(pool)}).Hex()
}

func TestDigestIndependentOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	want := digestOf(t, all(), 1)
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		for _, pool := range []int{1, 2, 16} {
			if got := digestOf(t, all(), pool); got != want {
				t.Errorf("GOMAXPROCS %d, pool of %d: digest %s, want %s", procs, pool, got, want)
			}
		}
	}
}

func TestDigestIndependentOfSources(t *testing.T) {
	files := all()
	want := digestOf(t, files, 2)
	slices.Reverse(files)
	if got := digestOf(t, files, 2); got != want {
		t.Errorf("in another order: digest %s, want %s", got, want)
	}
	for _, mode := range []os.FileMode{0o600, 0o777} {
		dir := t.TempDir()
		onDisk := slices.Clone(files)
		for i, f := range files {
			path := filepath.Join(dir, strings.Repeat("x", i+1))
			if err := os.WriteFile(path, f.Data, mode); err != nil {
				t.Fatal(err)
			}
			onDisk[i] = pack.File{Name: f.Name, Path: path}
		}
		if got := digestOf(t, onDisk, 2); got != want {
			t.Errorf("from files of mode %o in %s: digest %s, want %s", mode, dir, got, want)
		}
	}
}

// The negative control: what is in a package does change its digest.
func TestDigestDependsOnContent(t *testing.T) {
	base := map[string]string{"a.txt": "text", "b.txt": ""}
	variants := []map[string]string{
		base,
		{"a.txt": "texT", "b.txt": ""},
		{"a.txt": "text"},
		{"a.txt": "text", "c.txt": ""},
		{"a.txt": "", "b.txt": "text"},
		{"a.txt": "#!ext", "b.txt": ""},
		{"x/a.txt": "text", "b.txt": ""},
	}
	seen := map[string]int{}
	for i, v := range variants {
		d := digestOf(t, content(v), 1)
		if other, ok := seen[d]; ok {
			t.Errorf("variants %d and %d have one digest", other, i)
		}
		seen[d] = i
	}
}
