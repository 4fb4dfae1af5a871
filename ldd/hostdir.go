package ldd

import (
	"io"
	"io/fs"
	"os"
)

// hostFS is what os.DirFS implements.
type hostFS interface {
	fs.FS
	fs.ReadDirFS
	fs.ReadLinkFS
}

// A hostDir is a directory of the host. Where the system allows, its files are
// described, followed and opened by plain system calls: a walk asks for a few
// hundred files, and what package os does for each of them beyond that costs more
// than reading an ELF header.
type hostDir struct {
	hostFS
	dir string
}

// newHostDir returns the file system of a directory; as for os.DirFS, the empty
// name is no directory.
func newHostDir(dir string) fs.FS {
	fsys := os.DirFS(dir)
	if dir == "" {
		return fsys
	}
	return hostDir{fsys.(hostFS), dir}
}

// A hostFile is an open file of the host.
type hostFile interface {
	io.ReaderAt
	io.Closer
}

// sameFile reports whether two files are one, under different names.
func sameFile(a, b fs.FileInfo) bool {
	devA, inoA, okA := inodeOf(a)
	devB, inoB, okB := inodeOf(b)
	if okA && okB {
		return devA == devB && inoA == inoB
	}
	return os.SameFile(a, b)
}
