// Package pack holds the one value that every output is written from: a
// [Package], an immutable sorted list of entries. The zip, the directory and
// the image layer of a package hold the same files with the same modes in the
// same order, and their bytes depend on names and contents alone: not on the
// host, its umask, time zone, user or number of cores.
package pack

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// Package is what Lambda unpacks to /var/task. It is made by [New] and never
// changes after.
type Package struct {
	target   lambda.Target
	entries  []Entry
	unpacked int64
}

// New returns the package of files for a target. It guarantees of the result:
//   - names are UTF-8, clean, slash-separated, relative and stay inside the
//     root; no two are the same, even where letter case does not count;
//   - every parent directory has an entry, before its children;
//   - a file is 0755 where it is a program by its content (ELF or "#!"), else
//     0644, so that the mode does not depend on the host's file system;
//   - bootstrap stands in the root and is a script or an ELF file of the
//     target's machine;
//   - the content is at most maxUnpacked bytes, one of lambda's limits.
//
// A file that breaks this is an error that names it.
func New(target lambda.Target, files []File, maxUnpacked int64) (*Package, error) {
	p := &Package{target: target}
	for _, f := range files {
		e, err := newEntry(f)
		if err != nil {
			return nil, err
		}
		p.entries = append(p.entries, e)
		p.unpacked += e.Size
	}
	if err := p.addDirs(); err != nil {
		return nil, err
	}
	if err := p.checkBootstrap(); err != nil {
		return nil, err
	}
	return p, p.checkSize(maxUnpacked)
}

// Target returns what the package is for.
func (p *Package) Target() lambda.Target { return p.target }

// Entries returns the entries sorted by name, which puts a directory before
// what it holds. The slice is the caller's.
func (p *Package) Entries() []Entry { return slices.Clone(p.entries) }

// UnpackedSize returns the sum of all contents in bytes.
func (p *Package) UnpackedSize() int64 { return p.unpacked }

func newEntry(f File) (Entry, error) {
	if err := checkName(f.Name); err != nil {
		return Entry{}, err
	}
	e := Entry{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data)), file: f}
	if f.Path != "" {
		info, err := os.Stat(f.Path)
		if err != nil {
			return Entry{}, err
		}
		if !info.Mode().IsRegular() {
			return Entry{}, fmt.Errorf("packaging %s: %s is not a regular file", f.Name, f.Path)
		}
		e.Size = info.Size()
	}
	head, err := e.head(4)
	if err != nil {
		return Entry{}, err
	}
	if isELF(head) || isScript(head) {
		e.Mode = 0o755
	}
	return e, nil
}

func isELF(head []byte) bool    { return bytes.HasPrefix(head, []byte(elf.ELFMAG)) }
func isScript(head []byte) bool { return bytes.HasPrefix(head, []byte("#!")) }

// checkName accepts what unpacks to the same path everywhere.
func checkName(name string) error {
	switch {
	case name == "" || name == ".":
		return fmt.Errorf("packaging: an entry without a name")
	case strings.HasPrefix(name, "/"):
		return fmt.Errorf("packaging %q: the path is absolute; inside a package paths are relative to %s", name, lambda.TaskRoot)
	case strings.ContainsAny(name, "\\\x00"):
		return fmt.Errorf("packaging %q: the name holds a backslash or a zero byte", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("packaging %q: the name is not UTF-8, and zip readers would take it for different names", name)
	case name != path.Clean(name) || name == ".." || strings.HasPrefix(name, "../"):
		return fmt.Errorf("packaging %q: the path is not clean, or leaves the package's root", name)
	case len(name) > 0xffff:
		return fmt.Errorf("packaging %.40q...: the name is longer than a zip can hold", name)
	}
	return nil
}

// addDirs adds the parent directories, sorts, and rejects names that collide.
func (p *Package) addDirs() error {
	seen := map[string]string{} // lower-case name -> the name and source it came from
	files := map[string]*Entry{}
	for i := range p.entries {
		e := &p.entries[i]
		if other, ok := files[e.Name]; ok {
			return fmt.Errorf("packaging %s: two files have this name: %s and %s", e.Name, other.source(), e.source())
		}
		files[e.Name] = e
	}
	for _, e := range slices.Clone(p.entries) {
		for name := e.Name; name != "."; name = path.Dir(name) {
			if name != e.Name {
				if _, ok := files[name]; ok {
					return fmt.Errorf("packaging %s: %s is a file, and cannot be a directory too", e.Name, name)
				}
			}
			folded := strings.ToLower(name)
			other, ok := seen[folded]
			if ok && other != name {
				return hint.Errorf("rename one of them", "packaging %s: its name differs from %s only in letter case, and one would overwrite the other on some systems", name, other)
			}
			seen[folded] = name
			if !ok && name != e.Name {
				p.entries = append(p.entries, Entry{Name: name, Mode: fs.ModeDir | 0o755})
			}
		}
	}
	slices.SortFunc(p.entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// checkBootstrap holds the executable against the target. Bytes 16 to 20 of an
// ELF header are e_type and e_machine, little-endian on Lambda's machines
// (gABI, "ELF Header").
func (p *Package) checkBootstrap() error {
	i := slices.IndexFunc(p.entries, func(e Entry) bool { return e.Name == lambda.Bootstrap })
	if i < 0 {
		return fmt.Errorf("packaging: no file named %s in the package's root", lambda.Bootstrap)
	}
	e := &p.entries[i]
	head, err := e.head(20)
	if err != nil {
		return err
	}
	if isScript(head) {
		return nil
	}
	if !isELF(head) || len(head) < 20 {
		return hint.Errorf("give a Linux executable", "packaging %s: %s is neither an ELF file nor a script", e.Name, e.source())
	}
	machine := elf.Machine(binary.LittleEndian.Uint16(head[18:]))
	if got, ok := lambda.ArchOfMachine(machine); !ok || got != p.target.Arch {
		return hint.Errorf("build it for "+p.target.Arch.String()+", or choose its own machine with --arch",
			"packaging %s: %s is for %s, and the target is %s", e.Name, e.source(), machineName(machine), p.target.Arch)
	}
	return nil
}

func machineName(m elf.Machine) string {
	if a, ok := lambda.ArchOfMachine(m); ok {
		return a.String()
	}
	return m.String()
}

func (p *Package) checkSize(limit int64) error {
	if p.unpacked <= limit {
		return nil
	}
	largest := slices.MaxFunc(p.entries, func(a, b Entry) int { return cmp.Compare(a.Size, b.Size) })
	return hint.Errorf("leave files out, or build an image, which may have 10 GB",
		"packaging: %d bytes unpacked are over Lambda's limit of %d; the largest file is %s with %d", p.unpacked, limit, largest.Name, largest.Size)
}
