package ldd

import (
	"debug/elf"
)

// maxDynamic bounds the dynamic section: real ones have about 30 entries and
// one more for each library.
const maxDynamic = 1 << 16

// maxNeeded bounds DT_NEEDED. The greatest programs of a distribution have a few
// hundred.
const maxNeeded = 4096

// Flags of DT_FLAGS_1 (Solaris and glibc; the gABI leaves them to the OS).
const (
	flagNoDefLib = 0x00000800 // DF_1_NODEFLIB
	flagPIE      = 0x08000000 // DF_1_PIE
)

// Tags of shared objects that stand in for others (Solaris linker guide; glibc
// honours both).
const (
	tagAuxiliary = 0x7ffffffd // DT_AUXILIARY
	tagFilter    = 0x7fffffff // DT_FILTER
)

// dynTables are the addresses and sizes that the dynamic section gives, kept
// for the questions that are answered later.
type dynTables struct {
	loads                           addressMap
	strtab, strsz                   uint64
	symtab, syment                  uint64
	hash, gnuHash                   uint64
	versym                          uint64
	verneed, verneednum             uint64
	verdef, verdefnum               uint64
	needed, filter, auxiliary       []uint64
	soname, rpath, runpath          uint64
	hasSoname, hasRPATH, hasRUNPATH bool
	flags, flags1                   uint64
	notes                           uint64   // bytes of PT_NOTE seen
	others                          []uint64 // addresses of further tables
}

// parseDynamic reads the entries of PT_DYNAMIC up to DT_NULL.
func parseDynamic(s *source, f *File, seg segment) error {
	f.tables.needed, f.tables.others = make([]uint64, 0, 8), make([]uint64, 0, 8)
	size := uint64(16)
	if f.Class == elf.ELFCLASS32 {
		size = 8
	}
	count := seg.filesz / size
	for i := range count {
		if i == maxDynamic {
			return malformed("more than %d dynamic entries", maxDynamic)
		}
		b, err := s.read(seg.offset+i*size, size, "the dynamic section")
		if err != nil {
			return err
		}
		var tag, val uint64
		if size == 16 {
			tag, val = s.u64(b), s.u64(b[8:])
		} else {
			tag, val = uint64(s.u32(b)), uint64(s.u32(b[4:]))
		}
		if elf.DynTag(tag) == elf.DT_NULL {
			return nil
		}
		f.tables.set(tag, val)
		if n := len(f.tables.needed) + len(f.tables.filter) + len(f.tables.auxiliary); n > maxNeeded {
			return malformed("more than %d needed libraries", maxNeeded)
		}
	}
	return nil
}

func (t *dynTables) set(tag, val uint64) {
	switch tag {
	case uint64(elf.DT_NEEDED):
		t.needed = append(t.needed, val)
	case tagFilter:
		t.filter = append(t.filter, val)
	case tagAuxiliary:
		t.auxiliary = append(t.auxiliary, val)
	case uint64(elf.DT_SONAME):
		t.soname, t.hasSoname = val, true
	case uint64(elf.DT_RPATH):
		t.rpath, t.hasRPATH = val, true
	case uint64(elf.DT_RUNPATH):
		t.runpath, t.hasRUNPATH = val, true
	case uint64(elf.DT_STRTAB):
		t.strtab = val
	case uint64(elf.DT_STRSZ):
		t.strsz = val
	case uint64(elf.DT_SYMTAB):
		t.symtab = val
	case uint64(elf.DT_SYMENT):
		t.syment = val
	case uint64(elf.DT_HASH):
		t.hash = val
	case uint64(elf.DT_GNU_HASH):
		t.gnuHash = val
	case uint64(elf.DT_VERSYM):
		t.versym = val
	case uint64(elf.DT_VERNEED):
		t.verneed = val
	case uint64(elf.DT_VERNEEDNUM):
		t.verneednum = val
	case uint64(elf.DT_VERDEF):
		t.verdef = val
	case uint64(elf.DT_VERDEFNUM):
		t.verdefnum = val
	case uint64(elf.DT_FLAGS):
		t.flags = val
	case uint64(elf.DT_FLAGS_1):
		t.flags1 = val
	case uint64(elf.DT_REL), uint64(elf.DT_RELA), uint64(elf.DT_JMPREL), uint64(elf.DT_INIT),
		uint64(elf.DT_FINI), uint64(elf.DT_INIT_ARRAY), uint64(elf.DT_FINI_ARRAY):
		t.others = append(t.others, val)
	}
}

// strings returns the file offsets between which the dynamic string table lies.
func (t *dynTables) strings() (off, end uint64, err error) {
	off, rest, err := t.loads.offset(t.strtab, "the dynamic string table")
	if err != nil {
		return 0, 0, err
	}
	return off, off + min(rest, t.strsz), nil
}

// parseNames resolves the strings of the dynamic section.
func parseNames(s *source, f *File) error {
	t := &f.tables
	if len(t.needed)+len(t.filter)+len(t.auxiliary) == 0 && !t.hasSoname && !t.hasRPATH && !t.hasRUNPATH {
		return nil
	}
	start, end, err := t.strings()
	if err != nil {
		return err
	}
	str := func(n uint64, what string) string {
		if err != nil {
			return ""
		}
		if n >= end-start {
			err = malformed("%s lies outside the dynamic string table", what)
			return ""
		}
		var v string
		v, err = s.cString(start+n, end, what)
		return v
	}
	list := func(ns []uint64, what string) []string {
		if len(ns) == 0 {
			return nil
		}
		names := make([]string, 0, len(ns))
		for _, n := range ns {
			names = append(names, str(n, what))
		}
		return names
	}
	f.Needed = list(t.needed, "a DT_NEEDED name")
	f.Filters = list(t.filter, "a DT_FILTER name")
	f.Auxiliaries = list(t.auxiliary, "a DT_AUXILIARY name")
	if t.hasSoname {
		f.Soname = str(t.soname, "DT_SONAME")
	}
	if t.hasRPATH {
		f.RPATH = str(t.rpath, "DT_RPATH")
	}
	if t.hasRUNPATH {
		f.RUNPATH = str(t.runpath, "DT_RUNPATH")
	}
	return err
}
