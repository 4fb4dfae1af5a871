package ldd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxRemembered bounds each table of what was looked up: hostile search paths can
// ask for any number of paths.
const maxRemembered = 1 << 16

// maxLinks is the kernel's bound on symlinks in one lookup (path_resolution(7)).
const maxLinks = 40

// errLinks says that a path has too many symlinks, as ELOOP does.
var errLinks = errors.New("too many symlinks")

// errLength says that a path is longer than PATH_MAX, as ENAMETOOLONG does.
var errLength = errors.New("path too long")

// RealPath returns where a path leads after all symlinks. The file must exist.
func (s *Sysroot) RealPath(name string) (string, error) {
	n, err := s.lookup(name)
	if err != nil {
		return "", err
	}
	return n.real, nil
}

// lookup is RealPath with what is known about the file.
func (s *Sysroot) lookup(name string) (*node, error) {
	s.mu.Lock()
	l, ok := s.paths[name]
	s.mu.Unlock()
	if ok {
		return l.node, l.err
	}
	links := 0
	e, err := s.resolve(name, &links)
	if err != nil {
		l.err = &lookupError{name, err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		l.node = s.node(e)
	}
	if len(s.paths) < maxRemembered {
		s.paths[name] = l
	}
	return l.node, l.err
}

// node returns the one node of a file, as long as not too many are remembered.
func (s *Sysroot) node(e entry) *node {
	n := s.nodes[e.real]
	if n == nil {
		n = &node{entry: e}
		if len(s.nodes) < maxRemembered {
			s.nodes[e.real] = n
		}
	}
	return n
}

// A lookupError is put into words only where somebody reads it: most searches
// pass many paths that do not exist.
type lookupError struct {
	name string
	err  error
}

func (e *lookupError) Error() string { return fmt.Sprintf("resolving %s: %v", e.name, e.err) }
func (e *lookupError) Unwrap() error { return e.err }

// resolve looks up the directory of name, then its last element.
func (s *Sysroot) resolve(name string, links *int) (entry, error) {
	if len(name) > maxString {
		return entry{}, errLength
	}
	trimmed := strings.TrimRight(name, "/")
	if trimmed == "" {
		return s.lstat("/", false)
	}
	slash := strings.LastIndexByte(trimmed, '/') + 1
	dir, base := trimmed[:slash], trimmed[slash:]
	real, err := s.resolveDir(dir, links)
	if err != nil {
		return entry{}, err
	}
	return s.resolveIn(real, base, links)
}

// resolveIn looks up one element in a directory's real path.
func (s *Sysroot) resolveIn(real, base string, links *int) (entry, error) {
	switch base {
	case ".":
		return s.lstat(real, false)
	case "..":
		return s.lstat(path.Dir(real), false)
	}
	e, err := s.lstat(join(real, base), *links == 0)
	if err != nil || e.target == "" && e.info.Mode()&fs.ModeSymlink == 0 {
		return e, err
	}
	if *links++; *links > maxLinks {
		return entry{}, errLinks
	}
	target := e.target
	if target == "" {
		if target, err = readLink(e.fsys, e.rel); err != nil {
			return entry{}, err
		}
	}
	if target == "" {
		return entry{}, fs.ErrNotExist
	}
	if !strings.Contains(target, "/") {
		return s.resolveIn(real, target, links)
	}
	if target[0] != '/' {
		target = join(real, target)
	}
	return s.resolve(target, links)
}

// resolveDir returns the real path of a directory, remembered: a walk asks for
// the same few directories hundreds of times.
func (s *Sysroot) resolveDir(dir string, links *int) (string, error) {
	s.mu.Lock()
	r, ok := s.dirs[dir]
	s.mu.Unlock()
	if ok {
		return r.real, r.err
	}
	r.entry, r.err = s.resolve(dir, links)
	if r.err == nil && !r.info.IsDir() {
		r = resolved{err: &fs.PathError{Op: "lstat", Path: dir, Err: fs.ErrNotExist}}
	}
	if errors.Is(r.err, errLinks) {
		return "", r.err // depends on the links before this directory
	}
	s.mu.Lock()
	if len(s.dirs) < maxRemembered {
		s.dirs[dir] = r
	}
	s.mu.Unlock()
	return r.real, r.err
}

// join puts a name under a directory without cleaning it: "a/.." is not the
// same as "." where a is a symlink.
func join(dir, name string) string {
	return strings.TrimSuffix(dir, "/") + "/" + name
}
