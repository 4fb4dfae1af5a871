package ldd

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	f, real, err := w.try(p)
	if f == nil {
		if isFileError(err) {
			return nil, err
		}
		return nil, nil
	}
	if o := w.same(real); o != nil {
		return o, nil
	}
	o := &Object{File: f, Path: p, RealPath: real, Found: r, loader: by}
	w.load(o)
	return o, nil
}

// same returns the loaded object that is the file at a real path, under this or
// another name (hard links), or nil.
func (w *walker) same(real string) *Object {
	if o := w.reals[real]; o != nil {
		return o
	}
	info := w.root.info(real)
	if info == nil {
		return nil
	}
	for _, o := range w.infos[info.Size()] {
		if os.SameFile(info, w.root.info(o.RealPath)) {
			return o
		}
	}
	return nil
}

// try looks at a path as the loader does. Errors are a *FileError where a file
// is there and cannot be loaded, anything else where there is none.
func (w *walker) try(p string) (f *File, real string, err error) {
	if v, ok := w.opts.Virtual[path.Clean(p)]; ok {
		return v.file(path.Clean(p), w.c.Root.File), path.Clean(p), nil
	}
	if f, real, err = w.root.inspect(p); err != nil {
		return nil, real, err
	}
	if !sameMachine(f, w.c.Root.File) {
		detail := fmt.Sprintf("it is for %s, not %s", f.MachineName(), w.c.Root.MachineName())
		return nil, real, &FileError{Name: p, Err: ErrMachine, Detail: detail}
	}
	if f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return nil, real, &FileError{Name: p, Err: ErrNotLoadable, Detail: "its type is " + f.Type.String()}
	}
	return f, real, nil
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

func (s *Sysroot) info(real string) fs.FileInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[real].info
}
