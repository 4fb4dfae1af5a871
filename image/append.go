package image

import (
	"context"
	"debug/elf"
	"fmt"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// Options says what an image says of itself. The zero value works.
type Options struct {
	// Handler is the only argument of the base's entrypoint, which makes it
	// _HANDLER. Empty: "bootstrap".
	Handler string
	// Entrypoint makes the image start the executable itself and not the
	// base's entrypoint, which goes without the emulator. Scratch always does.
	Entrypoint bool
	// Created is the image's time; the zero value means the Unix epoch.
	Created time.Time
	// Source and Revision are where the source code is, as a URL, and which
	// state of it this is. Empty ones are left out.
	Source, Revision string
	// SnapStart sets the label by which Lambda allows SnapStart.
	SnapStart bool
}

// runtimeBootstrap is where the entrypoint of AWS's base images, and the
// emulator in them, look for the executable. It is a symlink: the executable
// stays in one layer once, and $ORIGIN is the directory of the file itself
// (ld.so(8)), so that its libraries are found beside it.
var runtimeBootstrap = pack.Link{Name: "var/runtime/bootstrap", Target: "../task/bootstrap"}

// Append returns the image of a package on a base: a layer of all but the
// executable, where there is such, and a layer of the executable, so that a
// change of the code moves only the latter.
func (c *Client) Append(ctx context.Context, base *Base, p *pack.Package, opts Options) (*Image, error) {
	img, err := c.append(ctx, base, p, opts)
	if err != nil {
		return nil, noSpace(fmt.Errorf("making an image on %s: %w", base.given, err))
	}
	return img, nil
}

func (c *Client) append(ctx context.Context, base *Base, p *pack.Package, opts Options) (*Image, error) {
	if p.Target().Arch != base.arch {
		return nil, fmt.Errorf("the package is for %s and the base for %s", p.Target().Arch, base.arch)
	}
	opts.Entrypoint = opts.Entrypoint || base.isScratch()
	if opts.Handler == "" {
		opts.Handler = lambda.Bootstrap
	}
	if err := startable(base, p, opts); err != nil {
		return nil, err
	}
	added, err := c.packageLayers(ctx, base, p, opts)
	if err != nil {
		return nil, err
	}
	return assemble(base, added, opts)
}

// startable refuses an image whose start would fail.
func startable(base *Base, p *pack.Package, opts Options) error {
	if !opts.Entrypoint && len(base.config.Config.Entrypoint) == 0 {
		return hint.Errorf("start the executable itself with --entrypoint", "the base has no entrypoint that would start /%s", runtimeBootstrap.Name)
	}
	if !base.isScratch() {
		return nil
	}
	for _, e := range p.Entries() {
		if e.Name == lambda.Bootstrap {
			return static(&e)
		}
	}
	return nil
}

// static reports an executable that needs something which an empty base lacks:
// an interpreter, of a script or of ELF.
func static(e *pack.Entry) error {
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	f, err := elf.NewFile(content)
	if err != nil {
		return hint.Errorf("name a base that can run it", "%s is no static executable: %w", e.Name, err)
	}
	for _, prog := range f.Progs {
		if prog.Type == elf.PT_INTERP {
			return hint.Errorf("link it statically, for Go with CGO_ENABLED=0, or name a base", "%s needs a dynamic loader, and an empty base has none", e.Name)
		}
	}
	return nil
}

// addedLayer is a layer of ours with its line of history.
type addedLayer struct {
	blob
	createdBy string
}

func (c *Client) packageLayers(ctx context.Context, base *Base, p *pack.Package, opts Options) ([]addedLayer, error) {
	isBootstrap := func(e *pack.Entry) bool { return e.Name == lambda.Bootstrap }
	isOther := func(e *pack.Entry) bool { return !isBootstrap(e) }
	var links []pack.Link
	if !opts.Entrypoint {
		links = append(links, runtimeBootstrap)
	}
	var all []addedLayer
	for _, part := range []struct {
		keep      func(*pack.Entry) bool
		links     []pack.Link
		createdBy string
	}{
		{isOther, nil, "lambdapack: libraries and included files"},
		{isBootstrap, links, "lambdapack: executable"},
	} {
		l, err := p.Layer(part.keep, part.links...)
		if err != nil {
			return nil, err
		}
		if l.Empty() {
			continue
		}
		b, err := c.packLayer(ctx, l, base.layerType())
		if err != nil {
			return nil, err
		}
		all = append(all, addedLayer{b, part.createdBy})
	}
	return all, nil
}
