package ldd

import (
	"path"
	"slices"
)

// miss records a need that nothing satisfies.
func (w *walker) miss(by *Object, name string, kind Kind, searched []string, cause error) {
	if !isFileError(cause) {
		cause = nil
	}
	m := w.lost[name]
	if m == nil {
		m = &Missing{Name: name, Kind: kind, Searched: searched, Cause: cause}
		w.lost[name] = m
		w.c.Missing = append(w.c.Missing, m)
	}
	if !slices.Contains(m.NeededBy, by) {
		m.NeededBy = append(m.NeededBy, by)
	}
}

// searched lists where a name was sought: each directory once, in order.
func (w *walker) searched(by *Object, name string) []string {
	if p, ok := w.direct(by, name); ok && path.Base(name) != name {
		return []string{p}
	}
	var dirs []string
	for _, step := range w.order(by) {
		if step.How == ByCache {
			dirs = append(dirs, "/etc/ld.so.cache")
		}
		for _, d := range step.Dirs {
			if !slices.Contains(dirs, d) {
				dirs = append(dirs, d)
			}
		}
	}
	return dirs
}

// linkBack fills in Names and NeededBy from the edges.
func (w *walker) linkBack() {
	for _, o := range w.c.Objects {
		for _, n := range o.Needs {
			if n.Object == nil {
				continue
			}
			if !slices.Contains(n.Object.Names, n.Name) {
				n.Object.Names = append(n.Object.Names, n.Name)
			}
			if by := n.Object.NeededBy; len(by) == 0 || by[len(by)-1] != o {
				n.Object.NeededBy = append(by, o)
			}
		}
	}
}

// searcher collects what the loader at interp goes by.
func (s *Sysroot) searcher(root *File, interp string, libc LibC, opts Options) searcher {
	p := platformOf(root)
	sr := searcher{
		libc: libc, workDir: opts.WorkDir, libraryPath: opts.LibraryPath,
		defaults: opts.DefaultDirs, hwcaps: opts.HWCaps,
		tokens: tokens{lib: opts.Lib, platform: opts.Platform},
	}
	if sr.tokens.platform == "" {
		sr.tokens.platform = p.name
	}
	if libc == Musl {
		if sr.defaults == nil {
			sr.defaults = s.muslDirs(interp)
		}
		return sr
	}
	built := s.systemDirs(interp)
	if sr.defaults == nil {
		if sr.defaults = built; built == nil {
			sr.defaults = p.defaultDirs()
		}
	}
	if sr.tokens.lib == "" {
		sr.tokens.lib = libToken(built, p)
	}
	if !opts.NoCache {
		sr.cache = s.ldCache(p)
	}
	if sr.cache == nil {
		sr.conf = s.ConfDirs("/etc/ld.so.conf")
	}
	return sr
}

// libToken returns what $LIB means: the loader's own library directory below
// /usr, such as "lib64" or, on Debian, "lib/x86_64-linux-gnu".
func libToken(built []string, p platform) string {
	for _, d := range built {
		if len(d) > len("/usr/") && d[:len("/usr/")] == "/usr/" {
			return d[len("/usr/"):]
		}
	}
	return p.libDir
}
