package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack"
	"github.com/lambdapack/lambdapack/check"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

type buildFlags struct {
	functionFlags
	output, format, ldflags string
	include                 []string
	json                    bool
	jobs                    int
	c                       lambdapack.C
	image                   lambdapack.ImageOptions
	cgo, strip, check       bool
}

func (a *app) buildCommand() *cobra.Command {
	var f buildFlags
	c := &cobra.Command{
		Use:   "build [PACKAGE ...]",
		Short: "Compile functions and package each for Lambda",
		Long: `Compile functions and package each for Lambda.

PACKAGE is a Go package pattern, or the name of a function in lambdapack.yaml.
Without one the functions of lambdapack.yaml are built, else the program in
this directory, else those below ./cmd.

The path of each package goes to stdout. Beside the packages lambdapack.json
says what they are: for Terraform, for scripts, and for the next build.`,
		Example: `  lambdapack build --arch arm64
  lambdapack build --arch arm64 --runtime provided.al2023 -o dist ./cmd/...
  lambdapack build -o hello.zip --include 'templates/*.html' ./hello`,
		RunE: func(c *cobra.Command, args []string) error { return a.build(c, &f, args) },
	}
	f.functionFlags.add(c)
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "output `path`: a directory, or a .zip for one function (default dist)")
	flags.StringVar(&f.format, "format", string(pack.FormatZip), "package `kind`: zip, dir or image")
	flags.StringVar(&f.ldflags, "ldflags", "", "`flags` for the Go linker, after -s -w")
	flags.StringArrayVar(&f.include, "include", nil, "more files to package, `SRC[:DST]`: a file, a directory or a pattern; may be repeated")
	flags.BoolVar(&f.cgo, "cgo", false, "link C; =false: leave it out of dependencies that need it")
	flags.StringVar(&f.c.CC, "cc", "", "C `compiler` (default CC, else gcc, else the GNU cross compiler)")
	flags.StringVar(&f.c.Sysroot, "sysroot", "", "`directory` with the target's headers and libraries")
	flags.StringArrayVar(&f.c.AddLib, "add-lib", nil, "ship a `library` that is only opened at run time, too")
	flags.StringArrayVar(&f.c.ExcludeLib, "exclude-lib", nil, "leave libraries out whose soname matches `pattern`")
	flags.BoolVar(&f.check, "check", true, "=false: package even what would fail in Lambda")
	flags.BoolVar(&f.strip, "strip", false, "strip shipped libraries too; =false: keep all symbols")
	flags.IntVarP(&f.jobs, "jobs", "j", 0, "`number` of things to do at once (default one a processor)")
	addImageFlags(c, &f.image)
	flags.BoolVar(&f.json, "json", false, "print the manifest of these functions instead of paths")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"zip", "dir", "image"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// options reads the flags that only build has.
func (f *buildFlags) options(a *app, c *cobra.Command, patterns []string) (opts lambdapack.Options, err error) {
	format, err := pack.ParseFormat(f.format)
	if err != nil {
		return opts, usage(fmt.Errorf("--format: %w", err))
	}
	if c.Flags().Changed("jobs") && f.jobs < 1 {
		return opts, usage(fmt.Errorf("--jobs: %d is not a number of 1 or more", f.jobs))
	}
	var includes []pack.Include
	for _, s := range f.include {
		inc, err := pack.ParseInclude(s)
		if err != nil {
			return opts, usage(fmt.Errorf("--include: %w", err))
		}
		includes = append(includes, inc)
	}
	if opts, err = f.functionFlags.options(a, c, patterns); err != nil {
		return opts, err
	}
	opts.Format, opts.Jobs, opts.Include, opts.Output = format, f.jobs, includes, f.output
	if c.Flags().Changed("ldflags") {
		opts.Ldflags = &f.ldflags
	}
	if f.image.Created, err = a.created(); err != nil {
		return opts, err
	}
	opts.Image = f.image
	opts.C, opts.Oracle, opts.NoCheck = f.c, oracleCommand(), !f.check
	if c.Flags().Changed("cgo") {
		opts.CGO = &f.cgo
	}
	if c.Flags().Changed("strip") {
		opts.Strip = &f.strip
	}
	return opts, nil
}

func (a *app) build(c *cobra.Command, f *buildFlags, patterns []string) error {
	opts, err := f.options(a, c, patterns)
	if err != nil {
		return err
	}
	results, err := lambdapack.Build(c.Context(), opts)
	if err != nil {
		return err
	}
	a.ui.finish()
	a.advise(results)
	if f.json {
		return a.printManifest(results)
	}
	for _, r := range results {
		fmt.Fprintln(a.stdout, r.Path)
	}
	return nil
}

// advise says what a user should know of packages that are done.
func (a *app) advise(results []lambdapack.Result) {
	told := map[*lambda.Runtime]bool{}
	for _, r := range results {
		if rt := r.Function.Target.Runtime; rt.DeprecatedAt(a.now()) && !told[rt] {
			told[rt] = true
			a.ui.notice(deprecation(rt))
		}
		for _, f := range r.Findings {
			if f.Severity == check.Warning {
				a.ui.warning(hint.Errorf(f.Fix, "%s: %s", r.Function.Name, f))
			}
		}
		if r.OverUploadLimit() {
			a.ui.warning(hint.Errorf("upload it through S3", "%s has %.1f MB, and the Lambda API takes at most %d MB",
				r.Path, float64(r.Size)/(1<<20), lambda.MaxUploadZip>>20))
		}
	}
}

func deprecation(rt *lambda.Runtime) string {
	const day = "2 January 2006"
	text := fmt.Sprintf("%s is deprecated since %s; functions cannot be created with it from %s on, nor updated from %s on",
		rt, rt.Deprecated.Format(day), rt.CreateBlocked.Format(day), rt.UpdateBlocked.Format(day))
	if rt.Successor != "" {
		text += "; move on with --runtime " + rt.Successor
	}
	return text
}

func (a *app) printManifest(results []lambdapack.Result) error {
	m := pack.Manifest{Functions: map[string]pack.Record{}}
	for _, r := range results {
		m.Functions[r.Function.Name] = r.Record
	}
	text, err := m.Text()
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}
