//go:build unix

package ldd

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

// openHost opens a regular file for reading.
func openHost(name string) (hostFile, error) {
	for {
		fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return descriptor(-1), &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return descriptor(fd), nil
	}
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
