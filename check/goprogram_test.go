package check

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// TestGoProgram: no false alarm on packages built with Go alone, in any form, for
// either machine and either runtime.
func TestGoProgram(t *testing.T) {
	t.Parallel()
	for _, arch := range lambda.Archs() {
		program := buildGo(t, arch)
		for _, rt := range lambda.Runtimes() {
			target := lambda.Target{Arch: arch, Runtime: rt}
			p, err := pack.New(target, []pack.File{
				{Name: "bootstrap", Path: program}, {Name: "templates/a.html", Data: []byte("<html>")}, {Name: "run.sh", Data: []byte(script)},
			}, lambda.MaxUnpacked)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Package(context.Background(), p, Options{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, r)
			if r.Runtime != rt.Name || r.Arch != arch.Terraform() || r.Err() != nil {
				t.Errorf("%+v", r)
			}
			dir, zip := filepath.Join(t.TempDir(), "dir"), filepath.Join(t.TempDir(), "p.zip")
			if err := p.WriteDir(t.Context(), dir, false); err != nil {
				t.Fatal(err)
			}
			if _, err := p.WriteZip(t.Context(), zip, pack.ZipOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{dir, zip, program} {
				r := check(t, path, Options{Runtime: rt})
				expect(t, r)
				if r.Arch != arch.Terraform() || len(r.Objects) != 1 || len(r.Objects[0].Needs) != 0 {
					t.Errorf("%s: %+v", path, r)
				}
			}
		}
	}
}

// buildGo compiles a program that has something of the network in it.
func buildGo(t *testing.T, arch lambda.Arch) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), "package main\n\nimport (\n\t\"net\"\n\t\"os/user\"\n)\n\nfunc main() {\n\tnet.LookupHost(\"localhost\")\n\tuser.Current()\n}\n", 0o644)
	write(t, filepath.Join(dir, "go.mod"), "module example.com/fn\n\ngo 1.26\n", 0o644)
	out := filepath.Join(dir, "fn")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch.GOARCH(), "GOFLAGS=", "GOWORK=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return out
}
