package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack/internal/hint"
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
	stdout := &result{w: e.stdout}
	e.stdout = stdout
	a := &app{environment: e, ui: newUI(e.stderr, e.env)}
	root := a.rootCommand()
	root.SetArgs(e.args)
	root.SetOut(stdout)
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
	c, err := root.ExecuteContextC(ctx)
	a.ui.finish()
	if err == nil {
		err = stdout.err
	}
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		a.ui.failure(errors.New("interrupted; the previous output is as it was"))
		return exitFailed
	case errors.Is(err, errTold):
		return exitFailed
	}
	var u usageError
	if !errors.As(err, &u) && started {
		a.ui.failure(err)
		return exitFailed
	}
	if hint.Of(err) == "" {
		err = hint.Wrap(err, "see "+c.CommandPath()+" --help")
	}
	a.ui.failure(err)
	return exitUsage
}

// result is stdout. It remembers that a write failed, so that a verb can print
// without asking each time, and a result that is lost is not taken for none.
type result struct {
	w   io.Writer
	err error
}

func (r *result) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("writing the result: %w", err)
	}
	return n, err
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "lambdapack",
		Short: "Build and package native AWS Lambda functions, reproducibly",
		Long: `lambdapack builds and packages AWS Lambda functions that are native programs,
for the OS-only runtimes provided.al2 and provided.al2023.

The result goes to stdout, everything else to stderr. The exit code is 0 where
all is done, 1 where something failed, 2 where the command line is wrong.`,
		Example: `  lambdapack build --arch arm64 ./cmd/...
  lambdapack list`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version().String(),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(usageTemplate(root.UsageTemplate()))
	root.CompletionOptions.DisableDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	flags := root.PersistentFlags()
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "print only warnings and errors")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "print the commands that run")
	root.AddCommand(a.buildCommand(), a.checkCommand(), a.lddCommand(), a.listCommand(), a.versionCommand(), a.completionCommand(), a.oracleCommand())
	root.SetHelpCommand(helpCommand())
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
