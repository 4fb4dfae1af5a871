//go:build unix

package ldd

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"
)

// guessLinks makes the search try to read a library's path as a symlink before it
// asks what the path is: nearly all sonames are symlinks, and this saves a system
// call for each.
const guessLinks = true

// join returns the host's path of a path that resolve has cleaned.
func (d hostDir) join(rel string) string {
	if rel == "." {
		return d.dir
	}
	return join(d.dir, rel)
}

// retry repeats a system call that a signal has interrupted.
func retry[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if err != syscall.EINTR {
			return v, err
		}
	}
}

// open opens a regular file for reading. Whoever calls it knows that it is one:
// opening a device can have effects.
func (d hostDir) open(rel string) (hostFile, error) {
	name := d.join(rel)
	fd, err := retry(func() (int, error) {
		return syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
	})
	if err != nil {
		return descriptor(-1), &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return descriptor(fd), nil
}

// ReadLink implements fs.ReadLinkFS.
func (d hostDir) ReadLink(rel string) (string, error) {
	name := d.join(rel)
	var buf [256]byte
	n, err := retry(func() (int, error) { return syscall.Readlink(name, buf[:]) })
	switch {
	case err != nil:
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	case n == len(buf): // perhaps cut off
		return os.Readlink(name)
	}
	return string(buf[:n]), nil
}

// Lstat implements fs.ReadLinkFS.
func (d hostDir) Lstat(rel string) (fs.FileInfo, error) {
	name := d.join(rel)
	var st syscall.Stat_t
	if _, err := retry(func() (int, error) { return 0, syscall.Lstat(name, &st) }); err != nil {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	return &hostInfo{
		name: path.Base(rel), size: st.Size, mode: modeOf(uint32(st.Mode)),
		dev: uint64(st.Dev), ino: uint64(st.Ino),
	}, nil
}

// A hostInfo is what a walk wants to know of a file.
type hostInfo struct {
	name     string
	size     int64
	mode     fs.FileMode
	dev, ino uint64
}

func (i *hostInfo) Name() string       { return i.name }
func (i *hostInfo) Size() int64        { return i.size }
func (i *hostInfo) Mode() fs.FileMode  { return i.mode }
func (i *hostInfo) ModTime() time.Time { return time.Time{} } // no walk asks for it
func (i *hostInfo) IsDir() bool        { return i.mode.IsDir() }
func (i *hostInfo) Sys() any           { return nil }

// modeOf returns the permissions and the type of a file.
func modeOf(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	switch mode & syscall.S_IFMT {
	case syscall.S_IFREG:
		return m
	case syscall.S_IFDIR:
		return m | fs.ModeDir
	case syscall.S_IFLNK:
		return m | fs.ModeSymlink
	}
	return m | fs.ModeIrregular
}

// inodeOf returns what identifies a file of the host.
func inodeOf(info fs.FileInfo) (dev, ino uint64, ok bool) {
	if i, ok := info.(*hostInfo); ok {
		return i.dev, i.ino, true
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Dev), uint64(st.Ino), true
	}
	return 0, 0, false
}

// A descriptor is a plain file descriptor.
type descriptor int

func (d descriptor) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, err := syscall.Pread(int(d), b[n:], off+int64(n))
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return n, err
		case m == 0:
			return n, io.EOF
		default:
			n += m
		}
	}
	return n, nil
}

func (d descriptor) Close() error { return syscall.Close(int(d)) }
