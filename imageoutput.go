package lambdapack

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/lambdapack/lambdapack/build"
	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

// ImageOptions says what images stand on, what they say of themselves and
// where they go. In the places where they go {name} stands for the function's
// name, which several functions need to be told apart.
type ImageOptions struct {
	// Base is a reference, "oci:DIR", a tarball or "scratch". Empty: the base
	// image of the runtime.
	Base string
	// Push are repositories as REPOSITORY[:TAG], Layouts directories,
	// Tarballs files.
	Push, Layouts, Tarballs []string
	// Local loads the image into the container engine of this machine; Engine
	// is docker or podman, or empty: what there is.
	Local  bool
	Engine string
	// Tag names the image in layouts, tarballs and engines.
	Tag string
	// Insecure are registries, as host:port, to talk to in plain HTTP.
	Insecure []string
	// Offline forbids requests to registries.
	Offline bool
	// Entrypoint starts the executable itself and not the base's entrypoint.
	Entrypoint bool
	// SnapStart sets the label by which Lambda allows SnapStart.
	SnapStart bool
	// Source and Revision are where the source code is and which state of it
	// this is.
	Source, Revision string
	// Created is the image's time; the zero value means the Unix epoch.
	Created time.Time
}

// name is what stands for a function's name where images go.
const name = "{name}"

// images makes the images of a run.
type images struct {
	client *image.Client
	opts   ImageOptions
	dir    string
	cache  string
}

// newImages sees whether the options can be meant. It asks no registry yet.
func newImages(p *pipeline, functions []Function) (*images, error) {
	o := p.opts.Image
	if len(o.Push)+len(o.Layouts)+len(o.Tarballs) == 0 && !o.Local {
		return nil, hint.Errorf("say so with --push, --oci-layout, --tarball or --local, any number of them", "the format is image, and nothing says where it goes")
	}
	if len(functions) > 1 {
		for _, to := range append(append([]string{}, o.Push...), o.Tarballs...) {
			if !strings.Contains(to, name) {
				return nil, hint.Errorf("write "+name+" where the function's name belongs", "%s is one place, and there are %d functions", to, len(functions))
			}
		}
	}
	x := &images{opts: o, dir: p.opts.Dir}
	if p.opts.Cache != "" {
		x.cache = filepath.Join(p.opts.Cache, "images")
	}
	x.client = image.NewClient(image.ClientOptions{
		Cache: x.cache, Offline: o.Offline, Insecure: o.Insecure, UserAgent: "lambdapack", Pool: p.pool,
		Runner: runEngine(p.opts.Runner), Progress: p.transferred,
	})
	return x, nil
}

func (x *images) close() { x.client.Close() }

// runEngine runs container engines as every other program is run.
func runEngine(r build.Runner) image.Runner {
	return func(ctx context.Context, argv []string, output io.Writer) error {
		return r.Run(ctx, build.Command{Argv: argv, Stdout: output, Stderr: output})
	}
}

// transferred reports how far all transfers together have come.
func (p *pipeline) transferred(t image.Transfer) {
	step := StepUpload
	if t.Direction == image.Download {
		step = StepDownload
	}
	p.report(Event{Function: "images", Step: step, Detail: fmt.Sprintf("%s of %s", megabytes(t.Done), megabytes(t.Total))})
}

// sinks is where the image of a function goes.
func (x *images) sinks(f Function) image.Sinks {
	o := x.opts
	expand := func(s string) string { return strings.ReplaceAll(s, name, f.Name) }
	var to image.Sinks
	for _, ref := range o.Push {
		to.Push = append(to.Push, expand(ref))
	}
	for _, dir := range o.Layouts {
		named := expand(o.Tag)
		if named == "" {
			named = f.Name
		}
		to.Layouts = append(to.Layouts, image.Layout{Dir: inDir(x.dir, expand(dir)), Name: named})
	}
	for _, path := range o.Tarballs {
		to.Tarballs = append(to.Tarballs, image.Tarball{Path: inDir(x.dir, expand(path)), Tag: expand(o.Tag)})
	}
	if o.Local {
		to.Local = append(to.Local, image.Local{Tag: expand(o.Tag), Engine: o.Engine})
	}
	return to
}

// stage makes the image and brings its contents to where it goes.
func (x *images) stage(ctx context.Context, pkg *pack.Package, f Function) (output, error) {
	base, err := x.client.Base(ctx, x.opts.Base, f.Target)
	if err != nil {
		return nil, err
	}
	img, err := x.client.Append(ctx, base, pkg, image.Options{
		Entrypoint: x.opts.Entrypoint, Created: x.opts.Created, Source: x.opts.Source,
		Revision: x.opts.Revision, SnapStart: x.opts.SnapStart,
	})
	if err != nil {
		return nil, err
	}
	staged, err := x.client.Stage(ctx, img, x.sinks(f))
	if err != nil {
		return nil, err
	}
	return &imageOutput{Staged: staged}, nil
}

// imageOutput is an image at all of its sinks.
type imageOutput struct {
	*image.Staged
	references []image.Reference
}

func (o *imageOutput) commit(ctx context.Context) (err error) {
	o.references, err = o.Commit(ctx)
	return err
}

func (o *imageOutput) discard() { o.Discard() }

func (o *imageOutput) detail() string { return megabytes(o.Image.Size) }

// describe names the image by its first place: a registry, where there is one.
func (o *imageOutput) describe(r *Result) {
	r.Path = o.references[0].Name
	r.Record.Reference, r.Record.Digest, r.Record.Size = r.Path, o.Image.Digest, o.Image.Size
	r.Record.BaseReference, r.Record.BaseDigest = o.Image.Base.Name, o.Image.Base.Digest
}
