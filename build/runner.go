package build

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Command is a program to run: its argument vector, never a shell's line.
type Command struct {
	Argv []string
	// Dir is the working directory, empty for the caller's.
	Dir string
	// Env holds NAME=VALUE, the last of a name counting. Nil means this
	// process's own environment.
	Env            []string
	Stdout, Stderr io.Writer
}

// Runner runs external programs. Everything that this module starts goes
// through one, so that a test sees the exact argument vectors.
type Runner interface {
	// Run returns when the program has ended. A program that is not installed
	// is an error that wraps exec.ErrNotFound; one that failed wraps
	// *exec.ExitError; a cancelled context is the context's error.
	Run(ctx context.Context, c Command) error
}

// Exec is the Runner that really runs programs. On cancellation a program is
// interrupted, and killed where it has not ended ten seconds later.
type Exec struct{}

// Run implements [Runner].
func (Exec) Run(ctx context.Context, c Command) error {
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, c.Stdout, c.Stderr
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill() // Windows has no such signal
		}
		return nil
	}
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Traced returns a runner that reports each command before it runs it.
func Traced(r Runner, trace func(string)) Runner { return traced{r, trace} }

type traced struct {
	Runner
	trace func(string)
}

func (t traced) Run(ctx context.Context, c Command) error {
	t.trace(quote(c.Argv))
	return t.Runner.Run(ctx, c)
}

// quote returns an argument vector as a POSIX shell would need it written, to
// be read by people and pasted.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, a := range argv {
		if a == "" || strings.ContainsAny(a, " \t\n\"'`$&|;<>()*?[]{}#~!\\") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}

// failed reports whether a program ran and exited with a status other than 0.
func failed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit)
}

// withEnv returns base with values set over it. A nil base stays this
// process's environment.
func withEnv(base []string, set ...string) []string {
	if base == nil {
		base = os.Environ()
	}
	return append(append(make([]string, 0, len(base)+len(set)), base...), set...)
}
