package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack"
)

func (a *app) listCommand() *cobra.Command {
	var f functionFlags
	var asJSON bool
	c := &cobra.Command{
		Use:   "list [PACKAGE ...]",
		Short: "Print the functions that build would build",
		Example: `  lambdapack list
  lambdapack list --json ./cmd/...`,
		RunE: func(c *cobra.Command, args []string) error {
			opts, err := f.options(a, c, args)
			if err != nil {
				return err
			}
			functions, err := lambdapack.Find(c.Context(), opts)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printFunctions(functions)
			}
			for _, fn := range functions {
				fmt.Fprintln(a.stdout, fn.Name)
			}
			return nil
		},
	}
	f.add(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array with package, directory and target of each")
	return c
}

type listedFunction struct {
	Architecture string `json:"architecture"`
	Dir          string `json:"dir"`
	Name         string `json:"name"`
	Package      string `json:"package"`
	Runtime      string `json:"runtime"`
}

func (a *app) printFunctions(functions []lambdapack.Function) error {
	list := make([]listedFunction, len(functions))
	for i, f := range functions {
		list[i] = listedFunction{f.Target.Arch.Terraform(), filepath.ToSlash(f.Package.Dir), f.Name, f.Package.ImportPath, f.Target.Runtime.Name}
	}
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}
