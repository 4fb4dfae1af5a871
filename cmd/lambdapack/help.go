package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// usageTemplate is cobra's, with the flags wrapped to a terminal of 80 columns.
func usageTemplate(cobras string) string {
	return strings.ReplaceAll(cobras, ".FlagUsages", ".FlagUsagesWrapped 80")
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("%s takes no arguments: %s", c.CommandPath(), strings.Join(args, " ")))
	}
	return nil
}

// helpCommand differs from cobra's in that an unknown command is an error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print what a command does and takes",
		Example: `  lambdapack help
  lambdapack help build`,
		ValidArgsFunction: func(c *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			for _, sub := range c.Root().Commands() {
				if len(args) == 0 && sub.IsAvailableCommand() {
					names = append(names, sub.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = fmt.Errorf("unknown command %q for %q", rest[0], about.CommandPath())
			}
			if err != nil {
				return usage(err)
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}

var shells = []string{"bash", "fish", "powershell", "zsh"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands in a shell",
		Long: `Print a script that completes commands in a shell: bash, fish, powershell or
zsh. Bash needs the package bash-completion.`,
		Example: `  source <(lambdapack completion bash)
  lambdapack completion zsh > "${fpath[1]}/_lambdapack"
  lambdapack completion fish > ~/.config/fish/completions/lambdapack.fish`,
		ValidArgs: shells,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) != 1:
				return usage(fmt.Errorf("%s takes one shell: %s", c.CommandPath(), strings.Join(shells, ", ")))
			case !slices.Contains(shells, args[0]):
				return usage(fmt.Errorf("unknown shell %q: want one of %s", args[0], strings.Join(shells, ", ")))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			root := c.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			}
			return root.GenPowerShellCompletionWithDesc(a.stdout)
		},
	}
}

// completeFunctions offers the functions of the config, and directories.
func (f *functionFlags) complete(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
	config, err := readConfig(f.config)
	if err == nil && config != nil {
		for _, fn := range config.Functions {
			names = append(names, fn.Name)
		}
	}
	if len(names) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return names, cobra.ShellCompDirectiveDefault
}
