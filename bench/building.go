package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// building compares ways from the sources of many functions to their zips.
func (b *bench) building() error {
	module, err := b.generateModule()
	if err != nil {
		return err
	}
	lambdapack, err := b.lambdapack()
	if err != nil {
		return err
	}
	ours := &builder{bench: b, name: "lambdapack build", module: module}
	ours.commands = func() []command {
		return []command{{argv: []string{lambdapack, "build", "--quiet", "--arch", "arm64", "-o", ours.out(), "./..."}}}
	}
	bare := &builder{bench: b, name: "go build", module: module}
	bare.commands = func() []command {
		return []command{{argv: goBuild(bare.out()+"/", "./..."), env: goEnv}}
	}
	loop := &builder{bench: b, name: "loop of go build and zip", module: module}
	loop.commands = func() (all []command) {
		for i := range b.functions {
			program := filepath.Join(loop.out(), functionName(i), "bootstrap")
			all = append(all,
				command{argv: goBuild(program, "./"+functionName(i)), env: goEnv},
				command{argv: []string{"zip", "-q", "-X", "-j", program + ".zip", program}})
		}
		return all
	}
	builders := []*builder{ours, bare}
	if b.loop {
		builders = append(builders, loop)
	}
	if b.cold > 0 {
		if err := b.compareBuilds("cold", 1.1, b.cold, b.cold, builders); err != nil {
			return err
		}
	} else if err := b.fillCaches(builders); err != nil {
		return err
	}
	return b.compareBuilds("warm", 1.25, b.runs, 1, builders)
}

// compareBuilds prints one table, of lambdapack, go build, and perhaps the loop.
// The loop takes so long that it has runs of its own number; the other two
// alternate.
func (b *bench) compareBuilds(state string, limit float64, runs, loopRuns int, builders []*builder) error {
	var tools []*tool
	for _, x := range builders {
		tools = append(tools, x.tool(state))
	}
	if err := alternate(tools[:2], runs); err != nil {
		return err
	}
	if err := alternate(tools[2:], loopRuns); err != nil {
		return err
	}
	fmt.Printf("\n%d functions with the AWS SDK for arm64, %s: median of %d, of the loop %d\n", b.functions, state, runs, loopRuns)
	w := newTable()
	w.row("", "time", "of go build's", "CPU", "of go build's")
	bare := tools[1].median()
	for _, t := range tools {
		m := t.median()
		w.row(t.name, seconds(m.wall), times(ratio(m.wall, bare.wall)), seconds(m.cpu), times(ratio(m.cpu, bare.cpu)))
	}
	w.Flush()
	r := ratio(tools[0].median().wall, bare.wall)
	aim(r <= limit, "%s, lambdapack build takes %.2f times as long as go build alone (aim: at most %.2f)", state, r, limit)
	return nil
}

// fillCaches builds everything once where no cold build is measured.
func (b *bench) fillCaches(builders []*builder) error {
	for _, x := range builders {
		if _, err := x.build(); err != nil {
			return err
		}
	}
	return nil
}

func goBuild(out string, pattern string) []string {
	return append(append([]string{"go", "build"}, goFlags...), "-o", out, pattern)
}

// builder is a way to build the module, with caches and outputs of its own.
type builder struct {
	*bench
	name, module string
	commands     func() []command
}

func (x *builder) dir() string { return x.path("state", filepath.Base(x.name)) }
func (x *builder) out() string { return filepath.Join(x.dir(), "out") }

// tool returns the builder as one that starts from nothing (cold), or from
// what the run before has left (warm).
func (x *builder) tool(state string) *tool {
	t := &tool{name: x.name, measure: x.build}
	if state == "cold" {
		t.prepare = func() error { return os.RemoveAll(x.dir()) }
	}
	return t
}

func (x *builder) build() (total cost, err error) {
	for _, dir := range []string{x.out(), filepath.Join(x.dir(), "cache")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return total, err
		}
	}
	for _, c := range x.commands() {
		c.dir = x.module
		c.env = append(c.env, "GOCACHE="+filepath.Join(x.dir(), "gocache"), "XDG_CACHE_HOME="+filepath.Join(x.dir(), "cache"))
		one, err := c.run(x.ctx)
		if err != nil {
			return total, err
		}
		total = total.plus(one)
	}
	return total, nil
}
