package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack/ldd"
)

// oracleVerb is how build starts this program again, in an empty environment,
// to ask the host's dynamic loader about an executable that it has just built.
const oracleVerb = "ask-native-loader"

// oracleCommand returns nil where this program does not know its own path.
func oracleCommand() []string {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{self, oracleVerb}
}

func (a *app) oracleCommand() *cobra.Command {
	return &cobra.Command{
		Use:    oracleVerb + " FILE",
		Short:  "Print what the dynamic loader says of a file that this program built",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE:   func(_ *cobra.Command, args []string) error { return ldd.OracleMain(a.stdout, args[0]) },
	}
}
