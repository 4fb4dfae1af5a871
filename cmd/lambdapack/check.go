package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lambdapack/lambdapack/check"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
	"github.com/lambdapack/lambdapack/pack"
)

type checkFlags struct {
	arch, runtime, rootfs string
	json, strict          bool
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check PATH",
		Short: "Say before deployment what would fail after it",
		Long: `Say before deployment what would fail after it.

PATH is a zip, a directory or a single ELF file. Nothing of it is executed. The
check goes the way of Lambda's dynamic loader with the package in /var/task,
and judges files, modes, names and sizes. docs/checks.md explains each finding;
with --verbose the file that each soname leads to is shown too.

The exit code is 1 where there is an error, or a warning under --strict.`,
		Example: `  lambdapack check dist/hello.zip
  lambdapack check --runtime provided.al2023 --strict dist/hello.zip
  lambdapack check --json ./bootstrap`,
		Args: oneArg("the zip, directory or ELF file to check"),
		RunE: func(c *cobra.Command, args []string) error { return a.check(c, &f, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.arch, "arch", "", "amd64 or arm64 (default: what bootstrap is for)")
	flags.StringVar(&f.runtime, "runtime", "", "provided.al2 or provided.al2023 (default: what the manifest beside PATH says, else provided.al2)")
	flags.StringVar(&f.rootfs, "rootfs", "", "judge against the root file system in `DIR`")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.BoolVar(&f.strict, "strict", false, "fail on warnings too")
	completeArch(c)
	completeRuntime(c)
	c.ValidArgsFunction = completeFile
	return c
}

// oneArg wants exactly one argument, and says which.
func oneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(fmt.Errorf("%s: want one argument, %s; got %d", c.Name(), what, len(args)))
		}
		return nil
	}
}

func completeFile(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func (f *checkFlags) options(a *app) (opts check.Options, err error) {
	opts.Now = a.now()
	if f.arch != "" {
		if opts.Arch, err = parseArch(f.arch); err != nil {
			return opts, err
		}
	}
	if f.runtime != "" {
		if opts.Runtime, err = parseRuntime(f.runtime); err != nil {
			return opts, err
		}
	}
	opts.Rootfs, err = sysroot("--rootfs", f.rootfs)
	return opts, err
}

// sysroot opens the directory of a flag; nil where it was not given.
func sysroot(flag, dir string) (*ldd.Sysroot, error) {
	if dir == "" {
		return nil, nil
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", dir)
	}
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", flag, err))
	}
	return ldd.Dir(dir), nil
}

// builtFor returns the runtime that the manifest beside a package says it was
// built for; nil where there is none, or it does not speak of the package.
func builtFor(path string) *lambda.Runtime {
	m, err := pack.ReadManifest(filepath.Join(filepath.Dir(path), pack.ManifestName))
	if err != nil {
		return nil
	}
	for _, r := range m.Functions {
		if r.Path == filepath.Base(path) {
			rt, err := lambda.ParseRuntime(r.Runtime)
			if err == nil {
				return rt
			}
		}
	}
	return nil
}

func (a *app) check(c *cobra.Command, f *checkFlags, path string) error {
	opts, err := f.options(a)
	if err != nil {
		return err
	}
	if opts.Runtime == nil {
		opts.Runtime = builtFor(path)
	}
	report, err := check.Path(c.Context(), path, opts)
	if err != nil {
		return err
	}
	if err := a.writeReport(report, f.json); err != nil {
		return err
	}
	if report.Failed(f.strict) {
		return errTold
	}
	return nil
}

// errTold is a failure that the result on stdout tells: there is no message.
var errTold = errors.New("the result tells what failed")

func (a *app) writeReport(r *check.Report, asJSON bool) error {
	if asJSON {
		return writeJSON(a.stdout, r)
	}
	var b bytes.Buffer
	err := check.WriteText(&b, r, check.TextOptions{Colour: a.colourful(a.stdout), Verbose: a.verbose})
	if err == nil {
		_, err = a.stdout.Write(b.Bytes())
	}
	return err
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// colourful reports whether w is a terminal that may be coloured.
func (a *app) colourful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.getenv("TERM") != "dumb" && a.getenv("NO_COLOR") == ""
}
