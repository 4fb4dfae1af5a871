package ldd

import (
	"errors"
	"fmt"
)

// The kinds of trouble with an ELF file, to be tested for with errors.Is.
var (
	// ErrNotELF: the file does not begin with the ELF magic. A script, a text
	// file and an empty file are not ELF.
	ErrNotELF = errors.New("not an ELF file")
	// ErrTruncated: the file ends before something that its headers promise.
	ErrTruncated = errors.New("truncated ELF file")
	// ErrMalformed: the file contradicts itself or the ELF specification.
	ErrMalformed = errors.New("malformed ELF file")
	// ErrMachine: a valid ELF file for another machine or of another class.
	ErrMachine = errors.New("wrong machine")
	// ErrNotLoadable: a valid ELF file that no loader loads, such as an object
	// file or a core dump.
	ErrNotLoadable = errors.New("neither a program nor a shared library")
)

// A FileError names the file and the cause. It unwraps to one of the Err values
// of this package.
type FileError struct {
	Name   string // the file, as the caller named it
	Err    error  // one of the Err values
	Detail string // what exactly was wrong; may be empty
}

func (e *FileError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s: %v: %s", e.Name, e.Err, e.Detail)
}

func (e *FileError) Unwrap() error { return e.Err }

// A formatError is a FileError before the file's name is known.
type formatError struct {
	kind   error
	detail string
}

func (e *formatError) Error() string { return e.kind.Error() + ": " + e.detail }
func (e *formatError) Unwrap() error { return e.kind }

func truncated(format string, a ...any) error {
	return &formatError{ErrTruncated, fmt.Sprintf(format, a...)}
}

func malformed(format string, a ...any) error {
	return &formatError{ErrMalformed, fmt.Sprintf(format, a...)}
}

// named turns a formatError into a FileError, and puts the name before any
// other error.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	var fe *formatError
	if errors.As(err, &fe) {
		return &FileError{Name: name, Err: fe.kind, Detail: fe.detail}
	}
	return fmt.Errorf("%s: %w", name, err)
}
