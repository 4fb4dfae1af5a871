package ldd

import (
	"debug/elf"
	"fmt"
	"path"
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
	sizes map[int64][]*Object
	queue []*Object
	spare []Need // room for needs, which are many and small
	lost  map[string]*Missing
	asked int  // paths that were tried
	extra bool // the program itself is done
}

// maxLookups bounds the paths that one walk tries: real walks need a few
// thousand, hostile search paths any number.
const maxLookups = 1 << 20

// Walk returns the closure of the program or library at a path of the sysroot.
//
// Libraries that are missing, damaged or for another machine are results, in
// Closure.Missing. An error means that the file itself cannot be read
// ([*FileError] where it is no proper ELF file), is not of Options.Machine
// ([ErrMachine]), or is nothing that a loader loads ([ErrNotLoadable]).
func Walk(name string, opts Options) (*Closure, error) {
	w := &walker{
		opts: opts, root: opts.Sysroot,
		names: map[string]*Object{}, reals: map[string]*Object{}, sizes: map[int64][]*Object{},
		lost: map[string]*Missing{},
	}
	if w.root == nil {
		w.root = Host()
	}
	name = path.Clean("/" + name)
	n, err := w.root.inspect(name)
	if err != nil {
		return nil, err
	}
	f := n.file
	if err := checkRoot(f, opts.Machine); err != nil {
		return nil, err
	}
	root := &Object{File: f, Path: name, RealPath: n.real, Found: Resolution{How: ByRoot}, info: n.info}
	w.c = &Closure{Root: root, LibC: libCOf(f), walker: w}
	w.prepare(root)
	if f.Static() {
		w.c.LibC = ""
	}
	w.load(root)
	defer w.prefetch(root)()
	w.run()
	for _, name := range opts.Extra {
		w.extra = true
		w.need(root, name, Extra)
		w.run()
	}
	if w.asked > maxLookups {
		return nil, &FileError{Name: name, Err: ErrMalformed, Detail: fmt.Sprintf("its libraries need more than %d lookups", maxLookups)}
	}
	w.linkBack()
	return w.c, nil
}

func checkRoot(f *File, want elf.Machine) error {
	if f.Type != elf.ET_DYN && f.Type != elf.ET_EXEC {
		return &FileError{Name: f.Name, Err: ErrNotLoadable, Detail: "its type is " + f.Type.String()}
	}
	if want != elf.EM_NONE && f.Machine != want {
		return &FileError{Name: f.Name, Err: ErrMachine, Detail: fmt.Sprintf("it is for %s, not %s", f.MachineName(), machineName(want))}
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
	if n, err := w.try(interp); err == nil {
		w.loader = &Object{File: n.file, Path: interp, RealPath: n.real, Found: Resolution{How: ByInterp}, loader: root, info: n.info}
		w.name(w.loader, interp, path.Base(interp), n.file.Soname)
		w.reals[n.real] = w.loader
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
			*w.addNeed(o) = Need{Name: o.Interp, Kind: Interp, Object: w.loader, Found: Resolution{How: ByInterp}}
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
	o.extra = w.extra
	w.c.Objects = append(w.c.Objects, o)
	w.queue = append(w.queue, o)
	w.reals[o.RealPath] = o
	w.name(o, o.Path, o.Soname)
	if o.info != nil {
		w.sizes[o.info.Size()] = append(w.sizes[o.info.Size()], o)
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
	n := w.addNeed(by)
	n.Name, n.Kind = name, kind
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

// addNeed gives an object one more need, to be filled in.
func (w *walker) addNeed(by *Object) *Need {
	if by.Needs == nil {
		by.Needs = make([]*Need, 0, 1+len(by.Filters)+len(by.Auxiliaries)+len(by.Needed))
	}
	if len(w.spare) == 0 {
		w.spare = make([]Need, 32)
	}
	n := &w.spare[0]
	w.spare = w.spare[1:]
	by.Needs = append(by.Needs, n)
	return n
}

func (w *walker) excluded(name string) bool {
	for _, pattern := range w.opts.Exclude {
		if ok, _ := path.Match(pattern, name); ok || pattern == name {
			return true
		}
	}
	return false
}
