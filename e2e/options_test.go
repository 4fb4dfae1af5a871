//go:build linux

package e2e

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHostLibraries packages C and C++ with libraries that are installed on
// the host, for two machines side by side as Debian has them (multiarch), and
// a file that the function reads.
func TestHostLibraries(t *testing.T) {
	for _, m := range []machine{amd64, arm64} {
		t.Run(m.arch, func(t *testing.T) {
			args := []string{"--arch", m.arch, "--include", "greeting.txt"}
			expectText(t, packFails(t, "testdata/native", nil, args...),
				"lib/libgcc_s.so.1: it needs GLIBC_2.35", "provided.al2023 has GLIBC_2.34 at most")
			// Too new for Lambda; but then the root file system is Debian's.
			zip := pack(t, "testdata/native", append(args, "--check=false")...)
			expectLibraries(t, zip, "libz.so.1", "libstdc++.so.6", "libgcc_s.so.1")
			if !slices.Contains(names(t, zip), "greeting.txt") {
				t.Error("the package lacks the included file")
			}
			out, code := newRootfs(t, m, zip).output(t)
			if code != 0 || !strings.HasPrefix(out, "1.2.13") || !strings.HasSuffix(out, " 7 hello") {
				t.Errorf("the function prints %q and exits with %d", out, code)
			}
		})
	}
	t.Run("excluded", func(t *testing.T) {
		zip := pack(t, "testdata/native", "--exclude-lib", "libstdc++.so.*", "--exclude-lib", "libgcc_s.so.1")
		expectLibraries(t, zip, "libz.so.1")
		out, code := newRootfs(t, amd64, zip).output(t)
		if code != 127 {
			t.Errorf("exit code %d, want 127", code)
		}
		expectText(t, out, "error while loading shared libraries: libstdc++.so.6")
	})
}

// private returns a copy of a function that links a library of its own, with
// that library compiled, and with its symbols.
func private(t testing.TB, to string) (dir string, libraryPath []string) {
	t.Helper()
	dir = copyOf(t, "testdata/private", to)
	lib := filepath.Join(dir, "lib")
	run(t, exec.Command("gcc", "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1",
		"-o", filepath.Join(lib, "libanswer.so.1"), filepath.Join(lib, "answer.c")))
	run(t, exec.Command("ln", "-s", "libanswer.so.1", filepath.Join(lib, "libanswer.so")))
	return dir, []string{"LD_LIBRARY_PATH=" + lib}
}

// TestStrip: what is compiled is stripped unless symbols are to be kept, and
// libraries are stripped where that is asked for.
func TestStrip(t *testing.T) {
	dir, env := private(t, filepath.Join(t.TempDir(), "function"))
	for _, test := range []struct {
		name               string
		args               []string
		bootstrap, library bool // have symbols
	}{
		{"default", nil, false, true},
		{"all", []string{"--strip"}, false, false},
		{"nothing", []string{"--strip=false"}, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			zip := packWith(t, dir, env, test.args...)
			if got := hasSymbols(t, zip, "bootstrap"); got != test.bootstrap {
				t.Errorf("bootstrap has symbols: %t", got)
			}
			if got := hasSymbols(t, zip, "lib/libanswer.so.1"); got != test.library {
				t.Errorf("the library has symbols: %t", got)
			}
			if out, code := newRootfs(t, amd64, zip).output(t); code != 0 || out != "42" {
				t.Errorf("the function prints %q and exits with %d", out, code)
			}
		})
	}
	t.Run("arm64", func(t *testing.T) {
		zip := pack(t, "testdata/dlopen", "--add-lib", "libz.so.1", "--strip", "--arch", "arm64")
		expectLibraries(t, zip, "libz.so.1")
		expectELF(t, zip, elf.EM_AARCH64)
	})
}

func hasSymbols(t testing.TB, zip, name string) bool {
	t.Helper()
	return elfOf(t, zip, name).Section(".symtab") != nil
}
