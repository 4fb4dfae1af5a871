// Package atomicfile writes a file whole or not at all: to a temporary file
// beside its destination, which then takes the destination's name. Whatever
// goes wrong, the previous file stays as it was.
package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// File is a file being written. Its zero value is not usable; see [Create].
type File struct {
	*os.File
	path string
}

// Create makes the temporary file for path, and path's directory where it is
// missing. End it with [File.Commit]; [File.Discard] after that does nothing,
// so it can be deferred.
func Create(path string) (*File, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".tmp-*")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// Commit gives the file its mode and its name. The mode does not depend on the
// umask. On an error the file is discarded.
func (f *File) Commit(mode os.FileMode) error {
	err := f.Chmod(mode)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("writing %s: %w", f.path, err)
	}
	f.path = ""
	return nil
}

// Discard removes the temporary file, unless it was committed.
func (f *File) Discard() {
	if f.path != "" {
		f.Close()
		os.Remove(f.Name())
	}
}

// WriteFile writes data to path whole, with the mode, whatever the umask.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.Commit(mode)
}
