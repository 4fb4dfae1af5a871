package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack"
)

// functionFlags choose functions and their target; build and list share them.
type functionFlags struct {
	arch, runtime, config string
	tags                  []string
}

func (f *functionFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.arch, "arch", "", "`machine`: amd64 or arm64 (default amd64)")
	flags.StringVar(&f.runtime, "runtime", "", "runtime `name`: provided.al2 or provided.al2023 (default provided.al2)")
	flags.StringVar(&f.config, "config", "", "config `file` (default "+lambdapack.ConfigName+", where it exists)")
	flags.StringSliceVar(&f.tags, "tags", nil, "Go build `tags`, separated by commas")
	c.ValidArgsFunction = f.complete
	completeArch(c)
	completeRuntime(c)
}

// options reads the flags and the config. Flags that were not given leave
// their options nil.
func (f *functionFlags) options(a *app, c *cobra.Command, patterns []string) (lambdapack.Options, error) {
	opts := lambdapack.Options{
		Patterns: patterns, Tags: f.tags, Cache: a.cacheDir(), Env: a.env,
		Trace: a.ui.trace, Progress: a.ui.progress,
	}
	if c.Flags().Changed("arch") {
		arch, err := parseArch(f.arch)
		if err != nil {
			return opts, err
		}
		opts.Arch = arch
	}
	if c.Flags().Changed("runtime") {
		rt, err := parseRuntime(f.runtime)
		if err != nil {
			return opts, err
		}
		opts.Runtime = rt
	}
	config, err := readConfig(f.config)
	opts.Config = config
	return opts, err
}

// readConfig reads the file that was named, or the one of the working
// directory, where it exists.
func readConfig(path string) (*lambdapack.Config, error) {
	if path != "" {
		return lambdapack.ReadConfig(path)
	}
	config, err := lambdapack.ReadConfig(lambdapack.ConfigName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return config, err
}
