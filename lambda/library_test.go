package lambda

import "testing"

func TestLibraries(t *testing.T) {
	for _, r := range Runtimes() {
		for _, a := range Archs() {
			libs := r.Libraries(a)
			if len(libs) < 100 {
				t.Errorf("%s %s has %d libraries", r, a, len(libs))
			}
			for _, name := range []string{"libc.so.6", "libm.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"} {
				if l, ok := r.Library(a, name); !ok || l.Versions == nil {
					t.Errorf("%s %s: %s = %+v, %v", r, a, name, l, ok)
				}
			}
			if _, ok := r.Library(a, "libpq.so.5"); ok {
				t.Errorf("%s %s has libpq", r, a)
			}
			if l, _ := r.Library(a, "libmagic.so.1"); !l.Absent {
				t.Errorf("%s %s: libmagic was reported missing in Lambda", r, a)
			}
		}
	}
	al2023, _ := ParseRuntime("provided.al2023")
	for _, name := range []string{"libcrypt.so.1", "libnsl.so.1"} {
		if _, ok := al2023.Library(AMD64, name); ok {
			t.Errorf("provided.al2023 has %s", name)
		}
	}
}

func TestGlibcLibrary(t *testing.T) {
	for name, want := range map[string]bool{
		"libc.so.6": true, "ld-linux-x86-64.so.2": true, "ld-linux-aarch64.so.1": true, "libnss_dns.so.2": true,
		"libmvec.so.1": true, "libresolv.so.2": true, "libdl.so.2": true,
		"libcrypt.so.1": false, "libstdc++.so.6": false, "libnss3.so": false, "libnss_ldap.so.2": false,
		"libc": false, "libc.sound": false, "libcap.so.2": false, "": false,
	} {
		if GlibcLibrary(name) != want {
			t.Errorf("GlibcLibrary(%q) = %v", name, !want)
		}
	}
}

func TestDefines(t *testing.T) {
	al2, al2023 := Runtimes()[0], Runtimes()[1]
	for _, test := range []struct {
		r               *Runtime
		a               Arch
		soname, version string
		defined, known  bool
	}{
		{al2, AMD64, "libc.so.6", "GLIBC_2.2.5", true, true},
		{al2, AMD64, "libc.so.6", "GLIBC_2.9", true, true},
		{al2, AMD64, "libc.so.6", "GLIBC_2.26", true, true},
		{al2, AMD64, "libc.so.6", "GLIBC_2.28", false, true},
		{al2023, AMD64, "libc.so.6", "GLIBC_2.28", true, true},
		{al2023, AMD64, "libc.so.6", "GLIBC_2.34", true, true},
		{al2023, AMD64, "libc.so.6", "GLIBC_2.36", false, true},
		{al2023, AMD64, "libc.so.6", "GLIBC_ABI_DT_RELR", false, true},
		{al2023, AMD64, "libc.so.6", "GLIBC_PRIVATE", true, true},
		{al2023, ARM64, "libc.so.6", "GLIBC_2.2.5", false, true},
		{al2023, ARM64, "libc.so.6", "GLIBC_2.17", true, true},
		{al2, AMD64, "libstdc++.so.6", "GLIBCXX_3.4.24", true, true},
		{al2, AMD64, "libstdc++.so.6", "GLIBCXX_3.4.25", false, true},
		{al2, AMD64, "libstdc++.so.6", "CXXABI_1.3.9", true, true},
		{al2, AMD64, "libstdc++.so.6", "CXXABI_1.3.13", false, true},
		{al2023, AMD64, "libgcc_s.so.1", "GCC_12.0.0", false, true},
		{al2023, AMD64, "libgcc_s.so.1", "GCC_4.2.0", true, true},
		{al2, AMD64, "libssl.so.10", "OPENSSL_1.0.1_EC", true, true},
		{al2023, AMD64, "libcrypto.so.3", "OPENSSL_3.0.0", true, true},
		{al2023, AMD64, "libcrypto.so.3", "OPENSSL_3.2.0", false, true},
		{al2023, AMD64, "libz.so.1", "ZLIB_1.2.9", false, false},
	} {
		l, ok := test.r.Library(test.a, test.soname)
		if !ok {
			t.Fatalf("%s has no %s", test.r, test.soname)
		}
		if defined, known := l.Defines(test.version); defined != test.defined || known != test.known {
			t.Errorf("%s %s %s: Defines(%s) = %v, %v", test.r, test.a, test.soname, test.version, defined, known)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"2.9", "2.26", -1}, {"2.26", "2.9", 1}, {"2.2.5", "2.2", 1}, {"3.4.10", "3.4.10", 0}, {"7.0.0", "11.0", -1}} {
		if got := CompareVersions(test.a, test.b); got != test.want {
			t.Errorf("CompareVersions(%s, %s) = %d", test.a, test.b, got)
		}
	}
}
