package ldd

import (
	"path"
	"strings"
)

const (
	maxConf      = 1 << 20 // bytes of one configuration file
	maxConfFiles = 1024
	maxConfDepth = 16
)

// ConfDirs returns the directories that an ld.so.conf lists, in order, each
// once. It reads the format of ldconfig(8): one directory a line, comments from
// "#" to the end of the line, "include" with glob patterns that are relative to
// the including file, "hwcap" lines (ignored), and an "=TYPE" suffix (ignored).
// What is missing or unreadable counts as empty, as it does for ldconfig.
func (s *Sysroot) ConfDirs(name string) []string {
	c := confReader{root: s, seen: map[string]bool{}}
	c.read(name, 0)
	return c.dirs
}

type confReader struct {
	root  *Sysroot
	dirs  []string
	seen  map[string]bool
	files int
}

func (c *confReader) read(name string, depth int) {
	if c.files++; c.files > maxConfFiles || depth > maxConfDepth {
		return
	}
	b, err := c.root.ReadFile(name, maxConf)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "hwcap":
		case fields[0] == "include":
			for _, pattern := range fields[1:] {
				if !path.IsAbs(pattern) {
					pattern = join(path.Dir(name), pattern)
				}
				for _, included := range c.root.glob(pattern) {
					c.read(included, depth+1)
				}
			}
		default:
			c.add(strings.TrimSpace(line))
		}
	}
}

// add takes one directory; ldconfig refuses relative ones.
func (c *confReader) add(dir string) {
	dir, _, _ = strings.Cut(dir, "=")
	dir = strings.TrimSpace(dir)
	if len(dir) > 1 {
		dir = strings.TrimRight(dir, "/")
	}
	if !path.IsAbs(dir) || len(dir) > maxString || c.seen[dir] || len(c.dirs) == maxConfFiles {
		return
	}
	c.seen[dir] = true
	c.dirs = append(c.dirs, dir)
}

// glob returns the paths that match a pattern, sorted, each element matched as
// glob(3) does: a leading dot needs a dot in the pattern.
func (s *Sysroot) glob(pattern string) []string {
	paths := []string{""}
	for elem := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range paths {
			if !strings.ContainsAny(elem, `*?[\`) {
				next = append(next, dir+"/"+elem)
				continue
			}
			names, _ := s.ReadDir(dir + "/")
			for _, n := range names {
				hidden := strings.HasPrefix(n, ".") && !strings.HasPrefix(elem, ".")
				if ok, _ := path.Match(elem, n); ok && !hidden {
					next = append(next, dir+"/"+n)
				}
			}
		}
		if paths = next; len(paths) > maxConfFiles {
			paths = paths[:maxConfFiles]
		}
	}
	return paths
}
