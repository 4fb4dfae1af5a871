package pack

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is a file on its way into a package: a name there, and content from a
// file on disk (Path) or from memory (Data, where Path is empty).
type File struct {
	// Name is the slash-separated path inside the package.
	Name string
	// Path is the file that holds the content. A symlink is followed.
	Path string
	// Data is the content where Path is empty. It must not be changed after.
	Data []byte
	// ID, where it is set, names the content: files of one ID have the same
	// content for ever. It saves reading a file to find out that nothing has
	// changed.
	ID string
}

// Entry is a file or directory of a [Package]. Its content is read when an
// output is written, not before.
type Entry struct {
	// Name is the slash-separated path relative to the package's root; no
	// slash at its end, not even a directory's.
	Name string
	// Mode is 0755 with fs.ModeDir for a directory, 0755 for a program and
	// 0644 for any other file.
	Mode fs.FileMode
	// Size is the content's length in bytes, 0 for a directory.
	Size int64

	file File
}

// IsDir reports whether the entry is a directory.
func (e *Entry) IsDir() bool { return e.Mode.IsDir() }

// Content is an entry's content, open.
type Content interface {
	io.ReaderAt
	io.Closer
}

// Open opens the content. Where the file's size is no longer the entry's it is
// an error, since a package never changes.
func (e *Entry) Open() (Content, error) {
	if e.file.Path == "" {
		return memory{bytes.NewReader(e.file.Data)}, nil
	}
	f, err := os.Open(e.file.Path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() != e.Size {
		err = e.changed()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (e *Entry) changed() error {
	return fmt.Errorf("%s changed while it was being packaged", e.source())
}

// source names the content's origin for error messages.
func (e *Entry) source() string {
	if e.file.Path != "" {
		return e.file.Path
	}
	return e.Name
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// head returns the first bytes of the content, at most n.
func (e *Entry) head(n int64) ([]byte, error) {
	c, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	buf := make([]byte, min(n, e.Size))
	if _, err := io.ReadFull(io.NewSectionReader(c, 0, e.Size), buf); err != nil {
		return nil, fmt.Errorf("reading %s: %w", e.source(), err)
	}
	return buf, nil
}
