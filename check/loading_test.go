package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

const (
	start   = "void _start(void) {}\n"
	callsV  = "void v(void); void _start(void) { v(); }\n"
	defineV = "void v(void) {}\n"
	rpath   = "-Wl,--disable-new-dtags,-rpath,$ORIGIN/lib"
)

func TestMissingLibrary(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		f.lib("gone/libv.so.1", defineV, "")
		f.lib("lib/libmid.so.1", defineV, "", f.link("gone/libv.so.1")...)
		f.program("bootstrap", callsV, append(f.link("lib/libmid.so.1"), rpath, "-Wl,-rpath-link,"+f.path("gone"))...)
		f.remove("gone")
		r := f.check(Options{})
		expect(t, r, "error missing-library lib/libmid.so.1")
		evidence(t, r, missingLibrary, "libv.so.1", "provided.al2023")
	})
}

func TestMissingLibraryElsewhere(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.lib("deps/libv.so.1", defineV, "")
	f.program("bootstrap", callsV, f.link("deps/libv.so.1")...)
	r := f.check(Options{})
	expect(t, r, "error missing-library bootstrap")
	evidence(t, r, missingLibrary, "move deps/libv.so.1 to lib/libv.so.1")
}

// A library that only a plugin in a directory of its own needs may be needed, and
// may not.
func TestMissingOfPlugin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.lib("gone/libv.so.1", defineV, "")
	f.lib("plugins/p.so", "void p(void) {}", "", f.link("gone/libv.so.1")...)
	f.program("bootstrap", start)
	f.remove("gone")
	r := f.check(Options{})
	expect(t, r, "warning missing-library plugins/p.so")
}

// needing compiles a stand-in for a runtime's library that defines one version,
// and a bootstrap that needs it.
func (f *fixture) needing(soname, version string, flags ...string) {
	f.lib(".system/"+soname, defineV, version+" { global: v; };")
	f.program("bootstrap", callsV, append(f.link(".system/"+soname), flags...)...)
}

func TestRuntimeVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		soname, version string
		rt              *lambda.Runtime
		want            []string
		texts           []string
	}{
		{"libc.so.6", "GLIBC_2.26", al2, nil, nil},
		{"libc.so.6", "GLIBC_2.17", al2, nil, nil},
		{"libc.so.6", "GLIBC_2.28", al2, []string{"error missing-version bootstrap"}, []string{"GLIBC_2.28", "libc.so.6", "for v", "GLIBC_2.26 at most", "--runtime provided.al2023"}},
		{"libc.so.6", "GLIBC_2.28", al2023, nil, nil},
		{"libc.so.6", "GLIBC_2.34", al2023, nil, nil},
		{"libc.so.6", "GLIBC_2.36", al2023, []string{"error missing-version bootstrap"}, []string{"provided:al2023", "link statically"}},
		{"libc.so.6", "GLIBC_ABI_DT_RELR", al2023, []string{"error missing-version bootstrap"}, []string{"glibc 2.34"}},
		{"libm.so.6", "GLIBC_2.29", al2, []string{"error missing-version bootstrap"}, []string{"libm.so.6"}},
		{"libstdc++.so.6", "GLIBCXX_3.4.21", al2, []string{"warning image-library bootstrap"}, nil},
		{"libstdc++.so.6", "GLIBCXX_3.4.30", al2, []string{"error missing-version bootstrap", "warning image-library bootstrap"}, []string{"GLIBCXX_3.4.24 at most", "rpath"}},
		{"libstdc++.so.6", "CXXABI_1.3.14", al2023, []string{"error missing-version bootstrap", "warning image-library bootstrap"}, []string{"CXXABI_1.3.13"}},
		{"libcrypto.so.3", "OPENSSL_3.4.0", al2023, []string{"error missing-version bootstrap", "warning image-library bootstrap"}, []string{"OPENSSL_3.0.8"}},
		{"libcrypto.so.3", "OPENSSL_3.0.0", al2, []string{"error missing-library bootstrap"}, nil},
		{"libmagic.so.1", "MAGIC_1", al2023, []string{"error absent-in-lambda bootstrap"}, nil},
		{"libz.so.1", "ZLIB_1.2.9", al2023, []string{"warning image-library bootstrap"}, nil},
	} {
		for _, m := range machines {
			t.Run(test.rt.Name+" "+m.arch.String()+" "+test.version, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, m)
				f.needing(test.soname, test.version)
				r := f.check(Options{Runtime: test.rt})
				expect(t, r, test.want...)
				if len(test.texts) > 0 {
					evidence(t, r, missingVersion, test.texts...)
				}
			})
		}
	}
}

