package lambda

import (
	"fmt"
	"strings"
	"time"
)

// Runtime is an OS-only runtime of Lambda. The zero value is none of them;
// [ParseRuntime] returns one of the table's rows, which are never changed.
type Runtime struct {
	// Name is the runtime's identifier in the Lambda API.
	Name string
	// BaseImage is the reference of the image that functions are layered on.
	BaseImage string
	// Glibc is the version of the C library, "2.26".
	Glibc string
	// Deprecated, CreateBlocked and UpdateBlocked are days in UTC: from the
	// first on AWS patches nothing, from the others on functions cannot be
	// created or updated.
	Deprecated, CreateBlocked, UpdateBlocked time.Time
	// Successor is the name of the runtime to move to, "" for the newest.
	Successor string

	// versions are the highest symbol versions of libraries besides glibc's, by
	// the soname without ".so" and what follows.
	versions map[string][]string
}

// The runtimes, oldest first, after "Lambda runtimes" and "Working with
// container images" of the AWS Lambda Developer Guide.
var runtimes = []*Runtime{
	{
		Name:          "provided.al2",
		BaseImage:     "public.ecr.aws/lambda/provided:al2",
		Glibc:         "2.26",
		Deprecated:    day(2026, time.July, 31),
		CreateBlocked: day(2027, time.February, 1),
		UpdateBlocked: day(2027, time.March, 3),
		Successor:     "provided.al2023",
		// GCC 7.3, OpenSSL 1.0.2k with the version names that Red Hat gave it.
		versions: map[string][]string{
			"libstdc++": {"GLIBCXX_3.4.24", "CXXABI_1.3.11", "CXXABI_TM_1", "CXXABI_FLOAT128"},
			"libgcc_s":  {"GCC_7.0.0"},
			"libssl":    {"OPENSSL_1.0.2", "libssl.so.10", "OPENSSL_1.0.1_EC"},
			"libcrypto": {"OPENSSL_1.0.2", "libcrypto.so.10", "OPENSSL_1.0.1_EC", "OPENSSL_1.0.2_EC"},
		},
	},
	{
		Name:          "provided.al2023",
		BaseImage:     "public.ecr.aws/lambda/provided:al2023",
		Glibc:         "2.34",
		Deprecated:    day(2029, time.June, 30),
		CreateBlocked: day(2029, time.July, 31),
		UpdateBlocked: day(2029, time.August, 31),
		// The oldest that the image has had: GCC 11 (it is 14 since 2025) and the
		// OpenSSL 3.0.8 of its first release.
		versions: map[string][]string{
			"libstdc++": {"GLIBCXX_3.4.29", "CXXABI_1.3.13", "CXXABI_TM_1", "CXXABI_FLOAT128"},
			"libgcc_s":  {"GCC_11.0"},
			"libssl":    {"OPENSSL_3.0.8"},
			"libcrypto": {"OPENSSL_3.0.8"},
		},
	},
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// DefaultRuntime returns the runtime that is meant where none is named.
func DefaultRuntime() *Runtime { return runtimes[0] }

// Runtimes returns all OS-only runtimes, oldest first.
func Runtimes() []*Runtime { return append([]*Runtime(nil), runtimes...) }

// ParseRuntime returns the runtime of a name. The error lists the names.
func ParseRuntime(s string) (*Runtime, error) {
	var names []string
	for _, r := range runtimes {
		if r.Name == s {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("unknown runtime %q: want %s", s, strings.Join(names, " or "))
}

// String returns the runtime's name.
func (r *Runtime) String() string { return r.Name }

// DeprecatedAt reports whether the runtime is past its deprecation date at now.
func (r *Runtime) DeprecatedAt(now time.Time) bool { return !now.Before(r.Deprecated) }

// Target is what a function is built for.
type Target struct {
	Arch    Arch
	Runtime *Runtime
}

// String returns "provided.al2023 arm64".
func (t Target) String() string { return t.Runtime.Name + " " + t.Arch.String() }
