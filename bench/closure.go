package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/lambdapack/lambdapack/ldd"
)

const (
	// programs is where the program with the most libraries is sought.
	programs = "/usr/bin"
	// manyLibraries is how many it should have: with few of them, what is compared
	// is how fast processes start.
	manyLibraries = 100
)

// closure compares ways to list the libraries of a program.
func (b *bench) closure() error {
	lambdapack, err := b.lambdapack()
	if err != nil {
		return err
	}
	c, err := greatest()
	if err != nil {
		return err
	}
	for _, tool := range []string{"ldd", "lddtree"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: e2e/setup bench installs it", err)
		}
	}
	process := func(name string, argv ...string) *tool {
		// lddtree's Python packages are the system's, which another python3 would not find.
		c := command{argv: argv, env: []string{"PATH=/usr/bin:/bin"}}
		return &tool{name: name, measure: func() (cost, error) { return c.run(b.ctx) }}
	}
	ours := process("lambdapack ldd", lambdapack, "ldd", "--format", "list", c.Root.Path)
	start := process("(lambdapack version)", lambdapack, "version")
	loader := process("ldd", "ldd", c.Root.Path)
	tree := process("lddtree", "lddtree", "-l", c.Root.Path)
	if err := alternate([]*tool{ours, start, loader}, 5*b.runs); err != nil { // short ones need more runs
		return err
	}
	if err := alternate([]*tool{tree}, b.runs); err != nil {
		return err
	}
	fmt.Printf("\nThe libraries of %s, %d objects: whole processes, median of %d, of lddtree %d\n",
		c.Root.Path, len(c.Objects), 5*b.runs, b.runs)
	w := newTable()
	w.row("", "time", "of ours", "CPU")
	for _, t := range []*tool{ours, start, loader, tree} {
		m := t.median()
		w.row(t.name, milliseconds(m.wall), times(ratio(m.wall, ours.median().wall)), milliseconds(m.cpu))
	}
	w.Flush()
	lddRatio := ratio(loader.median().wall, ours.median().wall)
	treeRatio := ratio(tree.median().wall, ours.median().wall)
	aim(lddRatio >= 5, "ldd takes %.2f times as long (aim: 5 on two cores)", lddRatio)
	aim(treeRatio >= 5, "lddtree takes %.2f times as long (aim: 5)", treeRatio)
	return nil
}

// greatest returns the closure of the program with the most libraries.
func greatest() (*ldd.Closure, error) {
	entries, err := os.ReadDir(programs)
	if err != nil {
		return nil, err
	}
	root := ldd.Host()
	var all []*ldd.Closure
	for _, e := range entries {
		c, err := ldd.Walk(filepath.Join(programs, e.Name()), ldd.Options{Sysroot: root})
		if err == nil && len(c.Missing) == 0 {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no program in %s has libraries", programs)
	}
	most := slices.MaxFunc(all, func(x, y *ldd.Closure) int { return cmp.Compare(len(x.Objects), len(y.Objects)) })
	if n := len(most.Objects) - 1; n < manyLibraries {
		return nil, fmt.Errorf("no program in %s has %d libraries (%s has %d): e2e/setup bench installs one",
			programs, manyLibraries, most.Root.Path, n)
	}
	return most, nil
}
