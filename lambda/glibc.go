package lambda

import "strings"

// glibcFamily are the libraries that belong to the C library itself. They are
// never shipped: they must be of one build with the dynamic loader, which is
// the runtime's (glibc's shlib-versions lists them).
var glibcFamily = []string{
	"ld-linux", "ld-2", "libc", "libm", "libmvec", "libpthread", "libdl", "librt", "libresolv", "libutil", "libanl",
	"libBrokenLocale", "libthread_db", "libnss_files", "libnss_dns", "libnss_compat", "libnss_db", "libnss_hesiod",
	"libc_malloc_debug",
}

// IsGlibc reports whether a soname is one of the C library's own, which every
// runtime provides.
func IsGlibc(soname string) bool {
	for _, name := range glibcFamily {
		rest, ok := strings.CutPrefix(soname, name)
		if ok && (strings.HasPrefix(rest, ".so.") || strings.HasPrefix(name, "ld-")) {
			return true
		}
	}
	return false
}
