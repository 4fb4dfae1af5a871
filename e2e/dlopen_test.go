//go:build linux

package e2e

import (
	"strings"
	"testing"
)

// TestAddLib: nothing but --add-lib can know what a program opens when it
// runs. What is added comes with what it needs.
func TestAddLib(t *testing.T) {
	const dir = "testdata/dlopen"
	t.Run("without", func(t *testing.T) {
		zip := pack(t, dir)
		expectLibraries(t, zip)
		out, _ := newRootfs(t, amd64, zip).output(t)
		if !strings.HasPrefix(out, "libssl.so.3: cannot open shared object file") {
			t.Errorf("the function prints %q", out)
		}
	})
	for _, test := range []struct {
		name    string
		machine machine
		args    []string
	}{
		{"by soname", amd64, []string{"--add-lib", "libssl.so.3"}},
		{"by path", amd64, []string{"--add-lib", "/usr/lib/x86_64-linux-gnu/libssl.so.3"}},
		{"sysroot", arm64, []string{"--add-lib", "libssl.so.3", "--arch", "arm64", "--sysroot", sysroot("arm64")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			zip := pack(t, dir, test.args...)
			expectLibraries(t, zip, "libssl.so.3", "libcrypto.so.3")
			if out, code := newRootfs(t, test.machine, zip).output(t); code != 0 || !strings.HasPrefix(out, "OpenSSL 3.") {
				t.Errorf("the function prints %q and exits with %d", out, code)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		out := packFails(t, dir, nil, "--add-lib", "libabsent.so.1")
		expectText(t, out, "libabsent.so.1, which --add-lib needs, is not in the sysroot /", "fix: ")
	})
}

func expectText(t testing.TB, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("%s\ndoes not say %q", got, w)
		}
	}
}
