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
	images  *images        // nil where the format is another

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
	output    output // nil until it is packaged
}

// output is a package that is complete, and takes effect when it is committed.
type output interface {
	commit(ctx context.Context) error
	discard()
	// detail says in a few words what came out.
	detail() string
	// describe fills in a result, and its record, with what the output is. It
	// comes after commit.
	describe(r *Result)
}

// prepare looks at all that can be wrong before anything is compiled.
func (p *pipeline) prepare(functions []Function) (err error) {
	if p.earlier, err = pack.ReadManifest(p.out.manifest()); err != nil {
		return err
	}
	if p.opts.Format == pack.FormatImage {
		if p.images, err = newImages(p, functions); err != nil {
			return err
		}
	}
	_, err = os.Lstat(p.out.dir)
	p.newDir = errors.Is(err, fs.ErrNotExist)
	for _, f := range functions {
		j := &job{Function: f}
		if j.included, err = pack.Expand(f.IncludeRoot, f.Include); err == nil {
			err = j.rehearse(p.maxUnpacked())
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
func (j *job) rehearse(limit int64) error {
	standIn := pack.File{Name: lambda.Bootstrap, Data: []byte("#!")}
	_, err := pack.New(j.Target, append([]pack.File{standIn}, j.included...), limit)
	return err
}

// maxUnpacked is Lambda's limit for the kind of output.
func (p *pipeline) maxUnpacked() int64 {
	if p.opts.Format == pack.FormatImage {
		return lambda.MaxImageUnpacked
	}
	return lambda.MaxUnpacked
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
	pkg, err := pack.New(a.Target, files, p.maxUnpacked())
	if err != nil {
		return err
	}
	j.unpacked = pkg.UnpackedSize()
	if j.findings, err = p.check(ctx, pkg); err != nil {
		return err
	}
	if j.output, err = p.stage(ctx, pkg, j.Function); err != nil {
		return err
	}
	p.report(Event{Function: j.Name, Step: StepPackage, Done: true, Detail: j.output.detail()})
	return nil
}

func (p *pipeline) stage(ctx context.Context, pkg *pack.Package, f Function) (output, error) {
	if p.opts.Format == pack.FormatImage {
		return p.images.stage(ctx, pkg, f)
	}
	return p.stageFile(ctx, pkg, f.Name)
}

// check judges a package as Lambda would treat it. Errors fail the build, the
// rest is the caller's to tell.
func (p *pipeline) check(ctx context.Context, pkg *pack.Package) ([]check.Finding, error) {
	if p.opts.NoCheck {
		return nil, nil
	}
	report, err := check.Package(ctx, pkg, check.Options{MaxUnpacked: p.maxUnpacked()})
	if err != nil {
		return nil, err
	}
	return report.Findings, report.Err()
}

// commit puts the packages in place, and then the manifest. Where one cannot be
// put in place, the manifest says what those before it have become.
func (p *pipeline) commit(ctx context.Context) ([]Result, error) {
	var results []Result
	records := map[string]pack.Record{}
	var failed error
	for _, j := range p.jobs {
		if failed = j.output.commit(ctx); failed != nil {
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
	r := Result{Function: j.Function, Findings: j.findings, Record: pack.Record{
		Architecture: j.Target.Arch.Terraform(),
		Format:       p.opts.Format,
		Handler:      lambda.Bootstrap,
		Libraries:    j.libraries,
		Runtime:      j.Target.Runtime.Name,
		UnpackedSize: j.unpacked,
	}}
	j.output.describe(&r)
	return r
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
		if j.output != nil {
			j.output.discard()
		}
	}
	if p.images != nil {
		p.images.close()
	}
	if p.newDir {
		os.Remove(p.out.dir) // only where it is still empty
	}
	if p.scratch != "" {
		os.RemoveAll(p.scratch)
	}
}
