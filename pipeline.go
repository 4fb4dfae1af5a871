package lambdapack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/lambdapack/lambdapack/build"
	"github.com/lambdapack/lambdapack/check"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// pipeline is one run of Build.
type pipeline struct {
	opts      Options
	out       outputs
	functions []Function
	pool      *pack.Pool

	included [][]pack.File  // by function
	earlier  *pack.Manifest // of the output directory, as it was before
	staged   []*pack.Staged // by function
	unpacked []int64        // by function
	shipped  [][]pack.Library
	findings [][]check.Finding
	scratch  string // for stripped libraries; removed at the end
	newDir   bool   // this run makes the output directory

	progress sync.Mutex
}

// prepare looks at all that can be wrong before anything is compiled.
func (p *pipeline) prepare() (err error) {
	if p.earlier, err = pack.ReadManifest(p.out.manifest()); err != nil {
		return err
	}
	_, err = os.Lstat(p.out.dir)
	p.newDir = errors.Is(err, fs.ErrNotExist)
	n := len(p.functions)
	p.included, p.staged, p.unpacked = make([][]pack.File, n), make([]*pack.Staged, n), make([]int64, n)
	p.shipped, p.findings = make([][]pack.Library, n), make([][]check.Finding, n)
	for i, f := range p.functions {
		if f.Strip != nil && *f.Strip && p.scratch == "" {
			if p.scratch, err = os.MkdirTemp("", "lambdapack-*"); err != nil {
				return err
			}
		}
		if p.included[i], err = pack.Expand(f.IncludeRoot, f.Include); err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
		if err := p.rehearse(i); err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
	}
	return nil
}

// rehearse makes the package with a stand-in for the program, to find names
// that collide, and files too large, without waiting for the compiler.
func (p *pipeline) rehearse(i int) error {
	standIn := pack.File{Name: lambda.Bootstrap, Data: []byte("#!")}
	_, err := pack.New(p.functions[i].Target, append([]pack.File{standIn}, p.included[i]...), lambda.MaxUnpacked)
	return err
}

func (p *pipeline) report(e Event) {
	p.progress.Lock()
	defer p.progress.Unlock()
	p.opts.Progress(e)
}

// compile builds one group after the other, since a compiler uses all cores by
// itself, and packages each function as soon as its executable is there.
func (p *pipeline) compile(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var packaging sync.WaitGroup
	slots := make(chan struct{}, p.opts.Jobs)
	ready := func(a build.Artifact) {
		p.report(Event{Function: a.Function, Step: StepCompile, Done: true})
		packaging.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := p.packageArtifact(ctx, a); err != nil {
				cancel(fmt.Errorf("function %s: %w", a.Function, err))
			}
		})
	}
	for _, b := range p.builders() {
		err := b.Build(ctx, ready)
		defer b.Close()
		if err != nil {
			cancel(err)
			break
		}
	}
	packaging.Wait()
	return context.Cause(ctx)
}

// builders groups what one go build can compile together: the same module,
// machine and settings, and no two executables of one name.
func (p *pipeline) builders() []build.Builder {
	groups := map[string][]*build.Go{} // by key, in slots
	var all []build.Builder
	for _, f := range p.functions {
		p.report(Event{Function: f.Name, Step: StepCompile})
		key := groupKey(f)
		slot := 0
		for slot < len(groups[key]) && taken(groups[key][slot], f.Package.ExecName()) {
			slot++
		}
		if slot == len(groups[key]) {
			g := &build.Go{
				Runner: p.opts.Runner, Env: p.opts.Env, Set: f.Env, Dir: p.opts.Dir, Target: f.Target, Tags: f.Tags,
				Ldflags: f.Ldflags, CGO: f.CGO, C: build.CCompiler{Command: f.CC, Sysroot: f.Sysroot},
				KeepSymbols: f.Strip != nil && !*f.Strip, Cache: p.opts.Cache, Slot: slot, Jobs: p.opts.Jobs,
			}
			groups[key] = append(groups[key], g)
			all = append(all, g)
		}
		g := groups[key][slot]
		g.Functions = append(g.Functions, build.GoFunction{Name: f.Name, Package: f.Package})
	}
	return all
}

func groupKey(f Function) string {
	key, _ := json.Marshal([]any{f.Package.ModuleDir, f.Target, f.Tags, f.Ldflags, f.Env, f.C})
	return string(key)
}

// taken reports whether an executable of the group has the name already,
// letter case aside.
func taken(g *build.Go, name string) bool {
	for _, f := range g.Functions {
		if strings.EqualFold(f.Package.ExecName(), name) {
			return true
		}
	}
	return false
}

func (p *pipeline) index(name string) int {
	for i, f := range p.functions {
		if f.Name == name {
			return i
		}
	}
	panic("a builder made up the function " + name)
}

