//go:build linux

package e2e

import (
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const postgres = "../examples/postgres"

// libpq of Debian 12 with OpenSSL, Kerberos and LDAP, and LDAP's own GnuTLS and
// SASL: all but the C library.
var libpq = []string{
	"libpq.so.5", "libssl.so.3", "libcrypto.so.3",
	"libgssapi_krb5.so.2", "libkrb5.so.3", "libk5crypto.so.3", "libkrb5support.so.0", "libcom_err.so.2", "libkeyutils.so.1",
	"libldap-2.5.so.0", "liblber-2.5.so.0", "libsasl2.so.2",
	"libgnutls.so.30", "libhogweed.so.6", "libnettle.so.8", "libgmp.so.10", "libidn2.so.0", "libunistring.so.2",
	"libtasn1.so.6", "libp11-kit.so.0", "libffi.so.8",
}

// TestPostgres packages a function that links libpq, and runs it where there
// is no libpq.
func TestPostgres(t *testing.T) {
	server := startPostgres(t)
	for _, test := range []struct {
		name    string
		machine machine
		elf     elf.Machine
		args    []string
	}{
		{"amd64", amd64, elf.EM_X86_64, nil},
		{"amd64 in a sysroot", amd64, elf.EM_X86_64, []string{"--sysroot", sysroot("amd64")}},
		{"arm64 in a sysroot", arm64, elf.EM_AARCH64, []string{"--arch", "arm64", "--sysroot", sysroot("arm64")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tooNew(t, test.args)
			zip := pack(t, postgres, test.args...)
			expectLibraries(t, zip, libpq...)
			expectELF(t, zip, test.elf)
			expectRPATH(t, zip)
			r := newRootfs(t, test.machine, zip)
			t.Run("version", func(t *testing.T) { askVersion(t, r) })
			t.Run("query", func(t *testing.T) { query(t, r, server) })
			t.Run("shadowed", func(t *testing.T) { shadowed(t, r) })
			t.Run("without OpenSSL", func(t *testing.T) { withoutOpenSSL(t, r) })
		})
	}
}

// tooNew: Debian 12 is for provided.al2023 at the earliest.
func tooNew(t *testing.T, args []string) {
	t.Helper()
	out := packFails(t, postgres, nil, append(args[:len(args):len(args)], "--runtime", "provided.al2")...)
	expectText(t, out, "it needs GLIBC_2.", "of libc.so.6", "provided.al2 has GLIBC_2.26 at most", "fix: ")
}

// expectRPATH: DT_RUNPATH would come after LD_LIBRARY_PATH.
func expectRPATH(t *testing.T, zip string) {
	t.Helper()
	f := elfOf(t, zip, "bootstrap")
	rpath, _ := f.DynString(elf.DT_RPATH)
	runpath, _ := f.DynString(elf.DT_RUNPATH)
	if len(rpath) != 1 || rpath[0] != "$ORIGIN/lib" || len(runpath) != 0 {
		t.Errorf("bootstrap has the DT_RPATH %q and the DT_RUNPATH %q", rpath, runpath)
	}
}

func askVersion(t *testing.T, r *rootfs) {
	got := r.start(t).invoke(t, `{}`)
	if !regexp.MustCompile(`^\{"libpq":"15\.\d+"\}$`).MatchString(got) {
		t.Errorf("the function answers %s", got)
	}
}

// query goes through OpenSSL: the connection is encrypted, and the password is
// proved with SCRAM.
func query(t *testing.T, r *rootfs, server *postgresServer) {
	f := r.start(t, "PGCONNINFO="+server.conninfo)
	for sql, want := range map[string]string{
		"select 1":                             `[["1"]]`,
		"select 'Grüße', 2 union select '', 3": `[["","3"],["Grüße","2"]]`,
		"select ssl, version from pg_stat_ssl where pid = pg_backend_pid()": `[["t","TLSv1.3"]]`,
	} {
		event, _ := json.Marshal(map[string]string{"sql": sql})
		var got struct{ Rows json.RawMessage }
		if err := json.Unmarshal([]byte(f.invoke(t, string(event))), &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Rows) != want {
			t.Errorf("%s: %s, want %s", sql, got.Rows, want)
		}
	}
}

// shadowed puts libraries that cannot be loaded where the system's would be,
// ahead of the package's in LD_LIBRARY_PATH.
func shadowed(t *testing.T, r *rootfs) {
	for _, name := range libpq {
		path := r.path("lib64/" + name)
		if err := os.WriteFile(path, []byte("not a library"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(path) })
	}
	askVersion(t, r)

	// The control: a loader that cannot tell $ORIGIN does load those. The
	// emulator always tells.
	if r.machine.emulator == "" {
		r.remove(t, "proc/self/exe")
		defer r.origin(t)
		out, code := r.output(t)
		if want := "error while loading shared libraries: /lib64/libpq.so.5: file too short"; code != 127 || !strings.Contains(out, want) {
			t.Errorf("exit code %d: %s; want 127 and %q", code, out, want)
		}
	}
}

// withoutOpenSSL is the control: what the other tests run on does come from
// the package.
func withoutOpenSSL(t *testing.T, r *rootfs) {
	r.remove(t, "var/task/lib/libssl.so.3")
	out, code := r.output(t)
	if want := "error while loading shared libraries: libssl.so.3: cannot open shared object file"; code != 127 || !strings.Contains(out, want) {
		t.Errorf("exit code %d: %s; want 127 and %q", code, out, want)
	}
}

// copyOf copies a directory of the repository, to be changed.
func copyOf(t testing.TB, dir, to string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command("cp", "-a", dir, to))
	return to
}
