package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack/lambda"
)

// What --arch and --runtime have in common, wherever a command has them.

func parseArch(s string) (*lambda.Arch, error) {
	arch, err := lambda.ParseArch(s)
	if err != nil {
		return nil, usage(fmt.Errorf("--arch: %w", err))
	}
	return &arch, nil
}

func parseRuntime(s string) (*lambda.Runtime, error) {
	rt, err := lambda.ParseRuntime(s)
	if err != nil {
		return nil, usage(fmt.Errorf("--runtime: %w", err))
	}
	return rt, nil
}

func completeArch(c *cobra.Command) {
	var names []cobra.Completion
	for _, a := range lambda.Archs() {
		names = append(names, a.String())
	}
	c.RegisterFlagCompletionFunc("arch", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

func completeRuntime(c *cobra.Command) {
	var names []cobra.Completion
	for _, rt := range lambda.Runtimes() {
		names = append(names, rt.Name)
	}
	c.RegisterFlagCompletionFunc("runtime", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}
