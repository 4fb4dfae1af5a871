package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// Expand returns the files that the includes name below root, in no promised
// order; a file that two of them give the same name is there once. A symlink is
// followed where it stays inside root, and is an error where it does not; so is
// an include that matches nothing, and a file that would be called bootstrap.
// Left out are .git directories and .DS_Store files, which no function wants
// and which change without cause.
func Expand(root string, includes []Include) ([]File, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("including files: %w", err)
	}
	x := &expander{root: real, seen: map[[2]string]bool{}}
	for _, inc := range includes {
		if err := x.include(inc); err != nil {
			return nil, fmt.Errorf("including %q: %w", inc, err)
		}
	}
	return x.files, nil
}

type expander struct {
	root  string // with all symlinks resolved
	files []File
	seen  map[[2]string]bool // names and paths of files
}

func (x *expander) include(inc Include) error {
	base, pattern := doublestar.SplitPattern(path.Clean(inc.Source))
	sel := selection{expander: x, base: base, pattern: pattern, dst: inc.Destination}
	if !strings.ContainsAny(pattern, `*?[{\`) {
		sel.base, sel.pattern = path.Join(base, pattern), ""
		sel.dst = x.literalName(inc, sel.base)
	} else if sel.dst == "" {
		sel.dst = base
	}
	if err := sel.walk("", nil); err != nil {
		return err
	}
	if sel.count == 0 {
		return hint.Errorf("correct it; it is relative to "+x.root+", and .git and .DS_Store are always left out", "no file matches")
	}
	return nil
}

// literalName is the name in the package of what a source without wildcards
// names.
func (x *expander) literalName(inc Include, src string) string {
	switch into := strings.HasSuffix(inc.Destination, "/") || path.Base(inc.Destination) == "."; {
	case inc.Destination == "":
		return src
	case into && !x.isDir(src):
		return path.Join(inc.Destination, path.Base(src))
	}
	return path.Clean(inc.Destination)
}

func (x *expander) isDir(src string) bool {
	info, err := os.Stat(filepath.Join(x.root, filepath.FromSlash(src)))
	return err == nil && info.IsDir()
}

// selection is the files of one include: those below base that match the
// pattern, all where it is empty. They keep their paths, below dst.
type selection struct {
	*expander
	base, pattern, dst string
	count              int
}

// walk adds what rel, a path below base, holds. It carries the real
// directories on the way down, to notice a symlink that leads back into one of
// them. The pattern is not left to doublestar.Glob, which follows symlinks
// anywhere, and in circles.
func (s *selection) walk(rel string, above []string) error {
	src := path.Join(s.base, rel)
	if slices.ContainsFunc(strings.Split(src, "/"), ignored) {
		return nil
	}
	real, err := s.resolve(src)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	switch {
	case info.Mode().IsRegular():
		return s.add(src, real, rel)
	case !info.IsDir():
		return fmt.Errorf("%s is neither a file nor a directory", src)
	case !s.reaches(rel):
		return nil
	case slices.Contains(above, real):
		return fmt.Errorf("%s is a symlink to a directory that holds it", src)
	}
	children, err := os.ReadDir(real)
	if err != nil {
		return err
	}
	for _, c := range children {
		child := path.Join(rel, c.Name())
		if !s.matches(child) && (c.Type().IsRegular() || !s.reaches(child)) {
			continue // also where it is a symlink that leads outside
		}
		if err := s.walk(child, append(above, real)); err != nil {
			return err
		}
	}
	return nil
}

func (s *selection) add(src, real, rel string) error {
	if !s.matches(rel) {
		return nil
	}
	name := path.Join(s.dst, rel)
	if name == lambda.Bootstrap {
		return hint.Errorf("give it another destination: "+src+":NAME", "%s would take the place of the function's own %s", src, lambda.Bootstrap)
	}
	s.count++
	if key := [2]string{name, real}; !s.seen[key] {
		s.seen[key] = true
		s.files = append(s.files, File{Name: name, Path: real})
	}
	return nil
}

func (s *selection) matches(rel string) bool {
	return s.pattern == "" || doublestar.MatchUnvalidated(s.pattern, rel)
}

// reaches reports whether a file below the directory rel may match. Braces can
// hold slashes; with them it says yes too often, and never no too often.
func (s *selection) reaches(rel string) bool {
	if s.pattern == "" || rel == "" {
		return true
	}
	if strings.ContainsAny(s.pattern, "{[") {
		return strings.Contains(s.pattern, "**") || strings.Count(rel, "/") < strings.Count(s.pattern, "/")
	}
	elements := strings.Split(s.pattern, "/")
	for i, dir := range strings.Split(rel, "/") {
		switch {
		case elements[i] == "**":
			return true
		case i == len(elements)-1 || !doublestar.MatchUnvalidated(elements[i], dir):
			return false
		}
	}
	return true
}

func ignored(element string) bool { return element == ".git" || element == ".DS_Store" }

// resolve returns the real path of src, which must be inside the root.
func (x *expander) resolve(src string) (string, error) {
	real, err := filepath.EvalSymlinks(filepath.Join(x.root, filepath.FromSlash(src)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", hint.Errorf("correct the path; it is relative to "+x.root, "%s does not exist", src)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", src, err)
	}
	rel, err := filepath.Rel(x.root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", hint.Errorf("copy the file into the source root, or move the root up with a lambdapack.yaml there",
			"%s is a symlink that leads outside the source root, to %s", src, real)
	}
	return real, nil
}
