package pack

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Include names files to package besides the program.
type Include struct {
	// Source is a slash-separated path or a doublestar pattern ("assets/**")
	// below the source root. A directory stands for all that it holds; a
	// pattern stands for the files that match it, and for no directory.
	Source string
	// Destination is where they go inside the package. Empty: where they are
	// below the source root. A single file takes it as its name, unless it is
	// "." or ends in a slash; of a directory or a pattern the files keep their
	// paths below the directory, or below the pattern's part without wildcards.
	Destination string
}

// ParseInclude reads SOURCE[:DESTINATION]. Both are relative and free of "..";
// on Windows they may have backslashes.
func ParseInclude(s string) (Include, error) {
	src, dst, _ := strings.Cut(s, ":")
	inc := Include{filepath.ToSlash(src), filepath.ToSlash(dst)}
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
