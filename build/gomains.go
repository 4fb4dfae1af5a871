package build

import (
	"slices"
	"strings"
)

// mainsOf picks the main packages of one pattern, and explains why there is none.
func mainsOf(pkgs []GoPackage, pattern, named string) ([]GoPackage, error) {
	wild := strings.Contains(pattern, "...")
	var mains []GoPackage
	matched := 0
	for _, p := range pkgs {
		if !slices.Contains(p.Match, pattern) {
			continue
		}
		matched++
		switch {
		case p.Error != nil && !(wild && noGoFiles(p.Error.Err)):
			return nil, unreadable(named, p)
		case p.Name == "main":
			mains = append(mains, p)
		case !wild && p.Error == nil:
			return nil, noProgram("name the directory of a program, one whose files say \"package main\"",
				"%s is package %s, not a program", named, p.Name)
		}
	}
	switch {
	case matched == 0:
		return nil, noProgram("name a directory that holds Go files; a module of its own below this one has to be named itself",
			"%s matches no packages", named)
	case len(mains) == 0:
		return nil, noProgram("name the directory of a program, one whose files say \"package main\"",
			"%s matches no main package", named)
	}
	return mains, nil
}

// unique keeps the first of packages that are the same directory.
func unique(pkgs []GoPackage) []GoPackage {
	seen := map[string]bool{}
	return slices.DeleteFunc(pkgs, func(p GoPackage) bool {
		twice := seen[p.Dir]
		seen[p.Dir] = true
		return twice
	})
}

// ExecName returns the name that `go build` gives a program: the last element
// of its import path that is not a major version ("go help build").
func (p GoPackage) ExecName() string {
	elements := strings.Split(p.ImportPath, "/")
	last := elements[len(elements)-1]
	if len(elements) > 1 && isMajorVersion(last) {
		last = elements[len(elements)-2]
	}
	return last
}

// isMajorVersion reports whether an element of an import path is v2 or higher.
func isMajorVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' || s[1] == '0' || s == "v1" {
		return false
	}
	return strings.Trim(s[1:], "0123456789") == ""
}