// A library of the package may be the wrong one too.
func TestPackageVersion(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		f.needing("libv.so.1", "V_2", rpath)
		f.lib("lib/libv.so.1", defineV, "V_1 { global: v; };")
		r := f.check(Options{})
		expect(t, r, "error missing-version bootstrap")
		evidence(t, r, missingVersion, "V_2", "/var/task/lib/libv.so.1 has V_1 at most")
		f.lib("lib/libv.so.1", defineV, "")
		r = f.check(Options{})
		expect(t, r, "notice unversioned-library bootstrap")
	})
}

func TestUndefinedSymbol(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		f.lib(".system/libv.so.1", "void v(void) {} void w(void) {}", "V_1 { global: v; w; };")
		f.program("bootstrap", "void w(void); void _start(void) { w(); }", append(f.link(".system/libv.so.1"), rpath)...)
		f.lib("lib/libv.so.1", defineV, "V_1 { global: v; };")
		r := f.check(Options{})
		expect(t, r, "error undefined-symbol bootstrap")
		evidence(t, r, undefinedSymbol, "w@V_1")
	})
}

func TestShadowed(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		const soname = "libssl.so.3"
		f.lib("lib/"+soname, defineV, "OPENSSL_3.0.0 { global: v; };")
		f.program("bootstrap", callsV, f.link("lib/"+soname)...)
		r := f.check(Options{})
		expect(t, r, "warning shadowed-library lib/libssl.so.3")
		evidence(t, r, shadowedLibrary, "/lib64/libssl.so.3 comes before it")

		f.lib("lib/"+soname, defineV, "OPENSSL_3.4.0 { global: v; };")
		f.program("bootstrap", callsV, f.link("lib/"+soname)...)
		r = f.check(Options{})
		expect(t, r, "error missing-version bootstrap", "error shadowed-library lib/libssl.so.3")

		f.program("bootstrap", callsV, append(f.link("lib/"+soname), rpath)...)
		r = f.check(Options{})
		expect(t, r)
		if got := r.Objects[0].Needs[1]; got.Path != "/var/task/lib/libssl.so.3" || got.From != "package" || got.How != "DT_RPATH of bootstrap (/var/task/lib)" {
			t.Errorf("%+v", got)
		}

		// DT_RUNPATH comes after LD_LIBRARY_PATH.
		f.program("bootstrap", callsV, append(f.link("lib/"+soname), "-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib")...)
		expect(t, f.check(Options{}), "error missing-version bootstrap", "error shadowed-library lib/libssl.so.3")
	})
}

func TestShippedGlibc(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.lib("lib/libm.so.6", defineV, "GLIBC_2.29 { global: v; };")
	f.program("bootstrap", callsV, append(f.link("lib/libm.so.6"), rpath)...)
	expect(t, f.check(Options{}), "error shipped-glibc lib/libm.so.6")
	f.program("bootstrap", start)
	expect(t, f.check(Options{}), "warning shipped-glibc lib/libm.so.6")
}

func TestMusl(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		f.program("bootstrap", start, "-Wl,--dynamic-linker=/lib/ld-musl-"+f.arch.RPM()+".so.1")
		r := f.check(Options{})
		expect(t, r, "error musl-program bootstrap")
		evidence(t, r, muslProgram, "musl", "statically")
		f.program("bootstrap", start, "-Wl,--dynamic-linker=/nix/store/x-glibc/lib/ld.so")
		expect(t, f.check(Options{}), "error missing-interpreter bootstrap")
	})
}