// packageArtifact stages a function's package.
func (p *pipeline) packageArtifact(ctx context.Context, a build.Artifact) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	i := p.index(a.Function)
	p.report(Event{Function: a.Function, Step: StepPackage})
	files := append([]pack.File{{Name: lambda.Bootstrap, Path: a.Path, ID: a.ID}}, p.included[i]...)
	libraries, err := p.libraries(ctx, p.functions[i], a)
	if err != nil {
		return err
	}
	if p.shipped[i], err = digests(libraries); err != nil {
		return err
	}
	files = append(files, libraries...)
	pkg, err := pack.New(a.Target, files, lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	if p.findings[i], err = p.check(ctx, pkg); err != nil {
		return err
	}
	p.unpacked[i] = pkg.UnpackedSize()
	p.staged[i], err = p.stage(ctx, pkg, a.Function)
	if err != nil {
		return err
	}
	p.report(Event{Function: a.Function, Step: StepPackage, Done: true, Detail: p.detail(i)})
	return nil
}

func (p *pipeline) stage(ctx context.Context, pkg *pack.Package, name string) (*pack.Staged, error) {
	path := p.out.path(name, p.opts.Format)
	if p.opts.Format == pack.FormatDir {
		was, ours := p.earlier.Functions[name]
		return pkg.StageDir(ctx, path, ours && was.Format == pack.FormatDir && was.Path == filepath.Base(path))
	}
	zip := pack.ZipOptions{Pool: p.pool}
	if p.opts.Cache != "" {
		zip.Memos = filepath.Join(p.opts.Cache, "zip")
	}
	return pkg.StageZip(ctx, path, zip)
}

// check judges a package as Lambda would treat it. Errors fail the build, the
// rest is the caller's to tell.
func (p *pipeline) check(ctx context.Context, pkg *pack.Package) ([]check.Finding, error) {
	if p.opts.NoCheck {
		return nil, nil
	}
	report, err := check.Package(ctx, pkg, check.Options{})
	if err != nil {
		return nil, err
	}
	return report.Findings, report.Err()
}

func (p *pipeline) detail(i int) string {
	size := p.staged[i].Size
	if p.opts.Format == pack.FormatDir {
		size = p.unpacked[i]
	}
	detail := fmt.Sprintf("%.1f MB", float64(size)/(1<<20))
	if p.staged[i].Unchanged {
		detail += ", unchanged"
	}
	return detail
}

// commit puts the packages in place, and then the manifest. Where a rename
// fails, the manifest says what the files before it have become.
func (p *pipeline) commit() ([]Result, error) {
	var results []Result
	records := map[string]pack.Record{}
	var failed error
	for i, f := range p.functions {
		if failed = p.staged[i].Commit(); failed != nil {
			break
		}
		r := p.result(i, f)
		results = append(results, r)
		records[f.Name] = r.Record
	}
	err := p.updateManifest(records)
	if failed != nil || err != nil {
		return nil, errors.Join(failed, err)
	}
	return results, nil
}

func (p *pipeline) result(i int, f Function) Result {
	path, w := p.out.path(f.Name, p.opts.Format), p.staged[i].Written
	rec := pack.Record{
		Architecture: f.Target.Arch.Terraform(),
		Format:       p.opts.Format,
		Handler:      lambda.Bootstrap,
		Libraries:    p.shipped[i],
		Path:         filepath.Base(path),
		Runtime:      f.Target.Runtime.Name,
		UnpackedSize: p.unpacked[i],
	}
	if p.opts.Format == pack.FormatZip {
		rec.SHA256, rec.SourceCodeHash, rec.Size = w.Hex(), w.Base64(), w.Size
	}
	return Result{Function: f, Path: p.out.shown(path), Written: w, Record: rec, Findings: p.findings[i]}
}

// updateManifest takes its turn among other runs that write the same manifest.
func (p *pipeline) updateManifest(records map[string]pack.Record) error {
	if p.opts.Cache != "" {
		sum := sha256.Sum256([]byte(p.out.manifest()))
		dir := filepath.Join(p.opts.Cache, "lock")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		unlock, err := lockedfile.MutexAt(filepath.Join(dir, hex.EncodeToString(sum[:10]))).Lock()
		if err != nil {
			return hint.Wrap(err, "make the cache directory writable, or choose another with LAMBDAPACK_CACHE")
		}
		defer unlock()
	}
	return pack.Update(p.out.manifest(), records)
}

// discard removes what was staged and not committed.
func (p *pipeline) discard() {
	for _, s := range p.staged {
		if s != nil {
			s.Discard()
		}
	}
	if p.newDir {
		os.Remove(p.out.dir) // only where it is still empty
	}
	if p.scratch != "" {
		os.RemoveAll(p.scratch)
	}
}
