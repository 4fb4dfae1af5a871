package ldd

import (
	"fmt"
	"strings"
	"testing"
)

// chain makes objects that load one another, the program first.
func chain(files ...*File) *Object {
	var o *Object
	for i, f := range files {
		p := fmt.Sprintf("/app%d/o%d", i, i)
		o = &Object{File: f, Path: p, loader: o}
		if i == 0 {
			o.RealPath = "/real/o0"
		}
	}
	return o
}

func describe(steps []Step) string {
	var parts []string
	for _, s := range steps {
		part := string(s.How)
		if s.Owner != nil {
			part += "(" + s.Owner.Label() + ")"
		}
		parts = append(parts, part+"="+strings.Join(s.Dirs, ":"))
	}
	return strings.Join(parts, " ")
}

func TestSearchOrder(t *testing.T) {
	s := searcher{
		libc: Glibc, tokens: tokens{lib: "lib64", platform: "x86_64"}, workDir: "/work",
		libraryPath: []string{"/env/", "$ORIGIN/env", "rel", ""}, conf: []string{"/conf", "/usr/lib64"}, defaults: []string{"/lib64", "/usr/lib64"},
	}
	noWork := s
	noWork.workDir = ""
	cached := s
	cached.cache = &ldCache{}
	musl := s
	musl.libc = Musl
	const env = "library-path=/env:/real/env:/work/rel:/work "
	const end = "conf=/conf:/usr/lib64 default=/lib64:/usr/lib64"
	for _, test := range []struct {
		name string
		s    searcher
		by   *Object
		want string
	}{
		{"nothing set", s, chain(&File{}), env + end},
		{"rpath of the program is resolved", s, chain(&File{RPATH: "$ORIGIN/lib:/x"}), "rpath(o0)=/real/lib:/x " + env + end},
		{"rpath is inherited, the nearest first", s, chain(&File{RPATH: "/p"}, &File{RPATH: "$ORIGIN"}, &File{}), "rpath(o1)=/app1 rpath(o0)=/p " + env + end},
		{"runpath disables all rpath for its object", s, chain(&File{RPATH: "/p"}, &File{RPATH: "/q", RUNPATH: "/r", HasRUNPATH: true}), env + "runpath(o1)=/r " + end},
		{"an empty runpath does too", s, chain(&File{RPATH: "/p"}, &File{HasRUNPATH: true}), env + end},
		{"a loader's runpath is skipped, the rpath above it holds", s, chain(&File{RPATH: "/p"}, &File{RPATH: "/q", RUNPATH: "/r", HasRUNPATH: true}, &File{}), "rpath(o0)=/p " + env + end},
		{"relative entries need a working directory", noWork, chain(&File{RPATH: ":rel:/abs"}), "rpath(o0)=/abs library-path=/env:/real/env " + end},
		{"the cache stands for the configuration", cached, chain(&File{}), env + "cache= default=/lib64:/usr/lib64"},
		{"nodeflib", s, chain(&File{NoDefLib: true}), env + "conf=/conf"},
		{"a platform token", s, chain(&File{RPATH: "/p/$PLATFORM/${LIB}"}), "rpath(o0)=/p/x86_64/lib64 " + env + end},
		{"musl", musl, chain(&File{RPATH: "/p"}, &File{RPATH: "/q", RUNPATH: "$ORIGIN/r", HasRUNPATH: true}), "library-path=/env:/work/$ORIGIN/env:/work/rel:/work runpath(o1)=/app1/r rpath(o0)=/p default=/lib64:/usr/lib64"},
		{"musl drops paths with other tokens", musl, chain(&File{RPATH: "/p:$LIB"}), "library-path=/env:/work/$ORIGIN/env:/work/rel:/work default=/lib64:/usr/lib64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := describe(test.s.order(test.by)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestHWCapsOrder(t *testing.T) {
	s := searcher{libc: Glibc, hwcaps: []string{"x86-64-v3", "x86-64-v2"}, defaults: []string{"/a", "/b"}}
	var got []string
	by := chain(&File{})
	s.candidates(s.order(by), by, "l", func(p string, _ Resolution) bool { got = append(got, p); return p != "/b/l" })
	want := "/a/glibc-hwcaps/x86-64-v3/l /a/glibc-hwcaps/x86-64-v2/l /a/l /b/glibc-hwcaps/x86-64-v3/l /b/glibc-hwcaps/x86-64-v2/l /b/l"
	if strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

func TestSystemDirs(t *testing.T) {
	for in, want := range map[string]string{
		"junk\x00/lib64/\x00/usr/lib64/\x00GLIBC":                     "/lib64 /usr/lib64",
		"\x00/var/profile\x00/nix/store/x-glibc/lib/\x00":             "/nix/store/x-glibc/lib",
		"\x00/etc/ld.so.cache\x00/lib/x/\x00/usr/lib/x/\x00/lib/\x00": "/lib/x /usr/lib/x /lib",
		"nothing": "",
	} {
		if got := strings.Join(systemDirRun([]byte(in)), " "); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestMuslOwn(t *testing.T) {
	for name, want := range map[string]bool{
		"libc.so": true, "libc.musl-x86_64.so.1": true, "libpthread.so.0": true, "libm.so.6": true, "libdl.so": true,
		"libcrypto.so.3": false, "libc": false, "libmagic.so.1": false, "c.so": false,
	} {
		if got := muslOwn(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
