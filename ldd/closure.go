package ldd

import (
	"debug/elf"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Closure is everything that the loader would map for a program, and what it
// would miss.
type Closure struct {
	Root    *Object
	Interp  *Object   // the dynamic loader; nil for static programs or where it is missing
	Objects []*Object // Root, then the rest in the order of loading, each once
	Missing []*Missing
	LibC    LibC // whose rules the search follows; empty for static programs

	walker *walker
}

// An Object is a file at its place in a closure.
type Object struct {
	*File

	Path     string     // as the loader found it: symlinks not resolved, ".." kept
	RealPath string     // the file itself, in the sysroot
	Names    []string   // the names under which it was asked for, the first one first
	Found    Resolution // how it was first found
	Needs    []*Need    // what it needs, in the file's order
	NeededBy []*Object  // who needs it, in the order of loading

	loader *Object     // whose need loaded it; nil for the root
	info   fs.FileInfo // nil for virtual ones
	steps  []Step      // the search for its needs, once it was asked for
	extra  bool        // loaded for Options.Extra only
}

// Virtual reports whether the object is an entry of Options.Virtual.
func (o *Object) Virtual() bool { return o.virtual != nil }

// Label returns the name to show: the soname, or the base name of the path.
func (o *Object) Label() string {
	if o.Soname != "" {
		return o.Soname
	}
	return path.Base(o.Path)
}

// A Need is one edge of a closure.
type Need struct {
	Name     string  // as written in the file
	Kind     Kind    // why
	Object   *Object // nil where it is missing or excluded
	Excluded bool    // matched by Options.Exclude
	Found    Resolution
}

// Kind says what makes an object need another.
type Kind string

// The kinds of needs.
const (
	Needed    Kind = "needed"    // DT_NEEDED
	Filter    Kind = "filter"    // DT_FILTER
	Auxiliary Kind = "auxiliary" // DT_AUXILIARY: may be missing
	Interp    Kind = "interp"    // PT_INTERP
	Extra     Kind = "extra"     // Options.Extra
)

// A Resolution says how a name led to a file.
type Resolution struct {
	How   How
	Owner *Object // whose DT_RPATH or DT_RUNPATH it was; else nil
	Dir   string  // the directory of the search path, tokens expanded; may be empty
}

// String describes the rule, such as "DT_RPATH of bootstrap (/var/task/lib)".
func (r Resolution) String() string {
	text := map[How]string{
		ByRoot: "given", ByInterp: "PT_INTERP", ByPath: "path in DT_NEEDED", ByLoaded: "already loaded",
		ByRPATH: "DT_RPATH", ByLibraryPath: "library path", ByRUNPATH: "DT_RUNPATH",
		ByCache: "ld.so.cache", ByConf: "ld.so.conf", ByDefault: "default directory",
	}[r.How]
	if r.Owner != nil {
		text += " of " + r.Owner.Label()
	}
	if r.Dir != "" {
		text += " (" + r.Dir + ")"
	}
	return text
}

// A Missing is a name for which the loader finds nothing. A name can be missing
// for one object and found for another, whose search path differs.
type Missing struct {
	Name     string
	Kind     Kind
	NeededBy []*Object // in the order of loading
	Searched []string  // directories and files that were searched, for the first of NeededBy
	Cause    error     // the file that was found and cannot be loaded; nil where there is none
}

// Machine returns the machine of the closure.
func (c *Closure) Machine() elf.Machine { return c.Root.Machine }

// Lookup returns the object of that soname, path, real path or asked-for name,
// or nil.
func (c *Closure) Lookup(name string) *Object {
	for _, o := range c.Objects {
		if o.Soname == name || o.Path == name || o.RealPath == name {
			return o
		}
	}
	return c.walker.names[name]
}

// SearchOrder returns the steps of the loader's search for the needs of an
// object of the closure.
func (c *Closure) SearchOrder(by *Object) []Step { return slices.Clone(c.walker.order(by)) }

// A Candidate is a file that the loader's search for a name comes across.
type Candidate struct {
	Path, RealPath string
	Found          Resolution
	File           *File // nil where Err is set
	Err            error // why the loader passes it over, or stops at it
}

// Candidates returns every file that exists along the search for name on behalf
// of by, in the loader's order, each real file once. The first without an error
// is what by would get if no object of that name were loaded yet; the others are
// shadowed by it.
func (c *Closure) Candidates(by *Object, name string) []Candidate {
	var found []Candidate
	seen := map[string]bool{}
	look := func(p string, r Resolution) bool {
		n, err := c.walker.try(p)
		if err != nil && !isFileError(err) || seen[n.real] {
			return true
		}
		seen[n.real] = true
		candidate := Candidate{Path: p, RealPath: n.real, Found: r, Err: err}
		if err == nil {
			candidate.File = n.file
		}
		found = append(found, candidate)
		return true
	}
	if strings.Contains(name, "/") {
		if p, ok := c.walker.direct(by, name); ok {
			look(p, Resolution{How: ByPath})
		}
		return found
	}
	c.walker.candidates(c.walker.order(by), by, name, look)
	return found
}
