package build

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// CCompiler compiles and links C for a machine. Its zero value means: found by
// itself.
type CCompiler struct {
	// Command is the compiler with its arguments, separated by spaces, as CC
	// has it.
	Command string
	// Sysroot is the directory that holds the target's headers and libraries.
	Sysroot string
}

// rpath makes the linker write a DT_RPATH that finds the package's own
// libraries: the dynamic loader searches it before LD_LIBRARY_PATH, in which
// Lambda puts the system's directories first, and DT_RUNPATH after it
// (ld.so(8)).
const rpath = "-Wl,--disable-new-dtags -Wl,-rpath,$ORIGIN/lib"

// toolchain is a C compiler that was found, and where its programs will find
// their libraries.
type toolchain struct {
	cc string
	// sysroot is where the libraries are; "/" for the host's own.
	sysroot string
	// libraryPath holds directories inside the sysroot that a cross compiler
	// links from, and that no loader would search by itself.
	libraryPath []string
	env         []string
}

// find returns the toolchain for a machine. On the machine itself that is the
// compiler of CC, else gcc; for another one that of CC, else the GNU cross
// compiler by its usual name.
func (c CCompiler) find(ctx context.Context, r Runner, env []string, arch lambda.Arch) (*toolchain, error) {
	native := runtime.GOOS == "linux" && runtime.GOARCH == arch.GOARCH()
	t := &toolchain{cc: c.Command, sysroot: c.Sysroot}
	if t.cc == "" {
		t.cc = lookup(env, "CC")
	}
	if t.cc == "" {
		t.cc = arch.GNU() + "-gcc"
		if native {
			t.cc = "gcc"
		}
	}
	tool := strings.Fields(t.cc)[0]
	if _, err := exec.LookPath(tool); err != nil {
		return nil, hint.Errorf(fmt.Sprintf("install one (Debian: apt-get install gcc-%s), or name it with --cc or CC", strings.ReplaceAll(arch.GNU(), "_", "-")),
			"compiling C for %s: there is no C compiler: %w", arch, err)
	}
	if t.sysroot == "" {
		t.sysroot = t.ask(ctx, r, env, "-print-sysroot")
	}
	if t.sysroot == "" {
		t.sysroot = "/"
	}
	if !native {
		t.libraryPath = t.searchDirs(ctx, r, env)
	}
	t.env = t.environment(env, arch, native, c.Sysroot)
	return t, nil
}

// ask runs the compiler with one option that makes it print a line. A
// compiler that does not know the option has no answer.
func (t *toolchain) ask(ctx context.Context, r Runner, env []string, option string) string {
	var out, discard bytes.Buffer
	argv := append(strings.Fields(t.cc), option)
	if err := r.Run(ctx, Command{Argv: argv, Env: withEnv(env, "LC_ALL=C"), Stdout: &out, Stderr: &discard}); err != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// searchDirs returns where the compiler looks for libraries, as paths inside
// the sysroot.
func (t *toolchain) searchDirs(ctx context.Context, r Runner, env []string) (dirs []string) {
	for line := range strings.SplitSeq(t.ask(ctx, r, env, "-print-search-dirs"), "\n") {
		list, ok := strings.CutPrefix(strings.TrimSpace(line), "libraries: =")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			rel, err := filepath.Rel(t.sysroot, filepath.Clean(dir))
			if err == nil && filepath.IsLocal(rel) {
				dirs = append(dirs, "/"+filepath.ToSlash(rel))
			}
		}
	}
	return dirs
}

// environment sets what the go command hands to the compiler, over what the
// user's environment has of it.
func (t *toolchain) environment(env []string, arch lambda.Arch, native bool, sysroot string) []string {
	ldflags, cflags := lookup(env, "CGO_LDFLAGS"), lookup(env, "CGO_CFLAGS")
	if ldflags == "" {
		ldflags = "-O2 -g" // the go command's own default
	}
	if cflags == "" {
		cflags = "-O2 -g"
	}
	set := []string{"CC=" + t.cc}
	if sysroot != "" {
		ldflags += " --sysroot=" + sysroot
		cflags += " --sysroot=" + sysroot
		set = append(set, "CGO_CFLAGS="+cflags)
	}
	set = append(set, "CGO_LDFLAGS="+ldflags+" "+rpath)
	if !native && lookup(env, "PKG_CONFIG_LIBDIR") == "" {
		var dirs []string
		for _, dir := range []string{"usr/lib/" + arch.GNU(), "usr/lib64", "usr/lib", "usr/share"} {
			dirs = append(dirs, filepath.Join(t.sysroot, filepath.FromSlash(dir), "pkgconfig"))
		}
		set = append(set, "PKG_CONFIG_LIBDIR="+strings.Join(dirs, string(filepath.ListSeparator)))
		if t.sysroot != "/" {
			set = append(set, "PKG_CONFIG_SYSROOT_DIR="+t.sysroot)
		}
	}
	return set
}

// lookup returns the last value of a name in an environment, nil meaning this
// process's.
func lookup(env []string, name string) (value string) {
	for _, kv := range withEnv(env) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}
