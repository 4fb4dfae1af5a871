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

// A walker carries one walk.
type walker struct {
	searcher
	opts   Options
	root   *Sysroot
	c      *Closure
	loader *Object // may stand outside the closure until something needs it

	names map[string]*Object // loaded objects by every name they answer to
	reals map[string]*Object // loaded objects by real path
	infos map[int64][]*Object
	queue []*Object
	lost  map[string]*Missing
}

// Walk returns the closure of the program or library at a path of the sysroot.
//
// Libraries that are missing, damaged or for another machine are results, in
// Closure.Missing. An error means that the file itself cannot be read
// ([*FileError] where it is no proper ELF file), is not of Options.Machine
// ([ErrMachine]), or is nothing that a loader loads ([ErrNotLoadable]).
func Walk(name string, opts Options) (*Closure, error) {
	w := &walker{
		opts: opts, root: opts.Sysroot,
		names: map[string]*Object{}, reals: map[string]*Object{}, infos: map[int64][]*Object{},
		lost: map[string]*Missing{},
	}
	if w.root == nil {
		w.root = Host()
	}
	name = path.Clean("/" + name)
	f, real, err := w.root.inspect(name)
	if err != nil {
		return nil, err
	}
	if err := checkRoot(f, opts.Machine); err != nil {
		return nil, err
	}
	root := &Object{File: f, Path: name, RealPath: real, Found: Resolution{How: ByRoot}}
	w.c = &Closure{Root: root, LibC: libCOf(f), walker: w}
	w.prepare(root)
	w.load(root)
	defer w.prefetch(root)()
	w.run()
	for _, name := range opts.Extra {
		w.need(root, name, Extra)
		w.run()
	}
	w.linkBack()
	return w.c, nil
}

func checkRoot(f *File, want elf.Machine) error {
	if f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return &FileError{Name: f.Name, Err: ErrNotLoadable, Detail: "its type is " + f.Type.String()}
	}
	if want != elf.EM_NONE && f.Machine != want {
		return &FileError{Name: f.Name, Err: ErrMachine, Detail: fmt.Sprintf("it is for %s, not %s", f.MachineName(), want)}
	}
	return nil
}

// prepare finds the loader and fixes the search.
func (w *walker) prepare(root *Object) {
	interp := root.Interp
	if interp == "" {
		interp = w.opts.Loader
	}
	if interp == "" {
		interp = defaultLoader(root.File, w.c.LibC)
	} else {
		w.c.LibC = libCOfInterp(interp)
	}
	w.searcher = w.root.searcher(root.File, interp, w.c.LibC, w.opts)
	if f, real, err := w.try(interp); err == nil {
		w.loader = &Object{File: f, Path: interp, RealPath: real, Found: Resolution{How: ByInterp}, loader: root}
		w.name(w.loader, interp, path.Base(interp), f.Soname)
		w.reals[real] = w.loader
	} else if root.Interp != "" {
		w.miss(root, interp, Interp, nil, err)
	}
}

// run takes objects from the queue until nothing new is loaded.
func (w *walker) run() {
	for len(w.queue) > 0 {
		o := w.queue[0]
		w.queue = w.queue[1:]
		if o == w.c.Root && o.Interp != "" {
			o.Needs = append(o.Needs, &Need{Name: o.Interp, Kind: Interp, Object: w.loader, Found: Resolution{How: ByInterp}})
		}
		for _, n := range o.Filters {
			w.need(o, n, Filter)
		}
		for _, n := range o.Auxiliaries {
			w.need(o, n, Auxiliary)
		}
		for _, n := range o.Needed {
			w.need(o, n, Needed)
		}
	}
	if w.c.Root.Interp != "" && w.loader != nil {
		w.load(w.loader)
	}
}

// load puts an object into the closure, once.
func (w *walker) load(o *Object) {
	if o == w.loader {
		if w.c.Interp != nil {
			return
		}
		w.c.Interp = o
	}
	w.c.Objects = append(w.c.Objects, o)
	w.queue = append(w.queue, o)
	w.reals[o.RealPath] = o
	w.name(o, o.Path, o.Soname)
	if info := w.root.info(o.RealPath); info != nil && !o.Virtual() {
		w.infos[info.Size()] = append(w.infos[info.Size()], o)
	}
}

// name makes an object answer to names that nothing answers to yet.
func (w *walker) name(o *Object, names ...string) {
	for _, n := range names {
		if _, taken := w.names[n]; n != "" && !taken {
			w.names[n] = o
		}
	}
}

// need resolves one need of an object and loads what it finds.
func (w *walker) need(by *Object, name string, kind Kind) {
	n := &Need{Name: name, Kind: kind}
	by.Needs = append(by.Needs, n)
	if kind != Extra && w.excluded(name) {
		n.Excluded = true
		return
	}
	o, found, cause := w.resolve(by, name)
	if o == nil {
		if kind != Auxiliary {
			w.miss(by, name, kind, w.searched(by, name), cause)
		}
		return
	}
	n.Object, n.Found = o, found
	w.name(o, name)
	if o == w.loader && w.c.Interp == nil {
		w.load(o)
	}
}

func (w *walker) excluded(name string) bool {
	for _, pattern := range w.opts.Exclude {
		if ok, _ := path.Match(pattern, name); ok || pattern == name {
			return true
		}
	}
	return false
}

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
