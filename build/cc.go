package build

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	// cc and cxx are the commands, as the go command takes them in CC and CXX.
	cc, cxx string
	// sysroot is where the libraries are; "/" for the host's own.
	sysroot string
	// libraryPath holds directories inside the sysroot that libraries were
	// linked from and that no loader would search by itself.
	libraryPath []string
	env         []string
}

// find returns the toolchain for a machine. On the machine itself that is the
// compiler of CC, else gcc; for another one that of CC, else the GNU cross
// compiler by its usual name. Env is the whole environment, not nil.
func (c CCompiler) find(ctx context.Context, r Runner, env []string, arch lambda.Arch) (*toolchain, error) {
	native := Native(arch)
	t := &toolchain{cc: c.command(env, arch, native), sysroot: c.Sysroot}
	if _, err := exec.LookPath(strings.Fields(t.cc)[0]); err != nil {
		return nil, hint.Errorf(fmt.Sprintf("install one (Debian: apt-get install gcc-%s), or name it with --cc or CC", strings.ReplaceAll(arch.GNU(), "_", "-")),
			"compiling C for %s: there is no C compiler: %w", arch, err)
	}
	if t.cxx = lookup(env, "CXX"); t.cxx == "" {
		t.cxx = cxxOf(t.cc)
	}
	if err := t.checkMachine(ctx, r, env, arch); err != nil {
		return nil, err
	}
	if t.sysroot == "" {
		t.sysroot = t.ownSysroot(ctx, r, env)
	}
	if native && t.sysroot == "/" {
		t.libraryPath = filepath.SplitList(lookup(env, "LD_LIBRARY_PATH"))
	} else if !native {
		t.libraryPath = t.searchDirs(ctx, r, env, c.Sysroot)
	}
	t.libraryPath = slices.DeleteFunc(t.libraryPath, func(dir string) bool { return !filepath.IsAbs(dir) })
	t.env = t.environment(env, arch, native, c.Sysroot)
	return t, nil
}

// Native reports whether this host runs Linux programs of a machine by itself.
func Native(arch lambda.Arch) bool {
	return runtime.GOOS == "linux" && runtime.GOARCH == arch.GOARCH()
}

// command returns the compiler that was asked for, else the usual one.
func (c CCompiler) command(env []string, arch lambda.Arch, native bool) string {
	for _, cc := range []string{c.Command, lookup(env, "CC")} {
		if cc = strings.TrimSpace(cc); cc != "" {
			return cc
		}
	}
	if native {
		return "gcc"
	}
	return arch.GNU() + "-gcc"
}

// cxxOf returns the C++ compiler that goes with a C compiler, "" where its name
// does not tell.
func cxxOf(cc string) string {
	words := strings.Fields(cc)
	dir, tool := filepath.Split(words[0])
	for _, pair := range [][2]string{{"gcc", "g++"}, {"clang", "clang++"}} {
		if i := strings.LastIndex(tool, pair[0]); i >= 0 {
			words[0] = dir + tool[:i] + pair[1] + tool[i+len(pair[0]):]
			return strings.Join(words, " ")
		}
	}
	return ""
}

// checkMachine compares what the compiler says that it compiles for, a GNU
// triple, with the target: the first that would notice else is an assembler,
// at length.
func (t *toolchain) checkMachine(ctx context.Context, r Runner, env []string, arch lambda.Arch) error {
	triple := t.ask(ctx, r, env, "-dumpmachine")
	if triple == "" || strings.ContainsAny(triple, " \n") {
		return nil
	}
	cpu, rest, _ := strings.Cut(triple, "-")
	if got, err := lambda.ParseArch(cpu); err == nil && got == arch && strings.Contains(rest, "linux") {
		return nil
	}
	return hint.Errorf(fmt.Sprintf("name one for %s with --cc or CC; left to itself, lambdapack takes %s-gcc", arch, arch.GNU()),
		"compiling C for %s: %s compiles for %s", arch, t.cc, triple)
}

// ownSysroot returns where the compiler looks by itself. Clang has no option
// that tells; it looks where its arguments say.
func (t *toolchain) ownSysroot(ctx context.Context, r Runner, env []string) string {
	if dir := t.ask(ctx, r, env, "-print-sysroot"); dir != "" {
		return dir
	}
	for _, word := range strings.Fields(t.cc) {
		if dir, ok := strings.CutPrefix(word, "--sysroot="); ok && filepath.IsAbs(dir) {
			return dir
		}
	}
	return "/"
}

// ask runs the compiler with options that make it print a line. A compiler
// that does not know them has no answer.
func (t *toolchain) ask(ctx context.Context, r Runner, env []string, options ...string) string {
	var out, discard bytes.Buffer
	argv := append(strings.Fields(t.cc), options...)
	if err := r.Run(ctx, Command{Argv: argv, Env: withEnv(env, "LC_ALL=C"), Stdout: &out, Stderr: &discard}); err != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// searchDirs returns where the compiler looks for libraries, as paths inside
// the sysroot. One that was given moves them.
func (t *toolchain) searchDirs(ctx context.Context, r Runner, env []string, sysroot string) (dirs []string) {
	options := []string{"-print-search-dirs"}
	if sysroot != "" {
		options = append(options, "--sysroot="+sysroot)
	}
	for line := range strings.SplitSeq(t.ask(ctx, r, env, options...), "\n") {
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
	ldflags := lookup(env, "CGO_LDFLAGS")
	if ldflags == "" {
		ldflags = "-O2 -g" // the go command's own default
	}
	set := []string{"CC=" + t.cc}
	if t.cxx != "" {
		set = append(set, "CXX="+t.cxx)
	}
	if sysroot != "" {
		option := quoted("--sysroot=" + sysroot)
		ldflags += " " + option
		set = append(set, "CGO_CPPFLAGS="+strings.TrimSpace(lookup(env, "CGO_CPPFLAGS")+" "+option)) // of C and of C++
	}
	set = append(set, "CGO_LDFLAGS="+ldflags+" "+rpath)
	if (!native || t.sysroot != "/") && lookup(env, "PKG_CONFIG_LIBDIR") == "" {
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

// quoted writes a word of a list that the go command splits ("go help
// environment": quotes count at the beginning of a word only).
func quoted(word string) string {
	if !strings.ContainsAny(word, " \t\n'\"") {
		return word
	}
	if strings.Contains(word, "'") {
		return `"` + word + `"`
	}
	return "'" + word + "'"
}

// lookup returns the last value of a name in an environment.
func lookup(env []string, name string) (value string) {
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
	}
	return value
}
