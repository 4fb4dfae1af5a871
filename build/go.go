package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// GoFunction is a function that is a Go program.
type GoFunction struct {
	Name    string
	Package GoPackage
}

// Go builds Go programs of one module with one call of `go build`, which loads
// and compiles what they share once. The same sources and the same release of
// Go give the same bytes in every directory, on every host.
//
// The executables stay in the cache, where the next build finds those that are
// up to date and links nothing.
type Go struct {
	Runner Runner
	// Env is the environment of the go command, nil for this process's.
	Env []string
	// Set holds NAME to VALUE over Env and over what this builder sets.
	Set map[string]string
	// Functions are built together: all of one module, with executables of
	// different names.
	Functions []GoFunction
	// Dir is where paths in the compiler's messages are relative to, if it is
	// in the functions' module. Else they are relative to the module.
	Dir    string
	Target lambda.Target
	Tags   []string
	// Ldflags follow those that strip the executable.
	Ldflags string
	// CGO true links C. False compiles without it, and nil does too, but
	// refuses dependencies that need it.
	CGO *bool
	// C is the compiler for C.
	C CCompiler
	// KeepSymbols leaves the executable unstripped.
	KeepSymbols bool
	// Cache is the directory that keeps executables. Empty: a temporary one,
	// which Close removes.
	Cache string
	// Slot tells builders apart that are alike but for their functions, whose
	// executables have the same name.
	Slot int
	// Jobs bounds the compilers that run at once; 0 leaves it to Go.
	Jobs int

	tools *toolchain // nil: no C
	close func()
}

// Build implements [Builder]. A dependency outside the standard library that
// needs C is an error before anything is ready; where the compiler fails too,
// it is the cause, and what the compiler says is left out.
func (g *Go) Build(ctx context.Context, ready func(Artifact)) error {
	dir, err := g.open()
	if err != nil {
		return hint.Errorf("make the cache directory writable, or choose another with LAMBDAPACK_CACHE",
			"opening the cache of executables: %w", err)
	}
	if g.linksC() {
		if g.tools, err = g.C.find(ctx, g.Runner, withEnv(g.Env, g.settings()...), g.Target.Arch); err != nil {
			return err
		}
	}
	e := g.watch(dir, ready)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	checked, watched := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(watched)
		err := g.checkC(ctx)
		checked <- err
		if err == nil {
			e.run(watching)
		}
	}()
	err = g.compile(ctx, dir)
	stop()
	<-watched
	if cerr := <-checked; err == nil || errors.Is(cerr, errNeedsC) {
		err = cerr
	}
	if err != nil {
		return err
	}
	return e.finish()
}

func (g *Go) linksC() bool { return g.CGO != nil && *g.CGO }

func (g *Go) artifact(name, path string) Artifact {
	a := Artifact{Function: name, Path: path, ID: goBuildID(path), Target: g.Target}
	if g.tools != nil {
		a.Sysroot, a.LibraryPath = g.tools.sysroot, g.tools.libraryPath
	}
	return a
}

// Close implements [Builder].
func (g *Go) Close() error {
	if g.close != nil {
		g.close()
		g.close = nil
	}
	return nil
}

// open returns the directory for the executables, and keeps a second
// lambdapack from writing there what this one is packaging.
func (g *Go) open() (string, error) {
	if g.Cache == "" {
		dir, err := os.MkdirTemp("", "lambdapack-*")
		g.close = func() { os.RemoveAll(dir) }
		return dir, err
	}
	dir := g.binDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(dir + ".lock").Lock()
	g.close = unlock
	return dir, err
}

// binDir is a directory of the cache that nothing shares which would put other
// bytes, or another program, under the same name.
func (g *Go) binDir() string {
	key, _ := json.Marshal([]any{g.dir(), g.Target.Arch, g.Tags, g.Ldflags, g.Set, g.Slot, g.linksC(), g.C, g.KeepSymbols})
	sum := sha256.Sum256(key)
	return filepath.Join(g.Cache, "bin", hex.EncodeToString(sum[:10]))
}

func (g *Go) compile(ctx context.Context, dir string) error {
	argv := []string{"go", "build", "-trimpath", "-buildvcs=false", tagsFlag(g.Tags),
		"-ldflags=" + g.linkerFlags(), "-o", dir + string(filepath.Separator)}
	if g.Jobs > 0 {
		argv = append(argv, "-p", strconv.Itoa(g.Jobs))
	}
	argv = append(append(argv, "--"), g.importPaths()...)
	// The work directory on the same file system as the executables, so that
	// they are renamed and not copied.
	work, err := os.MkdirTemp(dir, ".work-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var stderr bytes.Buffer
	err = g.Runner.Run(ctx, Command{Argv: argv, Dir: g.workDir(), Env: g.env("GOTMPDIR=" + work), Stdout: &stderr, Stderr: &stderr})
	if failed(err) {
		return goFailure("compiling "+g.names(), stderr.String())
	}
	return missingGo(err)
}

func (g *Go) dir() string { return g.Functions[0].Package.ModuleDir }

func (g *Go) importPaths() []string {
	var paths []string
	for _, f := range g.Functions {
		paths = append(paths, f.Package.ImportPath)
	}
	return paths
}

// workDir returns a directory of the same module, so that what is built is the
// same and the messages are those that the user's own go build would print.
func (g *Go) workDir() string {
	if m, ok := moduleDir(g.Dir); ok && g.Dir != "" && m == g.dir() {
		return g.Dir
	}
	return g.dir()
}

func (g *Go) names() string {
	if n := len(g.Functions); n > 3 {
		return fmt.Sprintf("%d functions", n)
	}
	var names []string
	for _, f := range g.Functions {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (g *Go) linkerFlags() string {
	var flags []string
	if !g.KeepSymbols {
		flags = append(flags, "-s", "-w")
	}
	if g.linksC() {
		// The build ID digests the flags of the C compiler, and those name
		// directories: a sysroot, ${SRCDIR}. Without it the link is made anew
		// every time; with it the bytes would depend on the directory.
		flags = append(flags, "-buildid=")
	}
	return strings.TrimSpace(strings.Join(append(flags, g.Ldflags), " "))
}

// env sets what decides about the bytes, so that neither the user's
// environment nor `go env -w` does: the machine and the instructions that
// every processor of Lambda has.
func (g *Go) env(set ...string) []string {
	env := withEnv(g.Env, "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+g.Target.Arch.GOARCH(), g.Target.Arch.GoBaseline())
	env = withEnv(env, g.settings()...)
	if g.tools != nil {
		env = withEnv(env, append([]string{"CGO_ENABLED=1"}, g.tools.env...)...)
	}
	return withEnv(env, set...)
}

// settings returns Set as NAME=VALUE, sorted.
func (g *Go) settings() []string {
	var set []string
	for _, name := range slices.Sorted(maps.Keys(g.Set)) {
		set = append(set, name+"="+g.Set[name])
	}
	return set
}

// tagsFlag always sets lambda.norpc, which leaves net/rpc out of
// aws-lambda-go: OS-only runtimes do not use it.
func tagsFlag(tags []string) string {
	return "-tags=" + strings.Join(append([]string{"lambda.norpc"}, tags...), ",")
}
