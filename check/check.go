package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
	"github.com/lambdapack/lambdapack/pack"
)

const (
	bootstrap = lambda.Bootstrap
	taskRoot  = lambda.TaskRoot
)

// Options say what a package is held against. The zero value is useful.
type Options struct {
	// Runtime is what the package will run in. Nil: the package's own, where it
	// has one, else the default of package lambda.
	Runtime *lambda.Runtime
	// Arch is the machine that it will run on. Nil: the package's own, or that of
	// its bootstrap.
	Arch *lambda.Arch
	// Rootfs is a real root file system to judge against, instead of the table of
	// what the runtime has.
	Rootfs *ldd.Sysroot
	// MaxUnpacked is how many bytes the package may have unpacked. 0: what
	// Lambda takes of a zip function.
	MaxUnpacked int64
	// Now is the day for which deprecation is judged. Zero: not at all.
	Now time.Time
}

// Path judges a zip, a directory or a single ELF file. A file counts as a zip
// where it is no ELF file. What is wrong with the package is in the report; an
// error means that there is no package to judge.
func Path(ctx context.Context, path string, opts Options) (*Report, error) {
	report, err := judgePath(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", path, err)
	}
	report.Path = path
	return report, nil
}

func judgePath(ctx context.Context, path string, opts Options) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if info.IsDir() {
		s, err := fromFS(ctx, os.DirFS(path), !hostHasModes, &budget{})
		if err != nil {
			return nil, err
		}
		return verdict(ctx, s, opts)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("neither a file nor a directory")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, withoutPath(err)
	}
	if string(magic[:]) == "\x7fELF" {
		return judgeELF(ctx, f, info, opts)
	}
	b := &budget{}
	s, err := fromZip(ctx, f, info.Size(), b)
	if errors.Is(err, errNotZip) {
		return nil, hint.Wrap(errors.New("neither a zip, a directory nor an ELF file"), "give what lambdapack build printed")
	}
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("reading the zip: %w", err), fixZip)
	}
	return verdict(ctx, s, opts)
}

// withoutPath drops the path of a *fs.PathError, which the caller says.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func judgeELF(ctx context.Context, f *os.File, info fs.FileInfo, opts Options) (*Report, error) {
	file, err := ldd.Inspect(f, info.Size(), info.Name())
	if err != nil {
		return nil, err
	}
	library := !file.Executable() && !file.Static()
	return verdict(ctx, fromFile(f, info.Size(), library, filepath.Base(info.Name())), opts)
}

// FS judges a file system as what lies in /var/task. Symlinks show where fsys
// implements [fs.ReadLinkFS].
func FS(ctx context.Context, fsys fs.FS, opts Options) (*Report, error) {
	s, err := fromFS(ctx, fsys, false, &budget{})
	if err != nil {
		return nil, fmt.Errorf("checking a file system: %w", err)
	}
	return verdict(ctx, s, opts)
}

// Package judges a package before it is written. Its target is what it is held
// against, unless the options say another.
func Package(ctx context.Context, p *pack.Package, opts Options) (*Report, error) {
	s, err := fromPackage(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("checking the package: %w", err)
	}
	target := p.Target()
	if opts.Runtime == nil {
		opts.Runtime = target.Runtime
	}
	if opts.Arch == nil {
		opts.Arch = &target.Arch
	}
	report, err := verdict(ctx, s, opts)
	if err != nil {
		return nil, fmt.Errorf("checking the package: %w", err)
	}
	return report, nil
}
