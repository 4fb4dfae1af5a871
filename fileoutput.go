package lambdapack

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/lambdapack/lambdapack/pack"
)

// fileOutput is a zip or a directory.
type fileOutput struct {
	*pack.Staged
	path, shown string
	format      pack.Format
	unpacked    int64
}

// stageFile writes a package beside its destination.
func (p *pipeline) stageFile(ctx context.Context, pkg *pack.Package, name string) (output, error) {
	path := p.out.path(name, p.opts.Format)
	o := &fileOutput{path: path, shown: p.out.shown(path), format: p.opts.Format, unpacked: pkg.UnpackedSize()}
	var err error
	if o.format == pack.FormatDir {
		was, ours := p.earlier.Functions[name]
		o.Staged, err = pkg.StageDir(ctx, path, ours && was.Format == pack.FormatDir && was.Path == filepath.Base(path))
	} else {
		zip := pack.ZipOptions{Pool: p.pool}
		if p.opts.Cache != "" {
			zip.Memos = filepath.Join(p.opts.Cache, "zip")
		}
		o.Staged, err = pkg.StageZip(ctx, path, zip)
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

func (o *fileOutput) commit(context.Context) error { return o.Commit() }

func (o *fileOutput) discard() { o.Discard() }

func (o *fileOutput) detail() string {
	size := o.Size
	if o.format == pack.FormatDir {
		size = o.unpacked
	}
	detail := megabytes(size)
	if o.Unchanged {
		detail += ", unchanged"
	}
	return detail
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func (o *fileOutput) describe(r *Result) {
	r.Path, r.Written = o.shown, o.Written
	r.Record.Path = filepath.Base(o.path)
	if o.format == pack.FormatZip {
		r.Record.SHA256, r.Record.SourceCodeHash, r.Record.Size = o.Hex(), o.Base64(), o.Size
	}
}
