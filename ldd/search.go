package ldd

import (
	"path"
	"slices"
	"strings"
)

// How says by which rule of the loader a library was found.
type How string

// The rules, named as JSON shows them.
const (
	ByRoot        How = "root"         // it is what the walk began with
	ByInterp      How = "interp"       // PT_INTERP
	ByPath        How = "path"         // the DT_NEEDED holds a slash and is a path
	ByLoaded      How = "loaded"       // an object of that name is loaded already
	ByRPATH       How = "rpath"        // a directory of a DT_RPATH
	ByLibraryPath How = "library-path" // a directory of LD_LIBRARY_PATH
	ByRUNPATH     How = "runpath"      // a directory of a DT_RUNPATH
	ByCache       How = "cache"        // /etc/ld.so.cache
	ByConf        How = "conf"         // a directory of /etc/ld.so.conf
	ByDefault     How = "default"      // a directory built into the loader
)

// A Step is one stage of the loader's search: directories, in order, that one
// rule gives. ByCache has none.
type Step struct {
	How   How
	Owner *Object // the object with the DT_RPATH or DT_RUNPATH; else nil
	Dirs  []string
}

// A searcher holds what the search depends on besides the object that needs
// something.
type searcher struct {
	libc        LibC
	tokens      tokens // without origin
	workDir     string
	libraryPath []string
	cache       *ldCache // nil: conf is used
	conf        []string
	defaults    []string
	hwcaps      []string
	plain       []Step // the search of objects without paths of their own, once it is known
}

// order returns the steps of the search for something that by needs. It is the
// whole of ld.so(8)'s rules:
//
// glibc: DT_RPATH of the object and of what loaded it, up to the program, unless
// the object has a DT_RUNPATH (and each DT_RPATH only where its object has none);
// LD_LIBRARY_PATH; DT_RUNPATH of the object alone; the cache; the default
// directories, unless the object is marked DF_1_NODEFLIB.
//
// musl: LD_LIBRARY_PATH; DT_RUNPATH, else DT_RPATH, of the object and of what
// loaded it; the directories of its path file or the built-in ones.
func (s *searcher) order(by *Object) []Step {
	if s.libc == Musl {
		return s.orderMusl(by)
	}
	var steps []Step
	if !by.HasRUNPATH {
		for o := by; o != nil; o = o.loader {
			if !o.HasRUNPATH {
				steps = s.appendPath(steps, ByRPATH, o, o.RPATH)
			}
		}
	}
	steps = s.appendLibraryPath(steps, by)
	steps = s.appendPath(steps, ByRUNPATH, by, by.RUNPATH)
	if by.NoDefLib {
		if s.cache != nil {
			return append(steps, Step{How: ByCache})
		}
		return s.append(steps, ByConf, slices.DeleteFunc(slices.Clone(s.conf), s.isDefault))
	}
	if s.plain == nil {
		if s.cache != nil {
			s.plain = []Step{{How: ByCache}}
		} else {
			s.plain = s.append(nil, ByConf, s.conf)
		}
		s.plain = slices.Clip(s.append(s.plain, ByDefault, s.defaults))
	}
	if steps == nil {
		return s.plain
	}
	return append(steps, s.plain...)
}

func (s *searcher) orderMusl(by *Object) []Step {
	steps := s.appendLibraryPath(nil, by)
	for o := by; o != nil; o = o.loader {
		if o.HasRUNPATH {
			steps = s.appendPath(steps, ByRUNPATH, o, o.RUNPATH)
		} else {
			steps = s.appendPath(steps, ByRPATH, o, o.RPATH)
		}
	}
	return s.append(steps, ByDefault, s.defaults)
}

func (s *searcher) append(steps []Step, how How, dirs []string) []Step {
	if len(dirs) == 0 {
		return steps
	}
	return append(steps, Step{How: how, Dirs: dirs})
}

// appendLibraryPath adds LD_LIBRARY_PATH, whose $ORIGIN is the program's.
func (s *searcher) appendLibraryPath(steps []Step, by *Object) []Step {
	program := by
	for program.loader != nil {
		program = program.loader
	}
	t := s.tokens
	t.origin = originOf(program)
	var dirs []string
	for _, dir := range s.libraryPath {
		if s.libc != Musl { // musl knows no tokens here
			expanded, ok := t.expand(dir)
			if !ok {
				continue
			}
			dir = expanded
		}
		dirs = s.appendDir(dirs, dir)
	}
	return s.append(steps, ByLibraryPath, dirs)
}

// appendPath adds the directories of an object's DT_RPATH or DT_RUNPATH.
func (s *searcher) appendPath(steps []Step, how How, o *Object, raw string) []Step {
	if raw == "" {
		return steps
	}
	t := s.tokens
	t.origin = originOf(o)
	var dirs []string
	if s.libc == Musl {
		if raw, ok := t.expandMusl(raw); ok {
			for dir := range strings.SplitSeq(raw, ":") {
				dirs = s.appendDir(dirs, dir)
			}
		}
	} else {
		for dir := range strings.SplitSeq(raw, ":") {
			if dir, ok := t.expand(dir); ok {
				dirs = s.appendDir(dirs, dir)
			}
		}
	}
	if len(dirs) == 0 {
		return steps
	}
	return append(steps, Step{How: how, Owner: o, Dirs: dirs})
}

// appendDir adds one directory: an empty or relative one counts from the working
// directory.
func (s *searcher) appendDir(dirs []string, dir string) []string {
	if !path.IsAbs(dir) {
		if s.workDir == "" {
			return dirs
		}
		dir = join(s.workDir, dir)
	}
	if len(dir) > 1 {
		dir = strings.TrimRight(dir, "/")
	}
	if dir == "" {
		dir = "/"
	}
	return append(dirs, dir)
}

func (s *searcher) isDefault(dir string) bool { return slices.Contains(s.defaults, dir) }

// candidates calls yield with every path at which the steps, those for the needs
// of by, would look for name, in order, until yield returns false.
func (s *searcher) candidates(steps []Step, by *Object, name string, yield func(string, Resolution) bool) {
	for _, step := range steps {
		if step.How == ByCache {
			if !s.cache.lookup(name, s.hwcaps, func(p string) bool {
				dir := path.Dir(p)
				if by.NoDefLib && s.isDefault(dir) {
					return true
				}
				return yield(p, Resolution{How: ByCache, Dir: dir})
			}) {
				return
			}
			continue
		}
		for _, dir := range step.Dirs {
			r := Resolution{How: step.How, Owner: step.Owner, Dir: dir}
			if s.libc != Musl {
				for _, h := range s.hwcaps {
					if !yield(join(dir, "glibc-hwcaps/"+h+"/"+name), r) {
						return
					}
				}
			}
			if !yield(join(dir, name), r) {
				return
			}
		}
	}
}
