package ldd

import (
	"debug/elf"
	"strings"
)

// A Symbol is one entry of the dynamic symbol table.
type Symbol struct {
	Name    string
	Version string // empty where the symbol has none
	File    string // undefined symbols: the DT_NEEDED name that the version is expected from
	Weak    bool
	Hidden  bool // defined symbols: not the default version of the name
	Type    elf.SymType

	versionIndex uint16
}

const (
	versymHidden = 0x8000
	versymLocal  = 0 // VER_NDX_LOCAL
	versymGlobal = 1 // VER_NDX_GLOBAL: no version
	bindUnique   = 10
)

// UndefinedSymbols returns the symbols that other objects must define, in the
// file's order.
func (f *File) UndefinedSymbols() ([]Symbol, error) { return f.symbols(false) }

// DefinedSymbols returns the symbols that other objects can bind to, in the
// file's order.
func (f *File) DefinedSymbols() ([]Symbol, error) { return f.symbols(true) }

// SymbolNeeding returns the name of one undefined symbol that needs the version
// of the library with that DT_NEEDED name, a strong one if there is any. It is
// empty where no symbol does.
func (f *File) SymbolNeeding(file, version string) (string, error) {
	syms, err := f.UndefinedSymbols()
	if err != nil {
		return "", err
	}
	weak := ""
	for _, sym := range syms {
		if sym.File != file || sym.Version != version {
			continue
		}
		if !sym.Weak {
			return sym.Name, nil
		}
		if weak == "" {
			weak = sym.Name
		}
	}
	return weak, nil
}

// symbols reads either half of the dynamic symbol table.
func (f *File) symbols(defined bool) (syms []Symbol, err error) {
	t := &f.tables
	if t.symtab == 0 || t.strtab == 0 {
		return nil, nil
	}
	err = f.with(func(s *source) error {
		count, err := symbolCount(s, f)
		if err != nil || count == 0 {
			return err
		}
		if syms, err = readSymbols(s, f, count, defined); err != nil {
			return err
		}
		return nameVersions(s, t, syms, defined)
	})
	if err != nil {
		return nil, err
	}
	return syms, nil
}

func readSymbols(s *source, f *File, count uint64, defined bool) ([]Symbol, error) {
	t := &f.tables
	start, end, err := t.strings()
	if err != nil {
		return nil, err
	}
	raw, err := s.read(start, end-start, "the dynamic string table")
	if err != nil {
		return nil, err
	}
	names := string(raw) // every Symbol's name shares this one copy
	table, _, err := t.loads.offset(t.symtab, "the dynamic symbol table")
	if err != nil {
		return nil, err
	}
	size := symbolSize(f.Class)
	if count > s.size/size {
		return nil, truncated("a dynamic symbol table of %d entries in %d bytes", count, s.size)
	}
	b, err := s.read(table, count*size, "the dynamic symbol table")
	if err != nil {
		return nil, err
	}
	versions, err := readVersym(s, t, count)
	if err != nil {
		return nil, err
	}
	var syms []Symbol
	for i := uint64(1); i < count; i++ {
		name, info, other, shndx := symbolFields(s, f.Class, b[i*size:])
		bind := info >> 4
		if (shndx != 0) != defined || bind == byte(elf.STB_LOCAL) || name == 0 {
			continue
		}
		if vis := elf.SymVis(other & 3); defined && (vis == elf.STV_HIDDEN || vis == elf.STV_INTERNAL) {
			continue
		}
		if uint64(name) >= uint64(len(names)) {
			return nil, malformed("the name of symbol %d lies outside the dynamic string table", i)
		}
		text, _, ok := strings.Cut(names[name:], "\x00")
		if !ok {
			return nil, malformed("the name of symbol %d does not end inside the dynamic string table", i)
		}
		sym := Symbol{Name: text, Weak: bind == byte(elf.STB_WEAK), Type: elf.SymType(info & 15)}
		if versions != nil {
			v := s.u16(versions[2*i:])
			sym.versionIndex, sym.Hidden = v&^versymHidden, v&versymHidden != 0
			if defined && sym.versionIndex == versymLocal {
				continue
			}
		}
		syms = append(syms, sym)
	}
	return syms, nil
}

func symbolSize(c elf.Class) uint64 {
	if c == elf.ELFCLASS32 {
		return 16
	}
	return 24
}

func symbolFields(s *source, c elf.Class, b []byte) (name uint32, info, other byte, shndx uint16) {
	if c == elf.ELFCLASS32 {
		return s.u32(b), b[12], b[13], s.u16(b[14:])
	}
	return s.u32(b), b[4], b[5], s.u16(b[6:])
}

func readVersym(s *source, t *dynTables, count uint64) ([]byte, error) {
	if t.versym == 0 {
		return nil, nil
	}
	off, _, err := t.loads.offset(t.versym, "DT_VERSYM")
	if err != nil {
		return nil, err
	}
	return s.read(off, 2*count, "DT_VERSYM")
}

// nameVersions turns the version indexes of syms into names.
func nameVersions(s *source, t *dynTables, syms []Symbol, defined bool) error {
	if t.versym == 0 {
		return nil
	}
	type version struct{ name, file string }
	byIndex := map[uint16]version{}
	if defined && t.verdef != 0 {
		defs, err := readDefs(s, t)
		if err != nil {
			return err
		}
		for _, d := range defs {
			if !d.Base {
				byIndex[d.index] = version{name: d.Name}
			}
		}
	}
	if !defined && t.verneed != 0 {
		needs, err := readNeeds(s, t)
		if err != nil {
			return err
		}
		for _, n := range needs {
			for _, v := range n.Versions {
				byIndex[v.index] = version{v.Name, n.File}
			}
		}
	}
	for i := range syms {
		if syms[i].versionIndex > versymGlobal {
			v := byIndex[syms[i].versionIndex]
			syms[i].Version, syms[i].File = v.name, v.file
		}
	}
	return nil
}
