package ldd

import (
	"errors"
	"os"
	"slices"
	"testing"
)

const rpathTag, runpathTag = "-Wl,--disable-new-dtags", "-Wl,--enable-new-dtags"

// DT_RPATH of the program holds for the needs of its libraries too.
func TestRPATHInherited(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("app/lib/libb.so.1", nil)
		f.lib("app/lib/liba.so.1", []string{"app/lib/libb.so.1"})
		f.program("app/main", []string{"app/lib/liba.so.1"}, rpathTag, "-Wl,-rpath,$ORIGIN/lib")
		expect(t, layout(f.walk("/app/main", Options{})), `
			liba.so.1 => /app/lib/liba.so.1 rpath of main
			libb.so.1 => /app/lib/libb.so.1 rpath of main
		`)
	})
}

// DT_RUNPATH serves the object's own needs only.
func TestRUNPATHNotInherited(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("app/lib/libb.so.1", nil)
		f.lib("app/lib/liba.so.1", []string{"app/lib/libb.so.1"})
		f.program("app/main", []string{"app/lib/liba.so.1"}, runpathTag, "-Wl,-rpath,${ORIGIN}/lib")
		c := f.walk("/app/main", Options{})
		expect(t, layout(c), `
			liba.so.1 => /app/lib/liba.so.1 runpath of main
			libb.so.1 => missing
		`)
		m := c.Missing[0]
		if len(m.NeededBy) != 1 || m.NeededBy[0].Label() != "liba.so.1" || slices.Contains(m.Searched, "/app/lib") {
			t.Errorf("missing: needed by %v, searched %v", paths(m.NeededBy), m.Searched)
		}
	})
}

// An object with a DT_RUNPATH does not use the DT_RPATH of those that loaded it.
func TestRUNPATHDisablesInheritedRPATH(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("app/lib/libb.so.1", nil)
		f.lib("app/lib/liba.so.1", []string{"app/lib/libb.so.1"}, runpathTag, "-Wl,-rpath,/nowhere")
		f.program("app/main", []string{"app/lib/liba.so.1"}, rpathTag, "-Wl,-rpath,$ORIGIN/lib")
		expect(t, layout(f.walk("/app/main", Options{})), `
			liba.so.1 => /app/lib/liba.so.1 rpath of main
			libb.so.1 => missing
		`)
	})
}

// LD_LIBRARY_PATH comes after DT_RPATH and before DT_RUNPATH, so a library beside
// the program is shadowed by the system's unless it is found by DT_RPATH.
func TestShadowed(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("var/task/lib/libssl.so.3", nil)
		f.lib("lib64/libssl.so.3", nil)
		needs := []string{"var/task/lib/libssl.so.3"}
		f.program("var/task/rpath", needs, rpathTag, "-Wl,-rpath,$ORIGIN/lib")
		f.program("var/task/runpath", needs, runpathTag, "-Wl,-rpath,$ORIGIN/lib")
		opts := Options{LibraryPath: []string{"/var/lang/lib", "/lib64", "/var/task/lib"}}
		expect(t, layout(f.walk("/var/task/rpath", opts)), `
			libssl.so.3 => /var/task/lib/libssl.so.3 rpath of rpath
		`)
		c := f.walk("/var/task/runpath", opts)
		expect(t, layout(c), `
			libssl.so.3 => /lib64/libssl.so.3 library-path
		`)
		var all []string
		for _, cand := range c.Candidates(c.Root, "libssl.so.3") {
			all = append(all, cand.Path+" "+cand.Found.String())
		}
		want := []string{"/lib64/libssl.so.3 library path (/lib64)", "/var/task/lib/libssl.so.3 library path (/var/task/lib)"}
		if !slices.Equal(all, want) {
			t.Errorf("candidates %q, want %q", all, want)
		}
	})
}

func TestCycle(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("lib/libb.so.1", nil)
		f.lib("lib/liba.so.1", []string{"lib/libb.so.1"})
		f.lib("lib/libb.so.1", []string{"lib/liba.so.1"})
		f.program("main", []string{"lib/liba.so.1"}, "-Wl,-rpath-link,"+f.path("lib"))
		c := f.walk("/main", Options{})
		expect(t, layout(c), `
			liba.so.1 => /lib/liba.so.1 default
			libb.so.1 => /lib/libb.so.1 default
		`)
		if a := c.Lookup("liba.so.1"); len(a.NeededBy) != 2 {
			t.Errorf("liba.so.1 is needed by %v", paths(a.NeededBy))
		}
	})
}

