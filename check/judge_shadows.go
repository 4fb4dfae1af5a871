package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// judgeShadows finds libraries of the package that the loader does not take,
// because the system has one of the same name in a directory that comes first.
// It returns their sonames.
func (j *judge) judgeShadows() map[string]bool {
	shadowed := map[string]bool{}
	if j.source.form == "file" {
		return shadowed
	}
	taken := map[string]*closure{}
	for _, c := range j.closures {
		for _, o := range c.Objects {
			if name, ours := inPackage(o.RealPath); ours && taken[name] == nil && !opened(o) {
				taken[name] = c
			}
		}
	}
	for _, name := range j.elfNames() {
		f := j.files[name]
		if !j.expected(name) || name == j.source.main || !j.loadable(f) || f.Executable() && f.Soname == "" {
			continue
		}
		soname := path.Base(name)
		system := j.system(soname)
		if system == "" && f.Soname != "" {
			soname = f.Soname
			system = j.system(soname)
		}
		glibc := lambda.GlibcLibrary(soname)
		switch c := taken[name]; {
		case glibc && c != nil && c.Interp != nil && inside(c.Interp):
		case glibc && c != nil:
			j.findAs(Error, shippedGlibc, name, "the package has its own "+soname+", which is loaded with the system's dynamic loader: the two must be of one build", "leave glibc's libraries out of the package")
		case glibc:
			j.find(shippedGlibc, name, "the package has its own "+soname+", a part of the C library", "leave glibc's libraries out of the package")
		case c == nil && system != "" && !j.same(f, system):
			shadowed[soname] = true
			j.shadow(name, soname, system)
		}
	}
	return shadowed
}

// opened reports whether an object is there only because the check has opened it.
func opened(o *ldd.Object) bool {
	return !slices.ContainsFunc(o.NeededBy, func(by *ldd.Object) bool {
		return slices.ContainsFunc(by.Needs, func(n *ldd.Need) bool { return n.Object == o && n.Kind != ldd.Extra })
	})
}

// inside reports whether an object is of the package.
func inside(o *ldd.Object) bool {
	_, ours := inPackage(o.RealPath)
	return ours
}

// system returns the path of the library that the loader finds before it comes to
// the package's directories, or "".
func (j *judge) system(soname string) string {
	for _, dir := range lambda.LibraryPath() {
		if dir == taskRoot {
			return ""
		}
		p := dir + "/" + soname
		if j.opts.Rootfs != nil {
			if f, err := j.opts.Rootfs.Inspect(p); err == nil && j.loadable(f) {
				return p
			}
		} else if _, ok := j.virtual()[p]; ok {
			return p
		}
	}
	return ""
}

// same reports whether the system's library is the very same build.
func (j *judge) same(f *ldd.File, system string) bool {
	if j.opts.Rootfs == nil || f.BuildID == "" {
		return false
	}
	other, err := j.opts.Rootfs.Inspect(system)
	return err == nil && other.BuildID == f.BuildID
}

const fixShadow = "link with -Wl,--disable-new-dtags,-rpath,$ORIGIN/lib, as lambdapack build does: a DT_RPATH comes before the system's directories"

// shadow reports one shadowed library: an error where something needs a version
// that it has and the system's has not.
func (j *judge) shadow(name, soname, system string) {
	evidence := fmt.Sprintf("%s comes before it in LD_LIBRARY_PATH, and is what the loader takes for %s", system, soname)
	lacking := j.lackedBehind(name, soname)
	if len(lacking) > 0 {
		j.findAs(Error, shadowedLibrary, name, evidence+", without "+list(lacking)+", which the package needs", fixShadow)
		return
	}
	if more := j.definesMore(name, soname, system); more != "" {
		evidence += "; it is another version, without " + more
	}
	j.find(shadowedLibrary, name, evidence, fixShadow)
}

// lackedBehind returns the versions that objects of the package need of a soname,
// that the package's library defines and what they resolve to does not.
func (j *judge) lackedBehind(name, soname string) (lacking []string) {
	mine, err := j.files[name].VersionDefs()
	if err != nil {
		return nil
	}
	have := fileDefinitions(mine)
	for _, c := range j.closures {
		for _, o := range c.Objects {
			if !inside(o) {
				continue
			}
			needs, _ := o.VersionNeeds()
			p := provider(c, o, soname)
			if p == nil {
				continue
			}
			theirs, err := j.definitions(p)
			if err != nil {
				continue
			}
			for _, need := range needs {
				for _, v := range need.Versions {
					ok, known := theirs.has(v.Name)
					if need.File == soname && known && !ok && have.names[v.Name] && !slices.Contains(lacking, v.Name) {
						lacking = append(lacking, v.Name)
					}
				}
			}
		}
	}
	return lacking
}

// definesMore returns a version that the package's library defines and the
// system's is known not to, or "".
func (j *judge) definesMore(name, soname, system string) string {
	mine, err := j.files[name].VersionDefs()
	if err != nil {
		return ""
	}
	var theirs definitions
	if j.opts.Rootfs != nil {
		f, err := j.opts.Rootfs.Inspect(system)
		if err != nil {
			return ""
		}
		defs, err := f.VersionDefs()
		if err != nil {
			return ""
		}
		theirs = fileDefinitions(defs)
	} else if l, ok := j.rt.Library(*j.arch, soname); ok {
		theirs.library = &l
	}
	more := ""
	for _, d := range mine {
		if ok, known := theirs.has(d.Name); known && !ok && !d.Base && !strings.HasSuffix(d.Name, "_PRIVATE") {
			more = d.Name
		}
	}
	return more
}
