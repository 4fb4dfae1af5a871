package lambda

import (
	"embed"
	"path"
	"slices"
	"strings"
	"sync"
)

// A Library is a shared library of a runtime's base image.
type Library struct {
	// Soname is its file name in /lib64, which is what DT_NEEDED asks for.
	Soname string
	// Glibc is true for the parts of the C library, all that a zip function
	// should rely on: see [GlibcLibrary].
	Glibc bool
	// Absent is true where the base image has the library and the zip runtime
	// was reported not to.
	Absent bool
	// Versions are the highest symbol versions that it defines, one for each
	// family of versions. Nil: not known.
	Versions []string

	arch Arch
}

// sonames are the file names in /lib64 of the base images: provided.al2 as of
// January 2023, provided.al2023 as of August 2025. Left out are names that
// nothing asks for, because they carry a release (libc-2.26.so).
//
//go:embed sonames
var sonames embed.FS

// LibDir is where the libraries of a runtime lie.
const LibDir = "/lib64"

// Libraries returns the libraries of the base image for a machine, sorted by
// soname.
func (r *Runtime) Libraries(a Arch) []Library { return slices.Clone(r.libraries(a)) }

// Library returns one library of the base image for a machine, and false where
// it has none of that soname.
func (r *Runtime) Library(a Arch, soname string) (Library, bool) {
	libs := r.libraries(a)
	i, ok := slices.BinarySearchFunc(libs, soname, func(l Library, s string) int { return strings.Compare(l.Soname, s) })
	if !ok {
		return Library{}, false
	}
	return libs[i], true
}

var (
	librariesMu   sync.Mutex
	librariesRead = map[Target][]Library{}
)

// libraries reads the embedded list, once.
func (r *Runtime) libraries(a Arch) []Library {
	librariesMu.Lock()
	defer librariesMu.Unlock()
	key := Target{Arch: a, Runtime: r}
	if libs, ok := librariesRead[key]; ok {
		return libs
	}
	var libs []Library
	for soname := range strings.FieldsSeq(r.sonames(a)) {
		libs = append(libs, r.describe(a, soname))
	}
	slices.SortFunc(libs, func(l, m Library) int { return strings.Compare(l.Soname, m.Soname) })
	libs = slices.CompactFunc(libs, func(l, m Library) bool { return l.Soname == m.Soname })
	librariesRead[key] = libs
	return libs
}

// sonames returns the names of the embedded list and the dynamic loader's, which
// on arm64 lies in /lib.
func (r *Runtime) sonames(a Arch) string {
	text, err := sonames.ReadFile("sonames/" + r.Name + "-" + a.Terraform() + ".txt")
	if err != nil {
		return ""
	}
	return string(text) + "\n" + path.Base(a.Interpreter())
}

func (r *Runtime) describe(a Arch, soname string) Library {
	l := Library{Soname: soname, Glibc: GlibcLibrary(soname), arch: a}
	base, _, _ := strings.Cut(soname, ".so")
	l.Absent = slices.Contains(absent, strings.TrimSuffix(base, "-pthread"))
	switch {
	case l.Glibc || slices.Contains(glibcOther, base):
		l.Versions = []string{"GLIBC_" + r.Glibc}
	default:
		l.Versions = r.versions[base]
	}
	return l
}

// absent are libraries, without ".so" and what follows, that were reported
// present in the base image and missing in the zip runtime.
var absent = []string{"libgcrypt", "libassuan", "libgobject-2.0", "libgpg-error", "libgpgme", "libmagic"}

// glibcOther are parts of glibc that a program should not rely on: Amazon Linux
// 2023 has no libcrypt.so.1 and no libnsl.so.1, and libcidn went with 2.28.
var glibcOther = []string{"libcrypt", "libnsl", "libcidn"}

// glibcParts are the libraries of glibc without ".so" and what follows.
var glibcParts = []string{
	"libc", "libm", "libmvec", "libpthread", "libdl", "librt", "libresolv", "libutil", "libanl",
	"libBrokenLocale", "libthread_db", "libSegFault", "libmemusage", "libpcprofile", "libc_malloc_debug",
}

// GlibcLibrary reports whether a soname is of the C library's family, which
// every runtime has and no package should bring: the dynamic loader, libc and
// its historical parts, and the name service modules.
func GlibcLibrary(soname string) bool {
	base, rest, ok := strings.Cut(soname, ".so")
	switch {
	case !ok || rest != "" && rest[0] != '.':
		return false
	case strings.HasPrefix(base, "ld-linux-"):
		return true
	case strings.HasPrefix(base, "libnss_"):
		return slices.Contains([]string{"compat", "db", "dns", "files", "hesiod"}, base[len("libnss_"):])
	}
	return slices.Contains(glibcParts, base)
}
