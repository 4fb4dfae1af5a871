package main

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// environment is all that the command takes from the process. It is read here,
// once; the library gets values.
type environment struct {
	args           []string
	stdout, stderr io.Writer
	env            []string
	userCacheDir   func() (string, error)
	now            func() time.Time
}

// The exit codes of every verb.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// app is the state that the verbs share.
type app struct {
	environment
	ui      *ui
	quiet   bool
	verbose bool
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, e environment) int {
	a := &app{environment: e, ui: newUI(e.stderr, e.env)}
	root := a.rootCommand()
	root.SetArgs(e.args)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	started := false
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		started = true
		if a.quiet && a.verbose {
			return usage(errors.New("--quiet and --verbose exclude each other"))
		}
		a.ui.quiet, a.ui.verbose = a.quiet, a.verbose
		return nil
	}
	err := root.ExecuteContext(ctx)
	a.ui.finish()
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		a.ui.failure(errors.New("interrupted; the previous output is as it was"))
		return exitFailed
	case errors.Is(err, errTold):
		return exitFailed
	}
	a.ui.failure(err)
	var u usageError
	if errors.As(err, &u) || !started {
		return exitUsage
	}
	return exitFailed
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "lambdapack",
		Short: "Build and package native AWS Lambda functions, reproducibly",
		Long: `lambdapack builds and packages AWS Lambda functions that are native programs,
for the OS-only runtimes provided.al2 and provided.al2023.

The result goes to stdout, everything else to stderr. The exit code is 0 where
all is done, 1 where something failed, 2 where the command line is wrong.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	flags := root.PersistentFlags()
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "print only warnings and errors")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "print the commands that run")
	root.AddCommand(a.buildCommand(), a.checkCommand(), a.lddCommand(), a.listCommand(), a.versionCommand())
	return root
}

// cacheDir returns the directory for what makes the next build quicker, or ""
// where the user has none: then nothing is kept.
func (a *app) cacheDir() string {
	if dir := a.getenv("LAMBDAPACK_CACHE"); dir != "" {
		return dir
	}
	dir, err := a.userCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "lambdapack")
}

func (a *app) getenv(name string) string { return getenv(a.env, name) }

// getenv returns the last value of a name in an environment.
func getenv(env []string, name string) (value string) {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}
