package check

import (
	"fmt"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// A closure is one process of the function, as its loader maps it.
type closure struct {
	*ldd.Closure
	// start holds the objects that are mapped when the program starts; the rest
	// are libraries of the package that it can only open by itself.
	start map[string]bool
	// begins is true for what Lambda starts.
	begins bool
}

// close returns the closure of a file of the package. Extra are paths of
// libraries that are opened after the start.
func (j *judge) close(name string, extra []string) (*ldd.Closure, error) {
	opts := ldd.Options{
		Sysroot: j.sysroot, LibraryPath: lambda.LibraryPath(), WorkDir: taskRoot, Machine: j.files[name].Machine, Extra: extra,
	}
	if j.opts.Rootfs == nil {
		opts.Virtual = j.virtual()
	}
	return ldd.Walk(inTask(name), opts)
}

// virtual lists the runtime's libraries for the walker.
func (j *judge) virtual() map[string]ldd.Virtual {
	if j.libs != nil || j.arch == nil {
		return j.libs
	}
	j.libs = map[string]ldd.Virtual{j.arch.Interpreter(): {}}
	for _, l := range j.rt.Libraries(*j.arch) {
		j.libs[lambda.LibDir+"/"+l.Soname] = ldd.Virtual{Soname: l.Soname}
	}
	return j.libs
}

// walkAll finds every process that the package can make: bootstrap, then the
// other programs, then libraries that no program reaches.
func (j *judge) walkAll() error {
	reached := map[string]bool{}
	add := func(name string, begins bool) error {
		c, err := j.close(name, nil)
		if err != nil {
			return fmt.Errorf("following the libraries of %s: %w", name, err)
		}
		cl := &closure{Closure: c, begins: begins, start: map[string]bool{}}
		for _, o := range c.Objects {
			cl.start[o.RealPath] = true
			if name, ok := inPackage(o.RealPath); ok {
				reached[name] = true
			}
		}
		j.closures = append(j.closures, cl)
		return nil
	}
	main := ""
	if i := j.tree.resolve(j.source.main); i != nil && j.files[i.name] != nil && j.loadable(j.files[i.name]) {
		main = i.name
		if err := add(main, true); err != nil {
			return err
		}
	}
	var libraries []string
	for _, name := range j.elfNames() {
		f := j.files[name]
		switch {
		case name == main || !j.loadable(f) || f.Static():
		case f.Executable() && f.Soname == "":
			if err := add(name, main == ""); err != nil {
				return err
			}
		default:
			libraries = append(libraries, name)
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	var open []string
	for _, name := range libraries {
		if !reached[name] {
			open = append(open, inTask(name))
		}
	}
	return j.walkOpened(main, open, add, reached)
}

// walkOpened follows the libraries that no program needs. A dynamic bootstrap
// opens them all in one process; without one each stands for itself.
func (j *judge) walkOpened(main string, open []string, add func(string, bool) error, reached map[string]bool) error {
	if len(open) == 0 {
		return nil
	}
	if main != "" && !j.files[main].Static() {
		c, err := j.close(main, open)
		if err != nil {
			return fmt.Errorf("following the libraries of %s: %w", main, err)
		}
		j.closures[0].Closure = c
		return nil
	}
	for _, p := range open {
		if name, _ := inPackage(p); !reached[name] {
			if err := add(name, j.source.form == "file"); err != nil {
				return err
			}
		}
	}
	return nil
}

// loaded reports whether an object is mapped when the function starts.
func (c *closure) loaded(o *ldd.Object) bool { return c.begins && c.start[o.RealPath] }

// describe adds the package's objects to the report.
func (j *judge) describe(c *closure) {
	for _, o := range c.Objects {
		name, ok := inPackage(o.RealPath)
		if !ok || j.judged[name] {
			continue
		}
		j.judged[name] = true
		obj := Object{Path: ldd.Printable(name), Soname: ldd.Printable(o.Soname), Loaded: c.loaded(o), Needs: []Resolution{}}
		for _, n := range o.Needs {
			if n.Kind != ldd.Extra {
				obj.Needs = append(obj.Needs, j.resolution(n))
			}
		}
		j.report.Objects = append(j.report.Objects, obj)
	}
}

func (j *judge) resolution(n *ldd.Need) Resolution {
	r := Resolution{Name: ldd.Printable(n.Name), From: "nowhere"}
	if n.Object == nil {
		return r
	}
	r.Path = ldd.Printable(n.Object.Path)
	found := n.Found
	if found.How == ldd.ByLoaded {
		found = n.Object.Found
	}
	r.How = ldd.Printable(found.String())
	_, ours := inPackage(n.Object.RealPath)
	switch {
	case ours:
		r.From = "package"
	case n.Object.Virtual():
		r.From = "runtime"
	default:
		r.From = "rootfs"
	}
	return r
}

// names lists objects for a sentence: the first few, and how many more.
func list(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
