package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release and commit are set by the linker in releases, which are built from
// an archive: -X main.release=v1.2.3 -X main.commit=...
var release, commit string

type versionInfo struct {
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	Version string `json:"version"`
}

// String returns the line that people read.
func (v versionInfo) String() string {
	return fmt.Sprintf("lambdapack %s, commit %s, %s", v.Version, v.Commit, v.Go)
}

// version returns what the linker was told, else what the go command stamped.
func version() versionInfo {
	v := versionInfo{Version: release, Commit: commit, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if ok && v.Version == "" {
		v.Version = info.Main.Version
	}
	if ok && v.Commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	if v.Commit == "" {
		v.Commit = "unknown"
	}
	return v
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go release",
		Example: `  lambdapack version
  lambdapack version --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := version()
			if asJSON {
				return json.NewEncoder(a.stdout).Encode(v)
			}
			_, err := fmt.Fprintln(a.stdout, v)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}
