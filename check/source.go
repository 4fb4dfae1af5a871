package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"

	"github.com/lambdapack/lambdapack/pack"
)

// A source is a package in some form, read.
type source struct {
	form   string
	main   string // the name of what Lambda starts
	items  []*item
	packed int64
	// faults are what the form itself has wrong: names, entries, methods.
	faults []Finding
	// spoiled collects what shows only while contents are read.
	spoiled func() []Finding
}

// fromFS reads any file system. Contents without random access are read whole
// when they are needed, within the budget.
func fromFS(ctx context.Context, fsys fs.FS, noModes bool, b *budget) (*source, error) {
	s := &source{form: "directory", main: bootstrap}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		i := &item{name: name, mode: info.Mode(), noModes: noModes}
		switch {
		case i.mode.IsRegular():
			i.size = info.Size()
			i.content = func() (pack.Content, error) { return openFS(fsys, name, i.size, b) }
			if i.head, err = readHead(i); err != nil && !errors.Is(err, fs.ErrPermission) { // that is a finding, by its mode
				return err
			}
		case i.mode&fs.ModeSymlink != 0:
			if i.target, err = fs.ReadLink(fsys, name); err != nil {
				return err
			}
		case !i.mode.IsDir():
			s.faults = append(s.faults, finding(specialFile, name, fmt.Sprintf("it is neither a file, a directory nor a symlink (%s)", i.mode.Type()), "leave it out: a package holds files only"))
			return nil
		}
		s.items = append(s.items, i)
		return nil
	})
	return s, err
}

func openFS(fsys fs.FS, name string, size int64, b *budget) (pack.Content, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	if c, ok := f.(pack.Content); ok {
		return c, nil
	}
	defer f.Close()
	if err := b.take(size); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, size))
	return inMemory(data), err
}

func readHead(i *item) ([]byte, error) {
	if i.size == 0 {
		return nil, nil
	}
	c, err := i.content()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	head := make([]byte, min(i.size, headSize))
	n, err := c.ReadAt(head, 0)
	if err == io.EOF {
		err = nil
	}
	return head[:n], err
}

// fromPackage reads a package that was not written yet.
func fromPackage(ctx context.Context, p *pack.Package) (*source, error) {
	s := &source{form: "package", main: bootstrap}
	for _, e := range p.Entries() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		i := &item{name: e.Name, mode: e.Mode, size: e.Size}
		if !e.IsDir() {
			i.content = e.Open
			var err error
			if i.head, err = readHead(i); err != nil {
				return nil, err
			}
		}
		s.items = append(s.items, i)
	}
	return s, nil
}

// fromFile makes a package of one ELF file: a program stands in for bootstrap, a
// library stands in lib/.
func fromFile(f *os.File, size int64, library bool, base string) *source {
	name := base
	if library {
		name = "lib/" + base
	}
	i := &item{name: name, mode: 0o755, size: size}
	i.content = func() (pack.Content, error) { return shared{f}, nil }
	i.head, _ = readHead(i)
	return &source{form: "file", main: base, items: []*item{i}}
}

// shared is a file that its owner closes.
type shared struct{ io.ReaderAt }

func (shared) Close() error { return nil }

// hostHasModes is false where the host's files have no permission bits that
// Lambda would see.
const hostHasModes = runtime.GOOS != "windows"
