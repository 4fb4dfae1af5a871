package ldd

import (
	"debug/elf"
	"errors"
	"fmt"
	"path"
	"strings"
)

// resolve returns the object that the loader takes for a name, newly loaded or
// not, or nil and the cause, if any.
func (w *walker) resolve(by *Object, name string) (o *Object, found Resolution, cause error) {
	if w.libc == Musl && w.loader != nil && muslOwn(name) {
		return w.loader, Resolution{How: ByLoaded}, nil
	}
	if o := w.names[name]; o != nil {
		return o, Resolution{How: ByLoaded}, nil
	}
	if strings.Contains(name, "/") {
		p, ok := w.direct(by, name)
		if !ok {
			return nil, found, nil
		}
		found = Resolution{How: ByPath}
		o, cause = w.take(by, p, found)
		return o, found, cause
	}
	var passed error
	if by.steps == nil {
		by.steps = w.order(by)
	}
	w.candidates(by.steps, by, name, func(p string, r Resolution) bool {
		if w.asked++; w.asked > maxLookups {
			return false
		}
		o, cause = w.take(by, p, r)
		found = r
		if errors.Is(cause, ErrMachine) && w.libc != Musl {
			passed, cause = cause, nil // glibc passes over other machines' libraries
		}
		return o == nil && cause == nil
	})
	if o == nil && cause == nil {
		cause = passed
	}
	return o, found, cause
}

// direct turns a need with a slash into a path.
func (w *walker) direct(by *Object, name string) (string, bool) {
	t := w.tokens
	t.origin = originOf(by)
	if w.libc != Musl {
		expanded, ok := t.expand(name)
		if !ok {
			return "", false
		}
		name = expanded
	}
	if path.IsAbs(name) {
		return name, true
	}
	return join(w.opts.WorkDir, name), w.opts.WorkDir != ""
}

// take loads the file at a path. It returns neither object nor error where there
// is nothing to load.
func (w *walker) take(by *Object, p string, r Resolution) (*Object, error) {
	n, err := w.try(p)
	if err != nil {
		if isFileError(err) {
			return nil, err
		}
		return nil, nil
	}
	if o := w.same(n); o != nil {
		return o, nil
	}
	o := &Object{File: n.file, Path: p, RealPath: n.real, Found: r, loader: by, info: n.info}
	w.load(o)
	return o, nil
}

// same returns the loaded object that is a file, under this or another name
// (hard links), or nil.
func (w *walker) same(n *node) *Object {
	if o := w.reals[n.real]; o != nil {
		return o
	}
	if n.info == nil {
		return nil
	}
	for _, o := range w.sizes[n.info.Size()] {
		if sameFile(n.info, o.info) {
			return o
		}
	}
	return nil
}

// try looks at a path as the loader does. Errors are a *FileError, and come with
// the node, where a file is there and cannot be loaded; they are anything else
// where there is none.
func (w *walker) try(p string) (*node, error) {
	if len(w.opts.Virtual) > 0 {
		real := path.Clean(p)
		if v, ok := w.opts.Virtual[real]; ok {
			return &node{entry: entry{real: real}, file: v.file(real, w.c.Root.File)}, nil
		}
	}
	n, err := w.root.inspect(p)
	if err != nil {
		return n, err
	}
	f := n.file
	if !sameMachine(f, w.c.Root.File) {
		detail := fmt.Sprintf("it is for %s, not %s", f.MachineName(), w.c.Root.MachineName())
		return n, &FileError{Name: p, Err: ErrMachine, Detail: detail}
	}
	if f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return n, &FileError{Name: p, Err: ErrNotLoadable, Detail: "its type is " + f.Type.String()}
	}
	return n, nil
}

// file makes a File of a virtual library at p, of the machine of like.
func (v Virtual) file(p string, like *File) *File {
	f := &File{
		Name: p, Machine: like.Machine, Class: like.Class, Data: like.Data, Type: elf.ET_DYN,
		Soname: v.Soname, Needed: v.Needed, Dynamic: true, virtual: &v,
	}
	if f.Soname == "" {
		f.Soname = path.Base(p)
	}
	return f
}

func isFileError(err error) bool {
	var fe *FileError
	return errors.As(err, &fe)
}
