package ldd

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// maxBuffered bounds, each and together, the files that have to be read whole
// because their file system offers no random access, such as compressed members
// of a zip. Lambda takes 250 MB unpacked.
const maxBuffered = 512 << 20

// Inspect reads the ELF file at a path of the sysroot. The answer is remembered
// under the real path.
func (s *Sysroot) Inspect(name string) (*File, error) {
	n, err := s.inspect(name)
	if err != nil {
		return nil, err
	}
	return n.file, nil
}

// inspect returns the node of a path, read. With an error that is about the file's
// content it returns the node too.
func (s *Sysroot) inspect(name string) (*node, error) {
	n, err := s.lookup(name)
	if err != nil {
		return nil, err
	}
	n.read.Do(func() { n.file, n.err = s.load(n) })
	return n, n.err
}

func (s *Sysroot) load(n *node) (*File, error) {
	if !n.info.Mode().IsRegular() {
		return nil, &FileError{Name: n.real, Err: ErrNotELF, Detail: "it is a " + kindOf(n.info.Mode())}
	}
	f := &File{Name: n.real}
	f.open = func() (io.ReaderAt, int64, io.Closer, error) { return s.openAt(n) }
	r, size, closer, err := f.open()
	if err != nil {
		return nil, named(n.real, err)
	}
	defer closer.Close()
	src := newSource(r, size)
	defer src.release()
	if err := f.parse(src); err != nil {
		return nil, named(n.real, err)
	}
	return f, nil
}

func kindOf(m fs.FileMode) string {
	if m.IsDir() {
		return "directory"
	}
	return "special file"
}

// openAt opens a file for random access.
func (s *Sysroot) openAt(e *node) (io.ReaderAt, int64, io.Closer, error) {
	if d, ok := e.fsys.(hostDir); ok {
		f, err := d.open(e.rel)
		return f, e.info.Size(), f, err
	}
	s.mu.Lock()
	b, ok := s.buffers[e.real]
	s.mu.Unlock()
	if ok {
		return bytes.NewReader(b), int64(len(b)), nopCloser{}, nil
	}
	f, err := e.fsys.Open(e.rel)
	if err != nil {
		return nil, 0, nil, err
	}
	if r, ok := f.(io.ReaderAt); ok {
		return r, e.info.Size(), f, nil
	}
	defer f.Close()
	b, err = s.buffer(e.real, f)
	return bytes.NewReader(b), int64(len(b)), nopCloser{}, err
}

// buffer reads a file whole, and keeps it for later questions while there is room.
func (s *Sysroot) buffer(real string, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxBuffered+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxBuffered {
		return nil, fmt.Errorf("larger than %d bytes", maxBuffered)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buffers[real]; !ok && s.buffered+len(b) <= maxBuffered {
		s.buffers[real] = b
		s.buffered += len(b)
	}
	return b, nil
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

// singleFile is a file system with one file, which lies on the host.
type singleFile struct{ name, host string }

func (f singleFile) Open(name string) (fs.File, error) {
	if name != f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return os.Open(f.host)
}

func (f singleFile) Stat(name string) (fs.FileInfo, error) {
	if name != f.name {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return os.Stat(f.host)
}

// mountPoint describes a directory that exists because something is mounted
// below it.
type mountPoint string

func (m mountPoint) Name() string       { return path.Base(string(m)) }
func (m mountPoint) Size() int64        { return 0 }
func (m mountPoint) Mode() fs.FileMode  { return fs.ModeDir | 0o755 }
func (m mountPoint) ModTime() time.Time { return time.Time{} }
func (m mountPoint) IsDir() bool        { return true }
func (m mountPoint) Sys() any           { return nil }
