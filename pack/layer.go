package pack

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
)

// Link is a symbolic link that a layer holds besides a package's entries.
type Link struct {
	// Name is where the link stands: a clean, slash-separated path relative to
	// the image's root.
	Name string
	// Target is where it points to, as symlink(2) has it.
	Target string
}

// Layer is a tar of a package's entries as an image has them, under
// lambda.TaskRoot. Its bytes depend on names and contents alone: sorted by
// name, every parent directory before what it holds, 0755 for directories and
// programs and 0644 for other files, owner and group 0 without names, every
// time [Epoch]; ustar headers, and PAX records only where ustar cannot say a
// name. (OCI Image Format Specification 1.1, "Image Layer Filesystem
// Changeset"; POSIX.1-2017, pax.)
type Layer struct {
	segments []segment
	size     int64
	files    int
}

// Layer returns the layer of the entries that keep accepts, and of links. Of
// directories it holds those that lead to them, whatever keep says.
func (p *Package) Layer(keep func(*Entry) bool, links ...Link) (*Layer, error) {
	members := map[string]tarMember{}
	add := func(name string, m tarMember) {
		m.name = name
		members[name] = m
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			members[dir] = tarMember{name: dir, mode: fs.ModeDir | 0o755}
		}
	}
	for i := range p.entries {
		if e := &p.entries[i]; !e.IsDir() && keep(e) {
			add(path.Join(strings.TrimPrefix(lambda.TaskRoot, "/"), e.Name), tarMember{mode: e.Mode, entry: e})
		}
	}
	for _, l := range links {
		add(l.Name, tarMember{mode: fs.ModeSymlink | 0o777, link: l.Target})
	}
	l := &Layer{}
	for _, m := range sortedMembers(members) {
		if err := l.add(m); err != nil {
			return nil, err
		}
	}
	l.end()
	return l, nil
}

// Empty reports whether the layer holds no file and no link.
func (l *Layer) Empty() bool { return l.files == 0 }

// Size returns the length of the tar in bytes.
func (l *Layer) Size() int64 { return l.size }

// tarMember is one member of the tar.
type tarMember struct {
	name  string
	mode  fs.FileMode
	entry *Entry // of a file
	link  string // target of a symlink
}

// sortedMembers sorts by name, which puts a directory before what it holds.
func sortedMembers(members map[string]tarMember) []tarMember {
	var all []tarMember
	for _, m := range members {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b tarMember) int { return cmp.Compare(a.name, b.name) })
	return all
}
