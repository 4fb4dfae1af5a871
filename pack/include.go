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

// Include names files to package besides the program.
type Include struct {
	// Source is a slash-separated path or a doublestar pattern ("assets/**")
	// below the source root. A directory stands for all that it holds.
	Source string
	// Destination is where they go inside the package. Empty: where they are
	// below the source root. A single file takes it as its name, unless it
	// ends in a slash or is the root, "."; of a directory or a pattern the files keep their paths
	// below the directory, or below the pattern's part without wildcards.
	Destination string
}

// ParseInclude reads SOURCE[:DESTINATION].
func ParseInclude(s string) (Include, error) {
	src, dst, _ := strings.Cut(s, ":")
	inc := Include{filepath.ToSlash(src), dst}
	if err := insideRoot("source", inc.Source); err != nil {
		return inc, fmt.Errorf("including %q: %w", s, err)
	}
	if dst != "" {
		if err := insideRoot("destination", dst); err != nil {
			return inc, fmt.Errorf("including %q: %w", s, err)
		}
	}
	if !doublestar.ValidatePattern(inc.Source) {
		return inc, fmt.Errorf("including %q: %q is not a valid pattern", s, inc.Source)
	}
	return inc, nil
}

// String returns SOURCE[:DESTINATION].
func (inc Include) String() string {
	if inc.Destination == "" {
		return inc.Source
	}
	return inc.Source + ":" + inc.Destination
}

func insideRoot(what, p string) error {
	switch {
	case p == "":
		return fmt.Errorf("the %s is empty", what)
	case strings.HasPrefix(p, "/") || filepath.IsAbs(p):
		return fmt.Errorf("the %s is absolute; want a path relative to the %s", what, rootOf(what))
	case slices.Contains(strings.Split(p, "/"), ".."):
		return fmt.Errorf("the %s leaves the %s with \"..\"", what, rootOf(what))
	}
	return nil
}

func rootOf(what string) string {
	if what == "source" {
		return "source root (the directory of the config, or where the command runs)"
	}
	return "package"
}

// Expand returns the files that the includes name below root, in no promised
// order. A symlink is followed where it stays inside root, and is an error
// where it does not; so is an include that matches nothing, and a file that
// would be called bootstrap. Left out are .git directories and .DS_Store
// files, which no function wants and which change without cause.
func Expand(root string, includes []Include) ([]File, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("including files: %w", err)
	}
	x := &expander{root: real}
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
}

func (x *expander) include(inc Include) error {
	base, pattern := doublestar.SplitPattern(path.Clean(inc.Source))
	literal := !strings.ContainsAny(pattern, `*?[{\`)
	if literal {
		return x.add(path.Join(base, pattern), x.literalName(inc, path.Join(base, pattern)))
	}
	matches, err := doublestar.Glob(os.DirFS(filepath.Join(x.root, filepath.FromSlash(base))), pattern, doublestar.WithFilesOnly())
	if err != nil {
		return err
	}
	if len(matches) == 0 {
		return hint.Errorf("correct the pattern; it is relative to "+x.root, "no file matches")
	}
	for _, m := range matches {
		dst := path.Join(base, m)
		if inc.Destination != "" {
			dst = path.Join(inc.Destination, m)
		}
		if err := x.add(path.Join(base, m), dst); err != nil {
			return err
		}
	}
	return nil
}

// literalName is the name in the package of what a source without wildcards
// names.
func (x *expander) literalName(inc Include, src string) string {
	switch {
	case inc.Destination == "":
		return src
	case (strings.HasSuffix(inc.Destination, "/") || inc.Destination == ".") && !x.isDir(src):
		return path.Join(inc.Destination, path.Base(src))
	}
	return path.Clean(inc.Destination)
}

func (x *expander) isDir(src string) bool {
	info, err := os.Stat(filepath.Join(x.root, filepath.FromSlash(src)))
	return err == nil && info.IsDir()
}

// add adds the file src as dst, or all files of the directory src below dst.
func (x *expander) add(src, dst string) error { return x.walk(src, dst, nil) }

// walk carries the real directories on the way down, to notice a symlink that
// leads back into one of them.
func (x *expander) walk(src, dst string, above []string) error {
	if slices.ContainsFunc(strings.Split(src, "/"), ignored) {
		return nil
	}
	real, err := x.resolve(src)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	switch {
	case info.Mode().IsRegular():
		if dst == lambda.Bootstrap {
			return hint.Errorf("give it another destination: "+src+":NAME", "%s would take the place of the function's own %s", src, lambda.Bootstrap)
		}
		x.files = append(x.files, File{Name: dst, Path: real})
		return nil
	case !info.IsDir():
		return fmt.Errorf("%s is neither a file nor a directory", src)
	case slices.Contains(above, real):
		return fmt.Errorf("%s is a symlink to a directory that holds it", src)
	}
	children, err := os.ReadDir(real)
	if err != nil {
		return err
	}
	for _, c := range children {
		if err := x.walk(path.Join(src, c.Name()), path.Join(dst, c.Name()), append(above, real)); err != nil {
			return err
		}
	}
	return nil
}

func ignored(element string) bool { return element == ".git" || element == ".DS_Store" }

// resolve returns the real path of src, which must be inside the root.
func (x *expander) resolve(src string) (string, error) {
	real, err := filepath.EvalSymlinks(filepath.Join(x.root, filepath.FromSlash(src)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", hint.Errorf("correct the path; it is relative to "+x.root, "%s does not exist", src)
	}
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(x.root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", hint.Errorf("copy the file into the source root, or move the root up with a lambdapack.yaml there",
			"%s is a symlink that leads outside the source root, to %s", src, real)
	}
	return real, nil
}
