package lambdapack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/build"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
	"github.com/lambdapack/lambdapack/pack"
)

// libDir is the directory of a package's libraries, one of those that Lambda's
// LD_LIBRARY_PATH names.
const libDir = "lib"

// libraries returns the shared libraries that an executable needs and that its
// runtime does not promise: the whole closure but the C library's own family,
// each once, as lib/SONAME. They come from the artifact's sysroot.
func (p *pipeline) libraries(ctx context.Context, f Function, a build.Artifact) ([]pack.File, error) {
	if a.Sysroot == "" {
		if len(f.AddLib) > 0 {
			return nil, hint.Errorf("link C with --cgo, or leave --add-lib out", "adding %s: the program is compiled without C, and opens no libraries", f.AddLib[0])
		}
		return nil, nil
	}
	w := walker{root: ldd.Dir(a.Sysroot).MountFile(inTask(lambda.Bootstrap), a.Path), artifact: a, function: f}
	if err := w.oracle(ctx, p.opts); err != nil {
		return nil, err
	}
	closure, err := w.walk(f.AddLib)
	if err != nil {
		return nil, err
	}
	if err := w.missing(closure); err != nil {
		return nil, err
	}
	files := w.files(closure)
	if f.Strip != nil && *f.Strip {
		if err := p.strip(ctx, a, files); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// strip puts stripped copies in the place of the libraries.
func (p *pipeline) strip(ctx context.Context, a build.Artifact, files []pack.File) error {
	for i := range files {
		dir, err := p.scratchDir()
		if err != nil {
			return err
		}
		stripped := filepath.Join(dir, path.Base(files[i].Name))
		if err := build.Strip(ctx, p.opts.Runner, a.Target.Arch, files[i].Path, stripped); err != nil {
			return err
		}
		files[i].Path = stripped
	}
	return nil
}

// scratchDir makes a directory that is removed when the run ends.
func (p *pipeline) scratchDir() (string, error) {
	p.scratchOnce.Do(func() { p.scratch, p.scratchErr = os.MkdirTemp("", "lambdapack-*") })
	if p.scratchErr != nil {
		return "", p.scratchErr
	}
	return os.MkdirTemp(p.scratch, "*")
}

// digests says of each library what the manifest does.
func digests(files []pack.File) ([]pack.Library, error) {
	var libs []pack.Library
	for _, f := range files {
		r, err := os.Open(f.Path)
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		_, err = io.Copy(h, r)
		r.Close()
		if err != nil {
			return nil, err
		}
		libs = append(libs, pack.Library{Name: f.Name, SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	slices.SortFunc(libs, func(a, b pack.Library) int { return strings.Compare(a.Name, b.Name) })
	return libs, nil
}

func inTask(name string) string { return path.Join(lambda.TaskRoot, name) }

// walker follows the needs of one artifact, which it sees where Lambda will
// have it, in the sysroot.
type walker struct {
	root     *ldd.Sysroot
	artifact build.Artifact
	function Function
}

func (w *walker) walk(extra []string) (*ldd.Closure, error) {
	return ldd.Walk(inTask(lambda.Bootstrap), ldd.Options{
		Sysroot: w.root, LibraryPath: w.artifact.LibraryPath, Machine: w.artifact.Target.Arch.Machine(),
		Extra: extra, Exclude: w.function.ExcludeLib,
	})
}

// missing explains what the sysroot lacks. What the runtime brings along may be
// missing there.
func (w *walker) missing(c *ldd.Closure) error {
	for _, m := range c.Missing {
		if m.Kind == ldd.Auxiliary || lambda.GlibcLibrary(path.Base(m.Name)) {
			continue
		}
		by := "--add-lib"
		if len(m.NeededBy) > 0 && m.Kind != ldd.Extra {
			by = m.NeededBy[0].Label()
		}
		cause := "is not in the sysroot " + w.artifact.Sysroot
		if m.Cause != nil {
			cause = "cannot be used: " + m.Cause.Error()
		}
		return hint.Errorf("install the library for "+w.artifact.Target.Arch.String()+" there, "+w.elsewhere()+", or leave it out with --exclude-lib "+m.Name,
			"%s, which %s needs, %s", m.Name, by, cause)
	}
	return nil
}

// elsewhere says how to name another place for libraries.
func (w *walker) elsewhere() string {
	if w.artifact.Sysroot == "/" && w.native() {
		return "name its directory in LD_LIBRARY_PATH"
	}
	return "name another --sysroot"
}

// files returns what to ship, by the name that the loader will ask for.
func (w *walker) files(c *ldd.Closure) []pack.File {
	var files []pack.File
	for _, o := range c.Objects {
		if o == c.Root || o == c.Interp || lambda.GlibcLibrary(o.Label()) {
			continue
		}
		host := filepath.Join(w.artifact.Sysroot, filepath.FromSlash(o.RealPath))
		files = append(files, pack.File{Name: path.Join(libDir, w.shippedName(o)), Path: host})
	}
	return files
}

// shippedName is the soname where the library was asked for by it, and else
// the name that it was asked for by, since that is what the loader looks for.
func (w *walker) shippedName(o *ldd.Object) string {
	names := make([]string, len(o.Names))
	for i, n := range o.Names {
		names[i] = path.Base(n)
	}
	if len(names) == 0 || slices.Contains(names, o.Soname) || slices.Contains(w.function.AddLib, o.Names[0]) {
		return o.Label()
	}
	return names[0]
}

func (w *walker) native() bool { return build.Native(w.artifact.Target.Arch) }

// oracle holds the walk against the host's own loader, where that can load the
// executable: it was built in this run, for this machine and its libraries.
func (w *walker) oracle(ctx context.Context, opts Options) error {
	if len(opts.Oracle) == 0 || !w.native() || w.artifact.Sysroot != "/" || len(w.function.ExcludeLib) > 0 {
		return nil
	}
	file, err := w.root.Inspect(inTask(lambda.Bootstrap))
	if err != nil || file.Static() {
		return err
	}
	closure, err := w.walk(nil)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(closure.Objects, func(o *ldd.Object) bool { return strings.ContainsAny(o.Path, " \t") }) {
		return nil // the answer is split at blanks (u-root's pkg/ldd)
	}
	answer, err := ldd.Oracle{Command: opts.Oracle, Run: runOracle(opts.Runner, w.artifact.LibraryPath)}.List(ctx, w.artifact.Path)
	if err != nil {
		return fmt.Errorf("asking the dynamic loader about %s: %w", w.function.Name, err)
	}
	return ldd.Compare(closure, answer)
}

// runOracle runs the oracle's child as every other program is run, with the
// directories that the walk searches too.
func runOracle(r build.Runner, dirs []string) func(context.Context, []string, []string) ([]byte, error) {
	return func(ctx context.Context, argv, env []string) ([]byte, error) {
		if len(dirs) > 0 {
			env = append(env, "LD_LIBRARY_PATH="+strings.Join(dirs, string(filepath.ListSeparator)))
		}
		var stdout, stderr bytes.Buffer
		err := r.Run(ctx, build.Command{Argv: argv, Env: env, Stdout: &stdout, Stderr: &stderr})
		if err != nil && stderr.Len() > 0 {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
		}
		return stdout.Bytes(), err
	}
}
