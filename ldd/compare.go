package ldd

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Disagreement is an error: the walk and the real loader give different sets of
// files. At least one of them is wrong about what the program will load.
type Disagreement struct {
	File       string
	OnlyWalk   []string // files that only the walk found, sorted
	OnlyLoader []string // files that only the loader found, sorted
	Detail     string   // what the loader said, or what the walk missed
}

func (d *Disagreement) Error() string {
	text := "walk and native loader disagree about " + d.File
	if len(d.OnlyWalk) > 0 {
		text += fmt.Sprintf("; only the walk finds %s", strings.Join(d.OnlyWalk, ", "))
	}
	if len(d.OnlyLoader) > 0 {
		text += fmt.Sprintf("; only the loader finds %s", strings.Join(d.OnlyLoader, ", "))
	}
	if d.Detail != "" {
		text += "; " + d.Detail
	}
	return text
}

// Compare returns a *Disagreement where the loader's answer differs from the
// closure, which must have been walked in the host's root and without
// Options.Exclude; what came in through Options.Extra is no matter, since the
// loader does not know of it. Files count as equal
// when they are the same real file, or variants of one library for different
// processors (glibc-hwcaps). The interpreter and libraries that are needed by a
// path with a slash may be absent from the loader's answer. Where the loader
// stopped at a missing library, the closure must have a missing one too.
func Compare(c *Closure, n Native) error {
	d := &Disagreement{File: c.Root.Path}
	missed := c.missedAtStart()
	switch {
	case n.Missing && missed == nil:
		d.Detail = "the loader misses a library: " + n.Detail
	case !n.Missing && missed != nil:
		d.Detail = "only the walk misses " + missed.Name
	}
	optional := map[string]bool{}
	if c.walker.loader != nil {
		optional[c.canonical(c.walker.loader.RealPath)] = true
	}
	walked := map[string]string{}
	for _, o := range c.Objects[1:] {
		key := c.canonical(o.RealPath)
		walked[key] = o.Path
		if o.Found.How == ByPath || o.extra {
			optional[key] = true
		}
	}
	listed := map[string]string{}
	for _, p := range n.Paths {
		listed[c.canonical(p)] = p
	}
	partial := n.Missing && len(n.Paths) == 0
	for key, p := range walked {
		if listed[key] == "" && !optional[key] && !partial {
			d.OnlyWalk = append(d.OnlyWalk, p)
		}
	}
	for key, p := range listed {
		if walked[key] == "" && !optional[key] {
			d.OnlyLoader = append(d.OnlyLoader, p)
		}
	}
	if len(d.OnlyWalk)+len(d.OnlyLoader) == 0 && d.Detail == "" {
		return nil
	}
	slices.Sort(d.OnlyWalk)
	slices.Sort(d.OnlyLoader)
	return d
}

// missedAtStart returns a library without which the program does not start, or nil.
func (c *Closure) missedAtStart() *Missing {
	for _, m := range c.Missing {
		for _, by := range m.NeededBy {
			if m.Kind != Extra && !by.extra {
				return m
			}
		}
	}
	return nil
}

// canonical returns the real path of p without a glibc-hwcaps subdirectory.
func (c *Closure) canonical(p string) string {
	if real, err := c.walker.root.RealPath(p); err == nil {
		p = real
	}
	if hwcapOf(p) == "" {
		return p
	}
	return path.Join(path.Dir(path.Dir(path.Dir(p))), path.Base(p))
}
