package ldd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxLinks is the kernel's bound on symlinks in one lookup (path_resolution(7)).
const maxLinks = 40

// errLinks says that a path has too many symlinks, as ELOOP does.
var errLinks = errors.New("too many symlinks")

// RealPath returns where a path leads after all symlinks. The file must exist.
func (s *Sysroot) RealPath(name string) (string, error) {
	links := 0
	real, err := s.resolve(name, &links)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", name, err)
	}
	return real, nil
}

// resolve looks up the directory of name, then its last element.
func (s *Sysroot) resolve(name string, links *int) (string, error) {
	trimmed := strings.TrimRight(name, "/")
	if trimmed == "" {
		return "/", nil
	}
	dir, base := path.Split(trimmed)
	real, err := s.resolveDir(dir, links)
	if err != nil {
		return "", err
	}
	switch base {
	case ".":
		return real, nil
	case "..":
		return path.Dir(real), nil
	}
	full := join(real, base)
	info, fsys, rel, err := s.lstat(full)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return full, nil
	}
	if *links++; *links > maxLinks {
		return "", errLinks
	}
	target, err := readLink(fsys, rel)
	if err != nil {
		return "", err
	}
	if target == "" {
		return "", fs.ErrNotExist
	}
	if target[0] != '/' {
		target = join(real, target)
	}
	return s.resolve(target, links)
}

// resolveDir is resolve for a directory, remembered: a walk asks for the same
// few directories hundreds of times.
func (s *Sysroot) resolveDir(dir string, links *int) (string, error) {
	s.mu.Lock()
	r, ok := s.dirs[dir]
	s.mu.Unlock()
	if ok {
		return r.path, r.err
	}
	r.path, r.err = s.resolve(dir, links)
	if r.err == nil && r.path != "/" {
		if info, _, _, err := s.lstat(r.path); err != nil || !info.IsDir() {
			r = resolved{err: &fs.PathError{Op: "lstat", Path: dir, Err: fs.ErrNotExist}}
		}
	}
	if errors.Is(r.err, errLinks) {
		return "", r.err // depends on the links before this directory
	}
	s.mu.Lock()
	s.dirs[dir] = r
	s.mu.Unlock()
	return r.path, r.err
}

// join puts a name under a directory without cleaning it: "a/.." is not the
// same as "." where a is a symlink.
func join(dir, name string) string {
	return strings.TrimSuffix(dir, "/") + "/" + name
}
