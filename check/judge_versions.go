package check

import (
	"fmt"
	"slices"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// judgeVersions holds the symbol versions that an object needs against those
// that its libraries define, as the loader does before it starts a program.
// musl's loader does not.
func (j *judge) judgeVersions(c *closure, o *ldd.Object) error {
	if c.LibC == ldd.Musl {
		return nil
	}
	needs, err := o.VersionNeeds()
	if err != nil {
		return err
	}
	for _, need := range needs {
		provider := provider(c, o, need.File)
		if provider == nil {
			continue // missing altogether
		}
		defined, err := j.definitions(provider)
		if err != nil {
			return err
		}
		if defined.none {
			j.find(unversionedNeed, packagePath(o), "it was linked with a "+need.File+" that has symbol versions, and "+provider.Path+" has none",
				"put the library that it was linked with into lib/")
			continue
		}
		var lacking []string
		weak := true
		for _, v := range need.Versions {
			if ok, known := defined.has(v.Name); known && !ok && !slices.Contains(lacking, v.Name) {
				lacking = append(lacking, v.Name)
				weak = weak && v.Weak
			}
		}
		if len(lacking) > 0 {
			if err := j.lacks(c, o, provider, need.File, lacking, weak); err != nil {
				return err
			}
		}
	}
	return nil
}

// provider returns what a DT_NEEDED name of an object led to.
func provider(c *closure, o *ldd.Object, name string) *ldd.Object {
	for _, n := range o.Needs {
		if n.Name == name {
			return n.Object
		}
	}
	return c.Lookup(name)
}

// lacks reports versions that a library does not define.
func (j *judge) lacks(c *closure, o, provider *ldd.Object, soname string, versions []string, weak bool) error {
	slices.SortFunc(versions, func(a, b string) int {
		_, x := lambda.SplitVersion(a)
		_, y := lambda.SplitVersion(b)
		return lambda.CompareVersions(x, y)
	})
	newest := versions[len(versions)-1]
	evidence := "it needs " + list(reversed(versions)) + " of " + soname
	for _, v := range reversed(versions) {
		symbol, err := o.SymbolNeeding(soname, v)
		if err != nil {
			return err
		}
		if symbol != "" {
			evidence += " (for " + symbol + ")"
			break
		}
	}
	evidence += ", and " + j.has(provider, newest)
	s := j.serious(c, o)
	if weak {
		s = Warning
	}
	j.findAs(s, missingVersion, packagePath(o), evidence, j.versionFix(provider, soname, versions))
	return nil
}

func reversed(s []string) []string {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// has says what a library defines of the newest version's family.
func (j *judge) has(provider *ldd.Object, newest string) string {
	family, _ := lambda.SplitVersion(newest)
	if _, ours := inPackage(provider.RealPath); !ours && provider.Virtual() && j.arch != nil {
		l, _ := j.rt.Library(*j.arch, provider.Soname)
		if h := l.Highest(family); h != "" {
			return j.rt.Name + " has " + h + " at most"
		}
		if l.Glibc {
			return j.rt.Name + " has glibc " + j.rt.Glibc
		}
	}
	if defs, err := provider.VersionDefs(); err == nil {
		highest := ""
		for _, d := range defs {
			if f, n := lambda.SplitVersion(d.Name); f == family && n != "" {
				if _, h := lambda.SplitVersion(highest); highest == "" || lambda.CompareVersions(n, h) > 0 {
					highest = d.Name
				}
			}
		}
		if highest != "" {
			return provider.Path + " has " + highest + " at most"
		}
	}
	return provider.Path + " does not define it"
}

// versionFix says how to come by the versions.
func (j *judge) versionFix(provider *ldd.Object, soname string, versions []string) string {
	if _, ours := inPackage(provider.RealPath); ours {
		return "put the " + soname + " into lib/ that it was linked with"
	}
	if !lambda.GlibcLibrary(soname) {
		return "put " + soname + " into lib/ and link with -Wl,--disable-new-dtags,-rpath,$ORIGIN/lib, so that it comes before the system's"
	}
	fix := fmt.Sprintf("build in a container of the runtime's generation (%s, glibc %s)", j.rt.BaseImage, j.rt.Glibc)
	for _, rt := range lambda.Runtimes() {
		if rt != j.rt && j.opts.Rootfs == nil && j.suffices(rt, soname, versions) {
			fix += ", or choose --runtime " + rt.Name + ", which has glibc " + rt.Glibc
			return fix
		}
	}
	return fix + ", or link statically"
}

// suffices reports whether another runtime defines the versions.
func (j *judge) suffices(rt *lambda.Runtime, soname string, versions []string) bool {
	if j.arch == nil {
		return false
	}
	l, ok := rt.Library(*j.arch, soname)
	for _, v := range versions {
		defined, known := l.Defines(v)
		ok = ok && known && defined
	}
	return ok
}

// definitions are the versions that a library defines, as far as is known.
type definitions struct {
	library *lambda.Library // of the table
	names   map[string]bool // of a file
	none    bool            // a file without any
}

func (j *judge) definitions(o *ldd.Object) (definitions, error) {
	if o.Virtual() {
		if j.arch == nil {
			return definitions{}, nil
		}
		l, _ := j.rt.Library(*j.arch, o.Soname)
		return definitions{library: &l}, nil
	}
	defs, err := o.VersionDefs()
	return fileDefinitions(defs), err
}

func fileDefinitions(defs []ldd.VersionDef) definitions {
	d := definitions{names: map[string]bool{}, none: len(defs) == 0}
	for _, def := range defs {
		d.names[def.Name] = true
	}
	return d
}

func (d definitions) has(version string) (defined, known bool) {
	if d.library != nil {
		return d.library.Defines(version)
	}
	return d.names[version], d.names != nil
}
