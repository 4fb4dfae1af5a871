package build

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// Strip writes a copy of a shared library without the symbols that the dynamic
// loader does not need. It takes the GNU strip for the machine, else llvm-strip,
// which knows all of them.
func Strip(ctx context.Context, r Runner, arch lambda.Arch, src, dst string) error {
	for _, tool := range []string{arch.GNU() + "-strip", "llvm-strip"} {
		if _, err := exec.LookPath(tool); err != nil {
			continue
		}
		var stderr bytes.Buffer
		err := r.Run(ctx, Command{Argv: []string{tool, "--strip-unneeded", "-o", dst, "--", src}, Stdout: &stderr, Stderr: &stderr})
		if failed(err) {
			return fmt.Errorf("stripping %s: %s", src, strings.TrimSpace(stderr.String()))
		}
		return err
	}
	return hint.Errorf("install one (Debian: apt-get install binutils-"+strings.ReplaceAll(arch.GNU(), "_", "-")+"), or leave --strip out",
		"stripping %s: there is no strip for %s", src, arch)
}
