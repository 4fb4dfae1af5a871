package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fake is a Runner that records what it is asked to run, and answers in the
// place of the go command.
type fake struct {
	mu       sync.Mutex
	commands []Command
	// answer writes what the program prints and returns how it ends.
	answer func(c Command) error
}

func (f *fake) Run(ctx context.Context, c Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commands = append(f.commands, c)
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.answer == nil {
		return nil
	}
	return f.answer(c)
}

// find returns the one command that begins with the words.
func (f *fake) find(t *testing.T, words ...string) Command {
	t.Helper()
	var found []Command
	for _, c := range f.commands {
		if len(c.Argv) >= len(words) && slices.Equal(c.Argv[:len(words)], words) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d commands begin with %q; all: %q", len(found), words, f.argvs())
	}
	return found[0]
}

func (f *fake) argvs() (argvs [][]string) {
	for _, c := range f.commands {
		argvs = append(argvs, c.Argv)
	}
	return argvs
}

// environ returns the value that counts, the last.
func environ(c Command, name string) (value string) {
	for _, kv := range c.Env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}

// exits is how a program ends that fails, with what it says.
func exits(c Command, stderr string) error {
	fmt.Fprint(c.Stderr, stderr)
	return fmt.Errorf("exit status 1: %w", &exec.ExitError{})
}

// compiles answers go build by writing the executables.
func compiles(c Command) error {
	if c.Argv[1] != "build" {
		return nil
	}
	out := c.Argv[slices.Index(c.Argv, "-o")+1]
	for _, p := range c.Argv[slices.Index(c.Argv, "--")+1:] {
		if err := os.WriteFile(filepath.Join(out, GoPackage{ImportPath: p}.ExecName()), nil, 0o755); err != nil {
			return err
		}
	}
	return nil
}
