package check

import (
	"errors"
	"slices"

	"github.com/lambdapack/lambdapack/ldd"
)

// judgeSymbols finds strong undefined symbols that no object defines. It says
// nothing of a symbol that a library may define whose file is not at hand.
func (j *judge) judgeSymbols(c *closure) error {
	virtual := slices.ContainsFunc(c.Objects, func(o *ldd.Object) bool { return o.Virtual() })
	if c.LibC == ldd.Musl || len(c.Missing) > 0 {
		return nil
	}
	type wanted struct {
		o    *ldd.Object
		syms []ldd.Symbol
	}
	var all []wanted
	for _, o := range c.Objects {
		if name, ours := inPackage(o.RealPath); !ours || j.judged[name] {
			continue
		}
		syms, err := o.UndefinedSymbols()
		if err != nil {
			return err
		}
		syms = slices.DeleteFunc(syms, func(s ldd.Symbol) bool { return s.Weak || !j.knownProvider(c, o, s, virtual) })
		if len(syms) > 0 {
			all = append(all, wanted{o, syms})
		}
	}
	if len(all) == 0 {
		return nil
	}
	defined, err := definedSymbols(c)
	if err != nil {
		return err
	}
	for _, w := range all {
		var lost []string
		for _, s := range w.syms {
			if !defined.satisfies(s) {
				lost = append(lost, symbolName(s))
			}
		}
		if len(lost) > 0 {
			j.findAs(j.serious(c, w.o), undefinedSymbol, packagePath(w.o), "it needs the symbol "+list(lost)+", which no library that is loaded with it defines",
				"put the libraries into lib/ that it was linked with")
		}
	}
	return nil
}

// knownProvider reports whether only files at hand can define a symbol, and its
// version is not missing altogether, which is a finding already.
func (j *judge) knownProvider(c *closure, o *ldd.Object, s ldd.Symbol, virtual bool) bool {
	if s.File == "" {
		return !virtual
	}
	p := provider(c, o, s.File)
	if p == nil || p.Virtual() {
		return false
	}
	d, err := j.definitions(p)
	return err == nil && (d.names[s.Version] || d.none && !virtual)
}

func symbolName(s ldd.Symbol) string {
	if s.Version != "" {
		return s.Name + "@" + s.Version
	}
	return s.Name
}

// symbolTable maps names to the versions that define them.
type symbolTable map[string][]string

func definedSymbols(c *closure) (symbolTable, error) {
	t := symbolTable{}
	var errs []error
	for _, o := range c.Objects {
		if o.Virtual() {
			continue
		}
		syms, err := o.DefinedSymbols()
		errs = append(errs, err)
		for _, s := range syms {
			t[s.Name] = append(t[s.Name], s.Version)
		}
	}
	return t, errors.Join(errs...)
}

// satisfies follows the loader: a symbol without a version binds to any, one with
// a version to the same or to one without.
func (t symbolTable) satisfies(s ldd.Symbol) bool {
	versions, ok := t[s.Name]
	return ok && (s.Version == "" || slices.Contains(versions, s.Version) || slices.Contains(versions, ""))
}