// Symlinks, absolute ones too, are followed inside the sysroot; one file under
// several names is loaded once.
func TestSymlinks(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("opt/real/liba.so.1", nil)
		f.symlink("/opt/real/liba.so.1", "usr/lib/hop2")
		f.symlink("../lib/hop2", "usr/lib/liba.so.1")
		f.symlink("usr/lib", "lib")
		f.symlink("liba.so.1", "usr/lib/libalias.so")
		f.symlink("libloop.so", "usr/lib/libloop.so")
		f.symlink("../../../../opt", "usr/lib/up")
		f.program("main", []string{"opt/real/liba.so.1"})
		c := f.walk("/main", Options{Extra: []string{"libalias.so", "/lib/up/real/liba.so.1", "libloop.so"}})
		expect(t, layout(c), `
			liba.so.1 => /lib/liba.so.1 default
			libloop.so => missing
		`)
		a := c.Objects[1]
		if c.Objects[1] == c.Interp {
			a = c.Objects[2]
		}
		if a.RealPath != "/opt/real/liba.so.1" || len(a.Names) != 3 {
			t.Errorf("real path %s, names %q", a.RealPath, a.Names)
		}
	})
}

// A library of another machine is passed over, and is the cause where there is no
// other; a file that is no ELF file ends the search, as it does in glibc.
func TestUnloadable(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("good/liba.so.1", nil)
		f.lib("good/libb.so.1", nil)
		f.lib("good/libc.so.1", nil)
		f.program("main", []string{"good/liba.so.1", "good/libb.so.1", "good/libc.so.1"})
		b, err := os.ReadFile(f.path("good/liba.so.1"))
		if err != nil {
			t.Fatal(err)
		}
		b[18] ^= 0x15 // e_machine
		f.write("bad/liba.so.1", string(b))
		f.write("bad/libb.so.1", string(b))
		f.write("bad/libc.so.1", "/* GNU ld script */\n")
		if err := os.Remove(f.path("good/libb.so.1")); err != nil {
			t.Fatal(err)
		}
		c := f.walk("/main", Options{LibraryPath: []string{"/bad", "/good"}})
		expect(t, layout(c), `
			liba.so.1 => /good/liba.so.1 library-path
			libb.so.1 => missing
			libc.so.1 => missing
		`)
		if !errors.Is(c.Missing[0].Cause, ErrMachine) || !errors.Is(c.Missing[1].Cause, ErrNotELF) {
			t.Errorf("causes %v, %v", c.Missing[0].Cause, c.Missing[1].Cause)
		}
		if cands := c.Candidates(c.Root, "liba.so.1"); len(cands) != 2 || cands[0].Err == nil || cands[1].File == nil {
			t.Errorf("candidates %+v", cands)
		}
	})
}

// Needs with a slash are paths; DT_SONAME answers for files under other names.
func TestNamesAndPaths(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("opt/libpath.so", nil, "-Wl,-soname,$ORIGIN/../opt/libpath.so")
		f.lib("lib/libodd.so", nil, "-Wl,-soname,libeven.so.2")
		f.program("bin/main", []string{"opt/libpath.so", "lib/libodd.so"})
		f.symlink("libodd.so", "lib/libeven.so.2")
		c := f.walk("/bin/main", Options{Extra: []string{"libodd.so"}})
		expect(t, layout(c), `
			$ORIGIN/../opt/libpath.so => /bin/../opt/libpath.so path
			libeven.so.2 => /lib/libeven.so.2 default
		`)
		if o := c.Lookup("/opt/libpath.so"); o == nil {
			t.Error("the real path is not found")
		}
	})
}

func TestExtraAndExclude(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("lib/libdeep.so.1", nil)
		f.lib("lib/libplugin.so", []string{"lib/libdeep.so.1"})
		f.lib("lib/libgone.so.1", nil)
		f.program("main", []string{"lib/libgone.so.1"})
		c := f.walk("/main", Options{Extra: []string{"libplugin.so", "libnone.so"}, Exclude: []string{"libgone*"}})
		expect(t, layout(c), `
			libplugin.so => /lib/libplugin.so default
			libdeep.so.1 => /lib/libdeep.so.1 default
			libnone.so => missing
		`)
		if c.Missing[0].Kind != Extra {
			t.Errorf("kind %s", c.Missing[0].Kind)
		}
	})
}