func TestMachines(t *testing.T) {
	t.Parallel()
	f, g := newFixture(t, machines[0]), newFixture(t, machines[1])
	f.program("bootstrap", start)
	arm := lambda.ARM64
	expect(t, f.check(Options{Arch: &arm}), "error wrong-machine bootstrap")
	g.lib("libv.so.1", defineV, "")
	for _, name := range []string{"lib/libv.so.1", "arm/libv.so.1"} {
		b, err := os.ReadFile(g.path("libv.so.1"))
		if err != nil {
			t.Fatal(err)
		}
		f.write(name, string(b), 0o644)
	}
	expect(t, f.check(Options{}), "error wrong-machine lib/libv.so.1", "warning wrong-machine arm/libv.so.1")
	b, err := os.ReadFile(f.path("bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	b[18] = 243 // RISC-V
	f.write("bootstrap", string(b), 0o755)
	r := f.check(Options{})
	evidence(t, r, wrongMachine, "riscv")
}

func TestDlopen(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	note := func(priority string) string {
		json := `[{"soname":["libzstd.so.9"],"feature":"zstd","priority":"` + priority + `"}]`
		return `__attribute__((section(".note.dlopen"), aligned(4), used)) static const struct { unsigned n, d, t; char owner[4]; char text[` +
			"128" + `]; } note = {4, 128, 0x407c0c0a, "FDO", "` + strings.ReplaceAll(json, `"`, `\"`) + `"};` + "\n"
	}
	for priority, severity := range map[string]string{"required": "error", "recommended": "warning", "suggested": "notice"} {
		f.program("bootstrap", note(priority)+start)
		expect(t, f.check(Options{}), severity+" missing-dlopen bootstrap")
	}
	f.lib("lib/libzstd.so.9", defineV, "")
	expect(t, f.check(Options{}))
}

func TestBrokenELF(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.write("bootstrap", "\x7fELF and nothing behind it", 0o755)
	expect(t, f.check(Options{}), "error broken-elf bootstrap")
	f.program("bootstrap", start)
	f.write("fixtures/bad.so", "\x7fELF and nothing behind it", 0o644)
	expect(t, f.check(Options{}), "warning broken-elf fixtures/bad.so")
}

func TestStaticGlibc(t *testing.T) {
	t.Parallel()
	need(t, "gcc", "gcc and libc6-dev")
	f := newFixture(t, machines[0])
	f.run("#include <netdb.h>\n#include <iconv.h>\nint main(int c, char **v) { struct addrinfo *r; return getaddrinfo(v[1], 0, 0, &r) + (iconv_open(v[1], \"x\") != 0); }",
		"gcc", "-w", "-static", "-x", "c", "-", "-o", f.path("bootstrap"))
	expect(t, f.check(Options{}), "warning static-iconv bootstrap", "warning static-nss bootstrap")
	f.run("int main(void) { return 0; }", "gcc", "-static", "-x", "c", "-", "-o", f.path("bootstrap"))
	expect(t, f.check(Options{}))
}

// TestRealProgram takes what this machine's compiler makes: for a glibc that is
// newer than the runtime's the check fails, against this machine's own root not.
func TestRealProgram(t *testing.T) {
	t.Parallel()
	need(t, "gcc", "gcc and libc6-dev")
	f := newFixture(t, machines[0])
	f.run("#include <pthread.h>\n#include <stdio.h>\nint main(void) { pthread_key_t k; return pthread_key_create(&k, 0) + puts(\"\"); }", "gcc", "-x", "c", "-", "-o", f.path("bootstrap"))
	out, err := exec.Command("ldd", "--version").Output()
	if err != nil {
		t.Skip(err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	version := line[strings.LastIndexByte(line, ' ')+1:]
	amd64 := lambda.AMD64
	r := f.check(Options{Runtime: al2, Arch: &amd64})
	if lambda.CompareVersions(version, "2.34") >= 0 {
		expect(t, r, "error missing-version bootstrap")
		evidence(t, r, missingVersion, "GLIBC_2.34", "libc.so.6", "--runtime provided.al2023")
	}
	expect(t, f.check(Options{Runtime: al2, Rootfs: ldd.Host()}))
}

// TestRootfs judges against files instead of the table.
func TestRootfs(t *testing.T) {
	t.Parallel()
	eachMachine(t, func(t *testing.T, f *fixture) {
		root := newFixture(t, f.machine)
		root.lib(strings.TrimPrefix(f.interpreter, "/"), "void l(void) {}", "")
		root.lib("lib64/libc.so.6", defineV, "GLIBC_2.99 { global: v; };")
		opts := Options{Rootfs: ldd.Dir(root.dir)}
		f.needing("libc.so.6", "GLIBC_2.99")
		expect(t, f.check(opts))
		f.needing("libc.so.6", "GLIBC_3.0")
		r := f.check(opts)
		expect(t, r, "error missing-version bootstrap")
		evidence(t, r, missingVersion, "/lib64/libc.so.6 has GLIBC_2.99 at most")
		f.lib("lib/libv.so.1", defineV, "")
		f.program("bootstrap", callsV, append(f.link("lib/libv.so.1"), rpath)...)
		expect(t, f.check(opts))
		f.lib("lib/libv.so.1", "void other(void) {}", "")
		expect(t, f.check(opts), "error undefined-symbol bootstrap")
		expect(t, f.check(Options{})) // the table's libc may have it
		f.remove("lib")
		f.needing("libother.so.1", "OTHER_1")
		r = f.check(opts)
		expect(t, r, "error missing-library bootstrap")
		evidence(t, r, missingLibrary, "the root file system")
		root.lib("usr/lib64/libother.so.1", defineV, "OTHER_1 { global: v; };")
		expect(t, f.check(Options{Rootfs: ldd.Dir(root.dir)}), "notice image-library bootstrap")
	})
}

// TestSingleFile judges an ELF file alone.
func TestSingleFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[1])
	f.needing("libc.so.6", "GLIBC_2.36")
	r := check(t, f.path("bootstrap"), Options{})
	expect(t, r, "error missing-version bootstrap")
	if r.Form != "file" || r.Arch != "arm64" {
		t.Errorf("%+v", r)
	}
	r = check(t, f.path(".system/libc.so.6"), Options{})
	if len(r.Objects) != 1 || filepath.Base(r.Objects[0].Path) != "libc.so.6" {
		t.Errorf("%+v", r)
	}
}
