package pack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// Epoch is the modification time of everything in a package: 1980-01-01 in
// UTC, the earliest that a zip can say.
var Epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// WriteDir writes the package as the directory path: [Package.StageDir] and
// [Staged.Commit] in one.
func (p *Package) WriteDir(ctx context.Context, path string, ours bool) error {
	s, err := p.StageDir(ctx, path, ours)
	if err != nil {
		return err
	}
	return s.Commit()
}

// StageDir writes the package as a directory beside path, with the modes of
// its entries whatever the umask, and every modification time [Epoch]. Commit
// puts it in the place of what was at path. An existing directory is replaced
// only where ours says that an earlier build made it, or where it is empty.
func (p *Package) StageDir(ctx context.Context, path string, ours bool) (*Staged, error) {
	s, err := p.stageDir(ctx, path, ours)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return s, nil
}

func (p *Package) stageDir(ctx context.Context, path string, ours bool) (*Staged, error) {
	if err := replaceable(path, ours); err != nil {
		return nil, err
	}
	path = filepath.Clean(path) // "out/" has the parent ".", not "out"
	parent := filepath.Dir(path)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(path)+".tmp-*")
	if err != nil {
		return nil, err
	}
	discard := func() { os.RemoveAll(tmp) }
	tree := filepath.Join(tmp, "new")
	if err := p.writeTree(ctx, tree); err != nil {
		discard()
		return nil, err
	}
	commit := func() error {
		defer discard()
		if err := swap(tree, path, filepath.Join(tmp, "old")); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
		return nil
	}
	return &Staged{commit: commit, discard: discard}, nil
}

// replaceable refuses to take a directory away that may hold somebody's work.
func replaceable(path string, ours bool) error {
	entries, err := os.ReadDir(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 && !ours {
		return hint.Errorf("remove it, or choose another directory with --output",
			"the directory exists, and no manifest beside it says that lambdapack made it")
	}
	return nil
}

func (p *Package) writeTree(ctx context.Context, root string) error {
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for i := range p.entries {
		e := &p.entries[i]
		path := filepath.Join(root, filepath.FromSlash(e.Name))
		var err error
		if e.IsDir() {
			err = os.Mkdir(path, 0o755)
		} else {
			err = e.writeFile(ctx, path)
		}
		if err != nil {
			return err
		}
	}
	return p.fixTree(root)
}

// fixTree sets modes and times from the leaves to the root, since a child's
// creation changes its directory's time.
func (p *Package) fixTree(root string) error {
	for i := len(p.entries) - 1; i >= -1; i-- {
		path, mode := root, os.FileMode(0o755)
		if i >= 0 {
			path, mode = filepath.Join(root, filepath.FromSlash(p.entries[i].Name)), p.entries[i].Mode.Perm()
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
		if err := os.Chtimes(path, Epoch, Epoch); err != nil {
			return err
		}
	}
	return nil
}

func (e *Entry) writeFile(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = e.copyTo(ctx, f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// swap puts tree at path and what was there at old. Where the second rename
// fails, the first is undone.
func swap(tree, path, old string) error {
	err := os.Rename(path, old)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	existed := err == nil
	if err := os.Rename(tree, path); err != nil {
		if existed {
			os.Rename(old, path)
		}
		return err
	}
	return nil
}
