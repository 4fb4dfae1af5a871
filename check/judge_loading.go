package check

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// judgeLoading goes the loader's way for every program and library.
func (j *judge) judgeLoading() error {
	if err := j.walkAll(); err != nil {
		return err
	}
	image := map[string][]string{}
	for _, c := range j.closures {
		if j.judgeInterp(c) {
			j.describe(c)
			continue
		}
		j.judgeMissing(c)
		var err error
		for _, o := range c.Objects {
			name, ours := inPackage(o.RealPath)
			if !ours || j.judged[name] {
				continue
			}
			j.judgeImageNeeds(o, image)
			j.judgeDlopen(c, o)
			err = errors.Join(err, j.judgeVersions(c, o))
		}
		if err := errors.Join(err, j.judgeSymbols(c)); err != nil && j.ctx.Err() == nil {
			j.spoiledLibrary(err)
		}
		j.describe(c)
	}
	shadowed := j.judgeShadows()
	j.judgeImage(image, shadowed)
	return j.ctx.Err()
}

// spoiledLibrary reports an ELF file whose tables are damaged, or whose zip entry
// is, which is a finding of its own.
func (j *judge) spoiledLibrary(err error) {
	var fe *ldd.FileError
	if errors.As(err, &fe) {
		name, _ := inPackage(fe.Name)
		if i := j.tree.items[name]; i != nil {
			j.broken(i, err)
		}
	}
}

// serious returns the severity of what keeps an object from being loaded: an
// error where it is loaded when the function starts, or was put where the loader
// looks.
func (j *judge) serious(c *closure, o *ldd.Object) Severity {
	name, ours := inPackage(o.RealPath)
	if c.loaded(o) || ours && j.expected(name) {
		return Error
	}
	return Warning
}

// judgeInterp judges the program's dynamic loader. It returns true where the
// program cannot start, so that nothing more can be said.
func (j *judge) judgeInterp(c *closure) bool {
	for _, m := range c.Missing {
		if m.Kind != ldd.Interp {
			continue
		}
		name, _ := inPackage(c.Root.RealPath)
		s := j.serious(c, c.Root)
		if c.LibC == ldd.Musl {
			j.findAs(s, muslProgram, name, "its dynamic loader "+m.Name+" belongs to musl, and "+j.where()[3:]+" there is glibc only",
				"link it statically (-static), or build it for glibc "+j.rt.Glibc+" or older")
		} else {
			j.findAs(s, missingInterpreter, name, "its dynamic loader "+m.Name+" is not "+j.where(), j.interpFix(m.Name))
		}
		return true
	}
	return false
}

func (j *judge) interpFix(interp string) string {
	usual := "the usual one"
	if j.arch != nil {
		usual = j.arch.Interpreter()
	}
	if strings.HasPrefix(interp, "/nix/") {
		return "set the loader to " + usual + " with patchelf --set-interpreter, or build outside of Nix"
	}
	return "link it with " + usual + " as its loader, or statically"
}

// judgeMissing judges sonames that nothing provides.
func (j *judge) judgeMissing(c *closure) {
	for _, m := range c.Missing {
		if m.Kind == ldd.Interp || m.Kind == ldd.Extra {
			continue
		}
		by := m.NeededBy[0]
		object := packagePath(by)
		evidence := "it needs " + m.Name + ", which neither the package nor " + j.provider() + " has"
		if m.Cause != nil {
			evidence = "it needs " + m.Name + ", and what is there cannot be loaded: " + m.Cause.Error()
		}
		if len(m.NeededBy) > 1 {
			var others []string
			for _, o := range m.NeededBy[1:] {
				others = append(others, packagePath(o))
			}
			evidence += "; so does " + list(others)
		}
		s := Warning
		for _, o := range m.NeededBy {
			if j.serious(c, o) == Error {
				s = Error
			}
		}
		j.findAs(s, missingLibrary, object, evidence, j.missingFix(m))
	}
}

