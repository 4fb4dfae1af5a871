package pack_test

import (
	"debug/elf"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func TestNew(t *testing.T) {
	source := filepath.Join(t.TempDir(), "source")
	writeFile(t, source, "#!/usr/bin/env python3\n")
	if err := os.Symlink(source, source+".link"); err != nil {
		t.Fatal(err)
	}
	p := newPackage(t, []pack.File{
		{Name: "lib/x/libx.so.1", Data: program(elf.EM_X86_64)},
		{Name: "lib-data", Data: []byte("text")},
		{Name: "bootstrap", Data: program(elf.EM_AARCH64)},
		{Name: "tool", Path: source + ".link"},
		{Name: "empty"},
		{Name: "lib/elf", Data: []byte("\x7fEL")},
		{Name: "lib/hash", Data: []byte("#")},
	})
	type row struct {
		name string
		mode fs.FileMode
		size int64
	}
	want := []row{
		{"bootstrap", 0o755, 64},
		{"empty", 0o644, 0},
		{"lib", fs.ModeDir | 0o755, 0},
		{"lib-data", 0o644, 4},
		{"lib/elf", 0o644, 3},
		{"lib/hash", 0o644, 1},
		{"lib/x", fs.ModeDir | 0o755, 0},
		{"lib/x/libx.so.1", 0o755, 64},
		{"tool", 0o755, 23},
	}
	var got []row
	for _, e := range p.Entries() {
		got = append(got, row{e.Name, e.Mode, e.Size})
		if e.IsDir() != e.Mode.IsDir() {
			t.Errorf("%s: IsDir is %v", e.Name, e.IsDir())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries\n%v, want\n%v", got, want)
	}
	if p.UnpackedSize() != 64+4+3+1+64+23 {
		t.Errorf("%d bytes unpacked", p.UnpackedSize())
	}
	if p.Target().Arch != lambda.ARM64 {
		t.Errorf("target %v", p.Target())
	}
	p.Entries()[0].Name = "changed"
	if p.Entries()[0].Name != "bootstrap" {
		t.Error("a caller can change the package")
	}
}

func TestNewErrors(t *testing.T) {
	dir := t.TempDir()
	named := func(names ...string) (files []pack.File) {
		for _, name := range names {
			files = append(files, pack.File{Name: name, Data: []byte(script)})
		}
		return append(files, pack.File{Name: "bootstrap", Data: program(elf.EM_AARCH64)})
	}
	boot := func(data []byte) []pack.File { return []pack.File{{Name: "bootstrap", Data: data}} }
	tests := []struct {
		name  string
		files []pack.File
		want  string
		fix   string
	}{
		{"no name", named(""), "an entry without a name", ""},
		{"the root", named("."), "an entry without a name", ""},
		{"absolute", named("/etc/passwd"), `"/etc/passwd": the path is absolute`, ""},
		{"parent", named(".."), "leaves the package's root", ""},
		{"through the parent", named("../x"), "leaves the package's root", ""},
		{"not clean", named("a/../b"), "not clean", ""},
		{"double slash", named("a//b"), "not clean", ""},
		{"slash at the end", named("a/"), "not clean", ""},
		{"dot", named("./a"), "not clean", ""},
		{"backslash", named(`a\b`), "backslash", ""},
		{"zero byte", named("a\x00b"), "zero byte", ""},
		{"not UTF-8", named("gr\xf6\xdfe"), "not UTF-8", ""},
		{"long", named(strings.Repeat("a", 1<<16)), "longer than a zip can hold", ""},
		{"twice", named("a/b", "a/b"), "a/b: two files have this name", ""},
		{"letter case", named("a/Read", "a/read"), "only in letter case", "rename one"},
		{"letter case of directories", named("Lib/a", "lib/b"), "only in letter case", "rename one"},
		{"letter case of file and directory", named("lib", "LIB/b"), "only in letter case", "rename one"},
		{"letter case beyond ASCII", named("GRÖSSE", "grösse"), "only in letter case", "rename one"},
		{"letter case of bootstrap", named("Bootstrap"), "only in letter case", "rename one"},
		{"file and directory", named("a", "a/b/c"), "a is a file, and cannot be a directory too", ""},
		{"below bootstrap", named("bootstrap/x"), "bootstrap is a file", ""},
		{"no bootstrap", []pack.File{{Name: "lib/bootstrap", Data: []byte(script)}}, "no file named bootstrap in the package's root", ""},
		{"nothing", nil, "no file named bootstrap", ""},
		{"empty bootstrap", boot(nil), "neither an ELF file nor a script", "give a Linux executable"},
		{"text", boot([]byte("echo")), "neither an ELF file nor a script", "give a Linux executable"},
		{"Mach-O", boot([]byte("\xcf\xfa\xed\xfe................")), "neither an ELF file nor a script", "give a Linux executable"},
		{"half a header", boot(program(elf.EM_AARCH64)[:19]), "neither an ELF file nor a script", "give a Linux executable"},
		{"other machine", boot(program(elf.EM_X86_64)), "is for amd64, and the target is arm64", "--arch"},
		{"no machine of Lambda", boot(program(elf.EM_RISCV)), "is for EM_RISCV, and the target is arm64", "--arch"},
		{"too large", append(named(), pack.File{Name: "big", Data: make([]byte, 2000)}), "2064 bytes unpacked are over Lambda's limit of 1000; the largest file is big with 2000", "image"},
		{"missing source", append(named(), pack.File{Name: "a", Path: filepath.Join(dir, "none")}), "none: ", ""},
		{"directory as source", append(named(), pack.File{Name: "a", Path: dir}), "is not a regular file", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := pack.New(target(lambda.ARM64), test.files, 1000)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if got := hint.Of(err); !strings.Contains(got, test.fix) || test.fix == "" && got != "" {
				t.Errorf("fix %q, want %q", got, test.fix)
			}
		})
	}
}

func TestNewAcceptsTheLimit(t *testing.T) {
	files := []pack.File{{Name: "bootstrap", Data: []byte(script)}, {Name: "a", Data: make([]byte, 100-len(script))}}
	for limit, ok := range map[int64]bool{99: false, 100: true} {
		if _, err := pack.New(target(lambda.AMD64), files, limit); (err == nil) != ok {
			t.Errorf("100 bytes of %d: error %v", limit, err)
		}
	}
}
