package ldd

import (
	"debug/elf"
	"io"
)

// A File is what one ELF file says about itself. The fields are read at once;
// the methods read the file again, when they are called, so the file or the
// io.ReaderAt must still be there.
type File struct {
	Name    string // as given to Inspect, or the path in the sysroot
	Machine elf.Machine
	Class   elf.Class
	Data    elf.Data
	Type    elf.Type

	Interp string // PT_INTERP: the dynamic loader; empty where there is none
	Soname string // DT_SONAME; empty where there is none

	Needed      []string // DT_NEEDED, in the file's order, tokens not expanded
	Filters     []string // DT_FILTER: needed too
	Auxiliaries []string // DT_AUXILIARY: loaded where they exist

	RPATH      string // DT_RPATH, raw
	RUNPATH    string // DT_RUNPATH, raw
	HasRUNPATH bool   // a DT_RUNPATH, even an empty one, disables DT_RPATH

	Dynamic  bool // has a dynamic section
	PIE      bool // DF_1_PIE is set
	NoDefLib bool // DF_1_NODEFLIB: no ld.so.cache entries of, and no, default directories

	BuildID string       // the GNU build ID in hexadecimal, if any
	Go      bool         // carries a Go build ID note
	Dlopen  []DlopenNote // what it says it loads with dlopen

	tables dynTables
	open   func() (io.ReaderAt, int64, io.Closer, error)

	virtual *Virtual // stands for a file that is not there
}

// Executable reports whether f is a program rather than a shared library: it is
// ET_EXEC, names an interpreter or is marked as a position-independent
// executable. (glibc's libc.so.6 names an interpreter and counts as both.)
func (f *File) Executable() bool {
	return f.Type == elf.ET_EXEC || f.PIE || (f.Interp != "" && f.Type == elf.ET_DYN)
}

// Static reports whether f needs no dynamic loader and no library: a static
// executable, position-independent or not.
func (f *File) Static() bool {
	return f.Interp == "" && len(f.Needed) == 0 && (!f.Dynamic || f.PIE || f.Type == elf.ET_EXEC)
}

// Inspect reads the headers and the dynamic section of one ELF file of size
// bytes. The name only serves messages. Errors are [*FileError] unless r fails.
func Inspect(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{Name: name}
	f.open = func() (io.ReaderAt, int64, io.Closer, error) { return r, size, nil, nil }
	s := newSource(r, size)
	defer s.release()
	if err := f.parse(s); err != nil {
		return nil, named(name, err)
	}
	return f, nil
}

func (f *File) parse(s *source) error {
	segs, err := parseHeader(s, f)
	if err != nil {
		return err
	}
	loads := 0
	for _, seg := range segs {
		if seg.kind == elf.PT_LOAD {
			loads++
		}
	}
	f.tables.loads = make(addressMap, 0, loads)
	for _, seg := range segs {
		if seg.kind == elf.PT_LOAD {
			f.tables.loads = append(f.tables.loads, seg)
		}
	}
	for _, seg := range segs {
		if err := f.parseSegment(s, seg); err != nil {
			return err
		}
	}
	if err := parseNames(s, f); err != nil {
		return err
	}
	f.HasRUNPATH = f.tables.hasRUNPATH
	f.PIE = f.tables.flags1&flagPIE != 0
	f.NoDefLib = f.tables.flags1&flagNoDefLib != 0
	return nil
}

func (f *File) parseSegment(s *source, seg segment) error {
	switch seg.kind {
	case elf.PT_INTERP:
		if f.Interp != "" || seg.filesz == 0 {
			return nil
		}
		end := seg.offset + seg.filesz
		if end < seg.offset || end > s.size {
			return truncated("PT_INTERP at offset %d with %d bytes ends after the file's %d bytes", seg.offset, seg.filesz, s.size)
		}
		interp, err := s.cString(seg.offset, end, "PT_INTERP")
		f.Interp = interp
		return err
	case elf.PT_DYNAMIC:
		if f.Dynamic || seg.filesz == 0 {
			return nil
		}
		f.Dynamic = true
		return parseDynamic(s, f, seg)
	case elf.PT_NOTE:
		return parseNotes(s, f, seg)
	}
	return nil
}

// with opens the file again for one question about it.
func (f *File) with(ask func(*source) error) error {
	if f.open == nil {
		return nil
	}
	r, size, closer, err := f.open()
	if err != nil {
		return named(f.Name, err)
	}
	if closer != nil {
		defer closer.Close()
	}
	s := newSource(r, size)
	defer s.release()
	s.order = byteOrder(f.Data)
	return named(f.Name, ask(s))
}