func (j *judge) missingFix(m *ldd.Missing) string {
	base := path.Base(m.Name)
	for _, name := range j.elfNames() {
		if path.Base(name) == base && j.loadable(j.files[name]) {
			return "move " + name + " to lib/" + base + ", where the loader looks"
		}
	}
	return "put " + base + " for this machine into lib/, with all that it needs itself; lambdapack build does"
}

func (j *judge) provider() string {
	if j.opts.Rootfs != nil {
		return "the root file system"
	}
	return j.rt.Name
}

// packagePath names an object as findings do: relative to the package, or with
// its whole path where it is the system's.
func packagePath(o *ldd.Object) string {
	if name, ok := inPackage(o.RealPath); ok {
		return name
	}
	return o.RealPath
}

// judgeImageNeeds collects the sonames for which an object relies on what the
// base image happens to have, besides the C library.
func (j *judge) judgeImageNeeds(o *ldd.Object, image map[string][]string) {
	for _, n := range o.Needs {
		if n.Object == nil || n.Kind == ldd.Extra || n.Kind == ldd.Interp {
			continue
		}
		if _, ours := inPackage(n.Object.RealPath); ours || lambda.GlibcLibrary(path.Base(n.Object.Path)) {
			continue
		}
		if name := packagePath(o); !slices.Contains(image[n.Name], name) {
			image[n.Name] = append(image[n.Name], name)
		}
	}
}

// judgeImage reports what judgeImageNeeds has found, but for libraries that the
// package has and the system's come before.
func (j *judge) judgeImage(image map[string][]string, shadowed map[string]bool) {
	var sonames []string
	for soname := range image {
		if !shadowed[soname] {
			sonames = append(sonames, soname)
		}
	}
	slices.Sort(sonames)
	for _, soname := range sonames {
		by := image[soname]
		fix := "put " + soname + " into lib/, with all that it needs itself; lambdapack build does"
		also := ""
		if len(by) > 1 {
			also = "; so does " + list(by[1:])
		}
		var absent bool
		if j.arch != nil {
			l, _ := j.rt.Library(*j.arch, soname)
			absent = l.Absent
		}
		switch {
		case absent && j.opts.Rootfs == nil:
			j.find(absentInLambda, by[0], "it needs "+soname+", which the base image of "+j.rt.Name+" has, but Lambda itself was reported to lack"+also, fix)
		case absent:
			j.findAs(Warning, absentInLambda, by[0], "it needs "+soname+", which the root file system has, but Lambda was reported to lack for zips"+also, fix)
		case j.opts.Rootfs != nil:
			j.findAs(Notice, imageLibrary, by[0], "it needs "+soname+", which only the root file system has"+also, fix)
		default:
			j.find(imageLibrary, by[0], "it needs "+soname+", which only the base image of "+j.rt.Name+" has: Lambda promises the C library alone"+also, fix)
		}
	}
}

// judgeDlopen judges what objects say that they open by themselves.
func (j *judge) judgeDlopen(c *closure, o *ldd.Object) {
	for _, note := range o.Dlopen {
		if len(note.Sonames) == 0 || slices.ContainsFunc(note.Sonames, func(s string) bool { return j.opens(c, o, s) }) {
			continue
		}
		s := Warning
		switch {
		case note.Priority == "suggested":
			s = Notice
		case note.Priority == "required" && j.serious(c, o) == Error:
			s = Error
		}
		what := ""
		if text := note.Feature + note.Description; text != "" {
			what = fmt.Sprintf(" for %s", strings.TrimSpace(note.Feature+" ("+note.Description+")"))
			what = strings.TrimSuffix(what, " ()")
		}
		j.findAs(s, missingDlopen, packagePath(o), "it says that it opens "+strings.Join(note.Sonames, " or ")+what+", and nothing provides that",
			"add the library with lambdapack build --add-lib "+note.Sonames[0])
	}
}

func (j *judge) opens(c *closure, o *ldd.Object, soname string) bool {
	return c.Lookup(soname) != nil || slices.ContainsFunc(c.Candidates(o, soname), func(k ldd.Candidate) bool { return k.Err == nil })
}
