package lambda

import (
	"strconv"
	"strings"
)

// SplitVersion divides the name of a symbol version into its family and its
// number: "GLIBCXX_3.4.29" is "GLIBCXX" and "3.4.29". A name without a number,
// such as GLIBC_PRIVATE, is all family. So is one whose number is no sequence of
// decimals, such as OPENSSL_1.0.1_EC.
func SplitVersion(name string) (family, number string) {
	i := strings.LastIndexByte(name, '_')
	if i < 0 {
		return name, ""
	}
	for part := range strings.SplitSeq(name[i+1:], ".") {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return name, ""
		}
	}
	return name[:i], name[i+1:]
}

// CompareVersions compares two numbers part by part: it is negative where a is
// the older one, as "2.9" is than "2.26".
func CompareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.ParseUint(x, 10, 32)
		n, _ := strconv.ParseUint(y, 10, 32)
		if m != n {
			return cmpUint(m, n)
		}
	}
	return 0
}

func cmpUint(m, n uint64) int {
	if m < n {
		return -1
	}
	return 1
}

// Defines reports whether the library defines a symbol version. It is not known
// of libraries and families that the table does not have.
//
// Families are taken to be complete up to their highest version: no program
// needs a number that was never given. glibc's begins where the machine's port
// did, and its GLIBC_ABI_ names, which mark features of the loader, began with
// 2.36 (GLIBC_ABI_DT_RELR), after both runtimes.
func (l Library) Defines(version string) (defined, known bool) {
	family, number := SplitVersion(version)
	for _, highest := range l.Versions {
		f, n := SplitVersion(highest)
		switch {
		case f != family || number == "":
			if version == highest {
				return true, true
			}
		case family == "GLIBC" && CompareVersions(number, archs[l.arch].glibcFirst) < 0:
			return false, true
		default:
			return CompareVersions(number, n) <= 0, true
		}
	}
	switch {
	case l.Glibc && version == "GLIBC_PRIVATE":
		return true, true
	case l.Glibc && strings.HasPrefix(version, "GLIBC_ABI_"):
		return false, true
	case l.Glibc && number == "":
		return false, false
	}
	return false, l.Glibc
}

// Highest returns the highest version of the family that the library defines,
// and "" where it is not known.
func (l Library) Highest(family string) string {
	for _, v := range l.Versions {
		if f, _ := SplitVersion(v); f == family {
			return v
		}
	}
	return ""
}