// A virtual library counts as present, and says which versions it defines.
func TestVirtual(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("sdk/libssl.so.3", nil, versionScript(f, "OPENSSL_3.0.0", "OPENSSL_3.9.0"))
		f.program("var/task/main", []string{"sdk/libssl.so.3"})
		if err := os.RemoveAll(f.path("sdk")); err != nil {
			t.Fatal(err)
		}
		c := f.walk("/var/task/main", Options{
			LibraryPath: []string{"/lib64"},
			Virtual:     map[string]Virtual{"/lib64/libssl.so.3": {Defines: []string{"OPENSSL_3.0.0"}, Needed: []string{"libz.so.1"}}},
		})
		expect(t, layout(c), `
			libssl.so.3 => /lib64/libssl.so.3 library-path
			libz.so.1 => missing
		`)
		ssl := c.Lookup("libssl.so.3")
		defs, err := ssl.VersionDefs()
		if err != nil || !ssl.Virtual() || len(defs) != 1 || defs[0].Name != "OPENSSL_3.0.0" {
			t.Errorf("virtual %v, versions %v, %v", ssl.Virtual(), defs, err)
		}
	})
}

// versionScript writes a linker script that gives fn_* the last version, each
// version inheriting the one before.
func versionScript(f *fixture, versions ...string) string {
	script, parent := "", ""
	for i, v := range versions {
		body := "{ }"
		if i == len(versions)-1 {
			body = "{ global: fn_*; local: *; }"
		}
		script += v + " " + body + parent + ";\n"
		parent = " " + v
	}
	f.write("version.map", script)
	return "-Wl,--version-script," + f.path("version.map")
}

// A version that is newer than what the library at run time defines can be seen
// from the needs of one and the definitions of the other.
func TestVersionTooNew(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		f.lib("new/libv.so.1", nil, versionScript(f, "V_1", "V_2"))
		f.program("main", []string{"new/libv.so.1"})
		f.lib("old/libv.so.1", nil, versionScript(f, "V_1"))
		c := f.walk("/main", Options{LibraryPath: []string{"/old"}})
		needs, err := c.Root.VersionNeeds()
		if err != nil || len(needs) != 1 || needs[0].File != "libv.so.1" || needs[0].Versions[0].Name != "V_2" {
			t.Fatalf("needs %+v, %v", needs, err)
		}
		if sym, err := c.Root.SymbolNeeding("libv.so.1", "V_2"); sym != "fn_libv" || err != nil {
			t.Errorf("symbol %q, %v", sym, err)
		}
		defs, err := c.Lookup("libv.so.1").VersionDefs()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range defs {
			if d.Name == "V_2" {
				t.Errorf("the old library defines %s", d.Name)
			}
		}
		syms, err := c.Lookup("libv.so.1").DefinedSymbols()
		if err != nil || !slices.ContainsFunc(syms, func(s Symbol) bool { return s.Name == "fn_libv" && s.Version == "V_1" }) {
			t.Errorf("defined %+v, %v", syms, err)
		}
	})
}

// musl: its own loader, its own path file, its own order.
func TestMusl(t *testing.T) {
	need(t, "musl-gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	f.lib("app/lib/libown.so", nil)
	src := "void fn_libown(void); int main(void) { fn_libown(); return 0; }"
	f.run(src, "musl-gcc", "-x", "c", "-", "-x", "none", "-o", f.path("app/main"), "-L"+f.path("app/lib"), "-l:libown.so", "-Wl,-rpath,$ORIGIN/lib")
	c := f.walk("/app/main", Options{})
	expect(t, layout(c), `
		libown.so => /app/lib/libown.so runpath of main
	`)
	if c.LibC != Musl || c.Interp == nil || len(c.Missing) > 0 {
		t.Errorf("libc %s, interpreter %v, missing %v", c.LibC, c.Interp, c.Missing)
	}
	if c.Lookup("libc.so") != c.Interp {
		t.Error("libc.so is not the loader")
	}
	// The path file beats the built-in directories; the library path beats all.
	f.lib("early/libown.so", nil)
	f.lib("lib/libown.so", nil)
	f.write("etc/ld-musl-x86_64.path", "/none\n/early:/other\n")
	f.run(src, "musl-gcc", "-x", "c", "-", "-x", "none", "-o", f.path("alone"), "-L"+f.path("app/lib"), "-l:libown.so")
	expect(t, layout(f.walk("/alone", Options{})), `
		libown.so => /early/libown.so default
	`)
	expect(t, layout(f.walk("/app/main", Options{LibraryPath: []string{"/early"}})), `
		libown.so => /early/libown.so library-path
	`)
}
