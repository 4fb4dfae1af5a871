package lambdapack

import (
	"cmp"
	"path/filepath"
)

// C says how a function links C, and which libraries it ships.
type C struct {
	// CGO true links C; false lets a dependency that needs it be compiled
	// without; nil refuses such a dependency.
	CGO *bool
	// CC is the C compiler with its arguments, Sysroot the directory with the
	// target's headers and libraries. Empty: found by themselves.
	CC, Sysroot string
	// AddLib names libraries that are only opened at run time, by soname or by
	// path in the sysroot; ExcludeLib holds patterns of sonames to leave out.
	AddLib, ExcludeLib []string
	// Strip false keeps the symbols of what is compiled; true takes those of
	// the libraries too; nil strips what is compiled only.
	Strip *bool
}

// over returns the settings with those that are not set taken from below.
func (c C) over(below C) C {
	out := C{
		CGO: cmp.Or(c.CGO, below.CGO), Strip: cmp.Or(c.Strip, below.Strip),
		CC: cmp.Or(c.CC, below.CC), Sysroot: cmp.Or(c.Sysroot, below.Sysroot),
		AddLib: c.AddLib, ExcludeLib: c.ExcludeLib,
	}
	if c.AddLib == nil {
		out.AddLib = below.AddLib
	}
	if c.ExcludeLib == nil {
		out.ExcludeLib = below.ExcludeLib
	}
	return out
}

func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
