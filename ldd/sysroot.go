package ldd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// A Sysroot is the file tree in which a program will run: a directory of the
// host, an fs.FS (a zip, an image's files, a map in memory), or several of them
// layered. All its paths are absolute, with slashes, on every host. Symlinks,
// absolute ones too, are resolved inside it; ".." does not leave it.
//
// A Sysroot remembers what it has looked up, so it shows the tree as it was at
// first sight: after files change, make a new one. It may be used by several
// goroutines at once.
type Sysroot struct {
	mounts []mount // the topmost first

	mu    sync.Mutex
	dirs  map[string]resolved // directories, as written
	paths map[string]looked   // other paths, as written
	nodes map[string]*node    // real paths

	buffers  map[string][]byte // files without random access, by real path
	buffered int               // their bytes together

	caches  map[string]*ldCache // by platform name
	builtin map[string][]string // by interpreter: its system directories
}

// A mount is a file system that appears at a directory of the sysroot.
type mount struct {
	at   string // "" for the root, else like "/var/task"
	fsys fs.FS
}

// An entry is a file, directory or symlink of the sysroot.
type entry struct {
	real string // its path, free of symlinks but for itself
	info fs.FileInfo
	fsys fs.FS  // the layer that has it; nil for a mount point
	rel  string // its name there

	target string // of a symlink that lstat has read; info is nil then
}

type resolved struct {
	entry
	err error
}

// A node is a file and, once somebody has asked, what it is as an ELF file.
type node struct {
	entry
	read sync.Once
	file *File
	err  error
}

// A looked is what a path led to.
type looked struct {
	node *node
	err  error
}

// Host returns the host's own root as a sysroot.
func Host() *Sysroot { return Dir("/") }

// Dir returns a directory of the host as a sysroot.
func Dir(dir string) *Sysroot { return FS(newHostDir(dir)) }

// FS returns a file system as a sysroot. To have symlinks it should implement
// fs.ReadLinkFS; where it does not but reports a symlink, as archive/zip does,
// the content of the entry is the link's target. Files that are no io.ReaderAt are
// read whole, once, up to 512 MiB together.
func FS(fsys fs.FS) *Sysroot { return newSysroot([]mount{{"", fsys}}) }

// Mount returns a sysroot that shows fsys at the directory at, over whatever
// else s has there: files of both are seen, those of fsys first.
func (s *Sysroot) Mount(at string, fsys fs.FS) *Sysroot {
	m := mount{strings.TrimSuffix(path.Clean("/"+at), "/"), fsys}
	return newSysroot(append([]mount{m}, s.mounts...))
}

// MountFile returns a sysroot that shows the host's file at the path at.
func (s *Sysroot) MountFile(at, hostFile string) *Sysroot {
	dir, base := path.Split(path.Clean("/" + at))
	return s.Mount(dir, singleFile{base, hostFile})
}

func newSysroot(mounts []mount) *Sysroot {
	return &Sysroot{
		mounts: mounts, dirs: map[string]resolved{}, paths: map[string]looked{}, nodes: map[string]*node{},
		buffers: map[string][]byte{}, caches: map[string]*ldCache{}, builtin: map[string][]string{},
	}
}

// lstat describes a path whose directories are no symlinks. Where the path is
// likely to be a symlink, it may return the target in the place of the FileInfo.
func (s *Sysroot) lstat(name string, likelyLink bool) (entry, error) {
	var first error
	for _, m := range s.mounts {
		rel, ok := m.rel(name)
		if !ok {
			continue
		}
		if d, ok := m.fsys.(hostDir); ok && likelyLink && guessLinks {
			if target, err := d.ReadLink(rel); err == nil && target != "" {
				return entry{real: name, fsys: m.fsys, rel: rel, target: target}, nil
			} else if errors.Is(err, fs.ErrNotExist) {
				continue
			}
		}
		info, err := fs.Lstat(m.fsys, rel)
		if err == nil {
			return entry{real: name, info: info, fsys: m.fsys, rel: rel}, nil
		}
		if first == nil && !errors.Is(err, fs.ErrNotExist) {
			first = err
		}
	}
	for _, m := range s.mounts {
		if name == "/" || name == m.at || strings.HasPrefix(m.at, name+"/") {
			return entry{real: name, info: mountPoint(path.Base(name))}, nil
		}
	}
	if first == nil {
		first = fs.ErrNotExist
	}
	return entry{}, first
}

// rel returns name as the mounted file system calls it.
func (m mount) rel(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, m.at)
	switch {
	case !ok:
		return "", false
	case rest == "" || rest == "/":
		return ".", true
	case rest[0] != '/':
		return "", false
	}
	return rest[1:], true
}

// readLink returns the target of a symlink.
func readLink(fsys fs.FS, name string) (string, error) {
	if _, ok := fsys.(fs.ReadLinkFS); ok {
		return fs.ReadLink(fsys, name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxString+1))
	if err == nil && len(b) > maxString {
		err = fmt.Errorf("%s: symlink target longer than %d bytes", name, maxString)
	}
	return string(b), err
}

// ReadDir returns the names in a directory, those of all layers, sorted.
func (s *Sysroot) ReadDir(dir string) ([]string, error) {
	real, err := s.RealPath(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	found := error(&fs.PathError{Op: "readdir", Path: dir, Err: fs.ErrNotExist})
	for _, m := range s.mounts {
		if rel, ok := m.rel(real); ok {
			entries, err := fs.ReadDir(m.fsys, rel)
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if err == nil {
				found = nil
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), found
}

// ReadFile returns the content of a file of at most limit bytes.
func (s *Sysroot) ReadFile(name string, limit int64) ([]byte, error) {
	e, err := s.lookup(name)
	if err != nil {
		return nil, err
	}
	if !e.info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := e.fsys.Open(e.rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size := e.info.Size(); size > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, limit)
	} else if r, ok := f.(io.ReaderAt); ok {
		b := make([]byte, size)
		n, err := r.ReadAt(b, 0)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return b[:n], err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: larger than %d bytes", name, limit)
	}
	return b, err
}
