package lambdapack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	opts    Options
	out     outputs
	jobs    []*job // by name
	pool    *pack.Pool
	earlier *pack.Manifest // of the output directory, as it was before
	newDir  bool           // this run makes the output directory

	scratchOnce sync.Once
	scratch     string // see scratchDir
	scratchErr  error

	progress sync.Mutex
}

// job is a function on its way through the pipeline.
type job struct {
	Function
	included  []pack.File
	libraries []pack.Library
	findings  []check.Finding
	unpacked  int64
	staged    *pack.Staged // nil until it is packaged
}

// prepare looks at all that can be wrong before anything is compiled.
func (p *pipeline) prepare(functions []Function) (err error) {
	if p.earlier, err = pack.ReadManifest(p.out.manifest()); err != nil {
		return err
	}
	_, err = os.Lstat(p.out.dir)
	p.newDir = errors.Is(err, fs.ErrNotExist)
	for _, f := range functions {
		j := &job{Function: f}
		if j.included, err = pack.Expand(f.IncludeRoot, f.Include); err == nil {
			err = j.rehearse()
		}
		if err != nil {
			return fmt.Errorf("function %s: %w", f.Name, err)
		}
		p.jobs = append(p.jobs, j)
	}
	return nil
}

// rehearse makes the package with a stand-in for the program, to find names
// that collide, and files too large, without waiting for the compiler.
func (j *job) rehearse() error {
	standIn := pack.File{Name: lambda.Bootstrap, Data: []byte("#!")}
	_, err := pack.New(j.Target, append([]pack.File{standIn}, j.included...), lambda.MaxUnpacked)
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

func (p *pipeline) job(name string) *job {
	for _, j := range p.jobs {
		if j.Name == name {
			return j
		}
	}
	panic("a builder made up the function " + name)
}

// packageArtifact stages a function's package.
func (p *pipeline) packageArtifact(ctx context.Context, a build.Artifact) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := p.job(a.Function)
	p.report(Event{Function: j.Name, Step: StepPackage})
	libraries, err := p.libraries(ctx, j.Function, a)
	if err != nil {
		return err
	}
	if j.libraries, err = digests(libraries); err != nil {
		return err
	}
	files := slices.Concat([]pack.File{{Name: lambda.Bootstrap, Path: a.Path, ID: a.ID}}, j.included, libraries)
	pkg, err := pack.New(a.Target, files, lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	j.unpacked = pkg.UnpackedSize()
	if j.findings, err = p.check(ctx, pkg); err != nil {
		return err
	}
	if j.staged, err = p.stage(ctx, pkg, j.Name); err != nil {
		return err
	}
	p.report(Event{Function: j.Name, Step: StepPackage, Done: true, Detail: j.detail(p.opts.Format)})
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

func (j *job) detail(format pack.Format) string {
	size := j.staged.Size
	if format == pack.FormatDir {
		size = j.unpacked
	}
	detail := fmt.Sprintf("%.1f MB", float64(size)/(1<<20))
	if j.staged.Unchanged {
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
	for _, j := range p.jobs {
		if failed = j.staged.Commit(); failed != nil {
			break
		}
		r := p.result(j)
		results = append(results, r)
		records[j.Name] = r.Record
	}
	err := p.updateManifest(records)
	if failed != nil || err != nil {
		return nil, errors.Join(failed, err)
	}
	return results, nil
}

func (p *pipeline) result(j *job) Result {
	path, w := p.out.path(j.Name, p.opts.Format), j.staged.Written
	rec := pack.Record{
		Architecture: j.Target.Arch.Terraform(),
		Format:       p.opts.Format,
		Handler:      lambda.Bootstrap,
		Libraries:    j.libraries,
		Path:         filepath.Base(path),
		Runtime:      j.Target.Runtime.Name,
		UnpackedSize: j.unpacked,
	}
	if p.opts.Format == pack.FormatZip {
		rec.SHA256, rec.SourceCodeHash, rec.Size = w.Hex(), w.Base64(), w.Size
	}
	return Result{Function: j.Function, Path: p.out.shown(path), Written: w, Record: rec, Findings: j.findings}
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
	for _, j := range p.jobs {
		if j.staged != nil {
			j.staged.Discard()
		}
	}
	if p.newDir {
		os.Remove(p.out.dir) // only where it is still empty
	}
	if p.scratch != "" {
		os.RemoveAll(p.scratch)
	}
}
