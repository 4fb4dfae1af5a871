// Command bench compares lambdapack with other ways to the same end, side by
// side in one run, and prints ratios and whether the aims are met. See
// README.md beside it. Run it from the repository: go run ./bench
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// bench is what the tables share.
type bench struct {
	ctx       context.Context
	root      string // of the repository
	tmp       string
	runs      int
	cold      int
	functions int
	loop      bool
}

func main() {
	b := bench{}
	only := flag.String("only", "zip,closure,check,build", "tables to run, separated by commas: zip, closure, check, build")
	flag.IntVar(&b.runs, "runs", 9, "runs of each tool, of which the median counts")
	flag.IntVar(&b.cold, "cold", 1, "cold builds of each tool; each takes minutes; 0 for none")
	flag.IntVar(&b.functions, "functions", 50, "functions of the generated module")
	flag.BoolVar(&b.loop, "loop", true, "compare also with a loop of go build and zip, the slowest")
	flag.Parse()
	if len(flag.Args()) == 3 && flag.Arg(0) == packVerb {
		exitOn(packageOne(flag.Arg(1), flag.Arg(2)))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.ctx = ctx
	exitOn(b.run(strings.Split(*only, ",")))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(tables []string) error {
	root, err := exec.CommandContext(b.ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	b.root = strings.TrimSpace(string(root))
	if b.tmp, err = os.MkdirTemp("", "lambdapack-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	fmt.Printf("%s, %s/%s, %d CPUs, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load())
	known := map[string]func() error{"zip": b.packaging, "closure": b.closure, "check": b.check, "build": b.building}
	for _, name := range tables {
		table, ok := known[name]
		if !ok {
			return fmt.Errorf("unknown table %q: want zip, closure, check or build", name)
		}
		if err := table(); err != nil {
			return err
		}
	}
	return nil
}

// lambdapack builds the command as it is released, and returns its path.
func (b *bench) lambdapack() (string, error) {
	program := b.path("bin", "lambdapack")
	_, err := command{
		argv: []string{"go", "build", "-trimpath", "-o", program, "./cmd/lambdapack"},
		dir:  b.root, env: []string{"CGO_ENABLED=0"},
	}.run(b.ctx)
	return program, err
}

// load says how busy the machine was before, since a busy one hides what the
// second core brings.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(data)); err == nil && len(fields) > 0 {
		return "load " + fields[0]
	}
	return "load unknown"
}

// path returns a path below the temporary directory.
func (b *bench) path(elements ...string) string {
	return filepath.Join(append([]string{b.tmp}, elements...)...)
}
