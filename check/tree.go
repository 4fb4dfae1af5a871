package check

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lambdapack/lambdapack/pack"
)

// headSize is how much of each file's beginning is read: enough for the ELF
// magic and for a script's first line, which Linux reads up to 256 bytes of.
const headSize = 256

// An item is a file, directory or symlink of the package.
type item struct {
	name    string // slash-separated, relative, clean; "." is the root
	mode    fs.FileMode
	noModes bool // the form says nothing about permissions
	size    int64
	target  string // of a symlink
	head    []byte // the first headSize bytes of a regular file
	content func() (pack.Content, error)
}

func (i *item) elf() bool    { return bytes.HasPrefix(i.head, []byte("\x7fELF")) }
func (i *item) script() bool { return bytes.HasPrefix(i.head, []byte("#!")) }

// A tree is the package as Lambda unpacks it. It is an [fs.FS] with symlinks.
type tree struct {
	items    map[string]*item
	names    []string // sorted
	children map[string][]fs.DirEntry
}

// newTree returns the tree of items; of two with one name it keeps the last, as
// unpacking does. Missing parent directories are added.
func newTree(items []*item) *tree {
	t := &tree{items: map[string]*item{".": {name: ".", mode: fs.ModeDir | 0o755}}, children: map[string][]fs.DirEntry{}}
	for _, i := range items {
		if i.name == "." {
			continue
		}
		t.items[i.name] = i
		for dir := path.Dir(i.name); t.items[dir] == nil || !t.items[dir].mode.IsDir(); dir = path.Dir(dir) {
			if t.items[dir] != nil { // a file with children: what unpacking does is anyone's guess
				break
			}
			t.items[dir] = &item{name: dir, mode: fs.ModeDir | 0o755}
		}
	}
	for name, i := range t.items {
		t.names = append(t.names, name)
		if name != "." {
			t.children[path.Dir(name)] = append(t.children[path.Dir(name)], fs.FileInfoToDirEntry(itemInfo{i}))
		}
	}
	slices.Sort(t.names)
	for _, entries := range t.children {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	}
	return t
}

// regular returns the regular files, sorted by name.
func (t *tree) regular() (files []*item) {
	for _, name := range t.names {
		if i := t.items[name]; i.mode.IsRegular() {
			files = append(files, i)
		}
	}
	return files
}

// resolve follows symlinks inside the package. It returns nil where a link leads
// outside, nowhere or around in circles.
func (t *tree) resolve(name string) *item {
	for range 40 {
		i := t.items[name]
		if i == nil || i.mode&fs.ModeSymlink == 0 {
			return i
		}
		inside, ok := linkInside(i)
		if !ok {
			return nil
		}
		name = inside
	}
	return nil
}

func (t *tree) lookup(op, name string) (*item, error) {
	i, ok := t.items[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return i, nil
}

// Open opens a file; a symlink is not followed, which the sysroot does itself.
func (t *tree) Open(name string) (fs.File, error) {
	i, err := t.lookup("open", name)
	if err != nil {
		return nil, err
	}
	if i.content == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("not a regular file")}
	}
	c, err := i.content()
	if err != nil {
		return nil, err
	}
	return &treeFile{Content: c, SectionReader: io.NewSectionReader(c, 0, i.size), info: itemInfo{i}}, nil
}

// Lstat describes a file or symlink.
func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	i, err := t.lookup("lstat", name)
	if err != nil {
		return nil, err
	}
	return itemInfo{i}, nil
}

// Stat is Lstat: the sysroot resolves symlinks.
func (t *tree) Stat(name string) (fs.FileInfo, error) { return t.Lstat(name) }

// ReadLink returns a symlink's target.
func (t *tree) ReadLink(name string) (string, error) {
	i, err := t.lookup("readlink", name)
	if err == nil && i.mode&fs.ModeSymlink == 0 {
		err = &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return "", err
	}
	return i.target, nil
}

// ReadDir lists a directory.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	if i, err := t.lookup("readdir", name); err != nil || !i.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return t.children[name], nil
}

type treeFile struct {
	pack.Content
	*io.SectionReader
	info itemInfo
}

func (f *treeFile) Stat() (fs.FileInfo, error)              { return f.info, nil }
func (f *treeFile) ReadAt(b []byte, off int64) (int, error) { return f.Content.ReadAt(b, off) }

type itemInfo struct{ i *item }

func (i itemInfo) Name() string       { return path.Base(i.i.name) }
func (i itemInfo) Size() int64        { return i.i.size }
func (i itemInfo) Mode() fs.FileMode  { return i.i.mode }
func (i itemInfo) ModTime() time.Time { return time.Time{} }
func (i itemInfo) IsDir() bool        { return i.i.mode.IsDir() }
func (i itemInfo) Sys() any           { return nil }

// linkInside returns where a symlink points inside the package, by its text
// alone, and false where it leaves the package.
func linkInside(i *item) (string, bool) {
	target := i.target
	if path.IsAbs(target) {
		rest, ok := strings.CutPrefix(path.Clean(target)+"/", taskRoot+"/")
		if !ok {
			return "", false
		}
		return path.Clean("./" + rest), true
	}
	p := path.Join(path.Dir(i.name), target)
	return p, p != ".." && !strings.HasPrefix(p, "../")
}
