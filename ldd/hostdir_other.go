//go:build !unix

package ldd

import (
	"io/fs"
	"os"
	"path/filepath"
)

// guessLinks: see the file for Unix. Reading a link is expensive elsewhere.
const guessLinks = false

// open opens a regular file for reading.
func (d hostDir) open(rel string) (hostFile, error) {
	return os.Open(filepath.Join(d.dir, filepath.FromSlash(rel)))
}

func inodeOf(fs.FileInfo) (dev, ino uint64, ok bool) { return 0, 0, false }
