package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// command is one process of a tool: what is measured is from its start to its
// end, with all that it starts.
type command struct {
	argv []string
	dir  string
	env  []string // added to this process's
	// findings says that the exit code 1 is an answer and no failure.
	findings bool
}

// cost is what a run took: time on the clock, and of all processors together.
type cost struct{ wall, cpu time.Duration }

func (c cost) plus(d cost) cost { return cost{c.wall + d.wall, c.cpu + d.cpu} }

// run runs a command; its output is shown only where it fails.
func (c command) run(ctx context.Context) (cost, error) {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil && !(c.findings && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 1) {
		return cost{}, fmt.Errorf("%v: %w\n%s", c.argv, err, out.Bytes())
	}
	return cost{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// tool is one of those that are compared.
type tool struct {
	name string
	// prepare makes the state that a run starts from, unmeasured. May be nil.
	prepare func() error
	measure func() (cost, error)
	costs   []cost
}

// alternate gives each tool one run after the other, n times, so that what
// else the machine does falls on all alike. Every second round runs backwards.
func alternate(tools []*tool, n int) error {
	order := slices.Clone(tools)
	for range n {
		for _, t := range order {
			if t.prepare != nil {
				if err := t.prepare(); err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
			}
			c, err := t.measure()
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			t.costs = append(t.costs, c)
		}
		slices.Reverse(order)
	}
	return nil
}

// median returns the medians of time and processor time, each for itself.
func (t *tool) median() cost {
	middle := func(of func(cost) time.Duration) time.Duration {
		var all []time.Duration
		for _, c := range t.costs {
			all = append(all, of(c))
		}
		slices.Sort(all)
		return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
	}
	return cost{
		middle(func(c cost) time.Duration { return c.wall }),
		middle(func(c cost) time.Duration { return c.cpu }),
	}
}
