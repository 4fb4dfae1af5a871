package ldd

import (
	"io"
	"io/fs"
	"path/filepath"
)

// hostFS is what os.DirFS implements.
type hostFS interface {
	fs.FS
	fs.ReadDirFS
	fs.ReadLinkFS
}

// A hostDir is a directory of the host. Its files are opened without the
// bookkeeping that os.Open does for files that may block, which costs more than
// reading an ELF header.
type hostDir struct {
	hostFS
	dir string
}

func (d hostDir) join(rel string) string { return filepath.Join(d.dir, filepath.FromSlash(rel)) }

// A hostFile is an open file of the host.
type hostFile interface {
	io.ReaderAt
	io.Closer
}
