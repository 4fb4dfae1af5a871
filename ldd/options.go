package ldd

import "debug/elf"

// Options say where and how to look. The zero value looks at the host's own
// root, as the loader does in an empty environment.
type Options struct {
	// Sysroot is where the program will run. Nil: the host's root.
	Sysroot *Sysroot

	// LibraryPath lists the directories that LD_LIBRARY_PATH will hold, in
	// order. They may use $ORIGIN, $LIB and $PLATFORM.
	LibraryPath []string

	// WorkDir is the directory that the program will be started in: relative
	// and empty entries of search paths count from it. Empty: such entries are
	// skipped.
	WorkDir string

	// Machine is the expected machine; any other is an error. Zero: any.
	Machine elf.Machine

	// Loader is the dynamic loader of libraries, which name none themselves.
	// Empty: the usual one of the machine.
	Loader string

	// DefaultDirs are the loader's built-in directories. Nil: those compiled
	// into the sysroot's loader, or those usual for the machine where the
	// sysroot has no loader.
	DefaultDirs []string

	// NoCache makes the search use the directories of /etc/ld.so.conf even
	// where the sysroot has an /etc/ld.so.cache, as if ldconfig had just run.
	NoCache bool

	// HWCaps are subdirectories of glibc-hwcaps, the preferred first, such as
	// "x86-64-v3". Nil: libraries for every processor only.
	HWCaps []string

	// Lib and Platform replace $LIB and $PLATFORM. Empty: the loader's own.
	Lib, Platform string

	// Extra lists what the program opens with dlopen: names that are searched
	// as the program's own needs are, or paths in the sysroot.
	Extra []string

	// Exclude lists DT_NEEDED names, or patterns of path.Match, that are not
	// followed.
	Exclude []string

	// Virtual lists libraries that are there although the sysroot has no file
	// of them, by their absolute path. They hide files at the same path.
	Virtual map[string]Virtual
}

// Virtual describes a library of a runtime whose files are not at hand.
type Virtual struct {
	Soname  string   // empty: the base name of its path
	Defines []string // symbol versions; nil: unknown
	Needed  []string // DT_NEEDED; nil: none
}
