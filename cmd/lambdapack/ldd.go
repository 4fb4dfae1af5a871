package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

type lddFlags struct{ arch, format, sysroot string }

// lddFormats are the forms that a closure is written in.
var lddFormats = []struct {
	name  string
	write func(io.Writer, *ldd.Closure) error
}{
	{"tree", ldd.WriteTree}, {"list", ldd.WriteList}, {"json", ldd.WriteJSON}, {"dot", ldd.WriteDot}, {"mermaid", ldd.WriteMermaid},
}

func (a *app) lddCommand() *cobra.Command {
	var f lddFlags
	c := &cobra.Command{
		Use:   "ldd FILE",
		Short: "Print the shared libraries that a program would load",
		Long: `Print the shared libraries that a program would load.

FILE is an ELF program or library of any machine. Its libraries are sought in
the search order of its dynamic loader: in this system, or with --sysroot in
the file system where it will run. FILE itself may lie outside of that.

The exit code is 1 where something is missing.`,
		Example: `  lambdapack ldd ./bootstrap
  lambdapack ldd --format list --arch arm64 --sysroot rootfs ./bootstrap
  lambdapack ldd --format dot ./bootstrap | dot -Tsvg -o closure.svg`,
		Args: oneArg("the ELF file to look at"),
		RunE: func(_ *cobra.Command, args []string) error { return a.ldd(&f, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.arch, "arch", "", "fail unless FILE is for this machine: amd64 or arm64")
	flags.StringVar(&f.format, "format", "tree", "tree, list, json, dot or mermaid")
	flags.StringVar(&f.sysroot, "sysroot", "", "look for libraries in the file system in `DIR` (default /)")
	completeArch(c)
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"tree", "list", "json", "dot", "mermaid"}, cobra.ShellCompDirectiveNoFileComp))
	c.ValidArgsFunction = completeFile
	return c
}

func (a *app) ldd(f *lddFlags, file string) error {
	var write func(io.Writer, *ldd.Closure) error
	for _, format := range lddFormats {
		if format.name == f.format {
			write = format.write
		}
	}
	if write == nil {
		return usage(fmt.Errorf("--format: unknown format %q: want tree, list, json, dot or mermaid", f.format))
	}
	var want *lambda.Arch
	if f.arch != "" {
		arch, err := parseArch(f.arch)
		if err != nil {
			return err
		}
		want = arch
	}
	root, err := sysroot("--sysroot", f.sysroot)
	if err != nil {
		return err
	}
	root, name, err := place(root, f.sysroot, file)
	if err != nil {
		return err
	}
	closure, err := ldd.Walk(name, ldd.Options{Sysroot: root})
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, reason(err))
	}
	if want != nil && closure.Machine() != want.Machine() {
		return fmt.Errorf("%s is for %s, not for %s", file, closure.Root.MachineName(), want)
	}
	var b bytes.Buffer
	if err := write(&b, closure); err != nil {
		return err
	}
	if _, err := a.stdout.Write(b.Bytes()); err != nil {
		return err
	}
	if len(closure.Missing) > 0 {
		return errTold
	}
	return nil
}

// place returns the sysroot and the file's path in it. A file outside of the
// sysroot appears there at its own absolute path, so that $ORIGIN and the names
// that are printed are the file's own.
func place(root *ldd.Sysroot, dir, file string) (*ldd.Sysroot, string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, "", err
	}
	if root == nil {
		if filepath.VolumeName(abs) == "" {
			return ldd.Host(), filepath.ToSlash(abs), nil
		}
		root = ldd.Dir(filepath.VolumeName(abs) + `\`)
	}
	if dir != "" {
		absDir, err := filepath.Abs(dir)
		if err != nil {
			return nil, "", err
		}
		if rel, err := filepath.Rel(absDir, abs); err == nil && filepath.IsLocal(rel) {
			return root, "/" + filepath.ToSlash(rel), nil
		}
	}
	name := filepath.ToSlash(abs[len(filepath.VolumeName(abs)):])
	return root.MountFile(name, abs), name, nil
}

// reason leaves out of an error the path, which the message has as the user gave
// it.
func reason(err error) error {
	var fe *ldd.FileError
	if errors.As(err, &fe) {
		if fe.Detail == "" {
			return fe.Err
		}
		return fmt.Errorf("%w: %s", fe.Err, fe.Detail)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fs.ErrNotExist
	}
	return err
}
