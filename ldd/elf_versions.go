package ldd

// A VersionNeed is what a file needs of one library: the symbol versions that
// the library must define (DT_VERNEED; "Symbol Versioning" in the LSB).
type VersionNeed struct {
	File     string // the DT_NEEDED name that the versions are expected from
	Versions []VersionRef
}

// A VersionRef is one needed version.
type VersionRef struct {
	Name  string
	Weak  bool   // the loader only warns where it is missing
	index uint16 // what DT_VERSYM calls it
}

// A VersionDef is one version that a library defines (DT_VERDEF).
type VersionDef struct {
	Name  string
	Base  bool // names the file itself rather than a version
	index uint16
}

const (
	verFlagBase = 1 // VER_FLG_BASE
	verFlagWeak = 2 // VER_FLG_WEAK
	// maxVersions bounds the records of one table; glibc's libc.so.6 has about 50.
	maxVersions = 1 << 16
)

// VersionNeeds returns the versions that the file needs, in the file's order.
func (f *File) VersionNeeds() (needs []VersionNeed, err error) {
	if f.tables.verneed == 0 {
		return nil, nil
	}
	err = f.with(func(s *source) error {
		needs, err = readNeeds(s, &f.tables)
		return err
	})
	return needs, err
}

// VersionDefs returns the versions that the file defines, in the file's order,
// the base one included.
func (f *File) VersionDefs() (defs []VersionDef, err error) {
	if f.virtual != nil {
		for _, v := range f.virtual.Defines {
			defs = append(defs, VersionDef{Name: v})
		}
		return defs, nil
	}
	if f.tables.verdef == 0 {
		return nil, nil
	}
	err = f.with(func(s *source) error {
		defs, err = readDefs(s, &f.tables)
		return err
	})
	return defs, err
}

func readNeeds(s *source, t *dynTables) ([]VersionNeed, error) {
	off, _, err := t.loads.offset(t.verneed, "DT_VERNEED")
	if err != nil {
		return nil, err
	}
	var needs []VersionNeed
	records := 0
	for i := uint64(0); t.verneednum == 0 || i < t.verneednum; i++ {
		if records++; records > maxVersions {
			return nil, malformed("more than %d needed versions", maxVersions)
		}
		b, err := s.read(off, 16, "a needed version")
		if err != nil {
			return nil, err
		}
		count, name := s.u16(b[2:]), uint64(s.u32(b[4:]))
		aux, next := off+uint64(s.u32(b[8:])), uint64(s.u32(b[12:]))
		need := VersionNeed{}
		if need.File, err = t.name(s, name, "a needed version's file"); err != nil {
			return nil, err
		}
		for range count {
			if records++; records > maxVersions {
				return nil, malformed("more than %d needed versions", maxVersions)
			}
			b, err := s.read(aux, 16, "a needed version")
			if err != nil {
				return nil, err
			}
			ref := VersionRef{Weak: s.u16(b[4:])&verFlagWeak != 0, index: s.u16(b[6:]) &^ versymHidden}
			if ref.Name, err = t.name(s, uint64(s.u32(b[8:])), "a needed version's name"); err != nil {
				return nil, err
			}
			need.Versions = append(need.Versions, ref)
			step := uint64(s.u32(b[12:]))
			if step == 0 {
				break
			}
			aux += step
		}
		needs = append(needs, need)
		if next == 0 {
			break
		}
		off += next
	}
	return needs, nil
}

func readDefs(s *source, t *dynTables) ([]VersionDef, error) {
	off, _, err := t.loads.offset(t.verdef, "DT_VERDEF")
	if err != nil {
		return nil, err
	}
	var defs []VersionDef
	for i := uint64(0); t.verdefnum == 0 || i < t.verdefnum; i++ {
		if i == maxVersions {
			return nil, malformed("more than %d defined versions", maxVersions)
		}
		b, err := s.read(off, 20, "a defined version")
		if err != nil {
			return nil, err
		}
		flags, index, next := s.u16(b[2:]), s.u16(b[4:]), uint64(s.u32(b[16:]))
		aux, err := s.read(off+uint64(s.u32(b[12:])), 8, "a defined version's name")
		if err != nil {
			return nil, err
		}
		def := VersionDef{Base: flags&verFlagBase != 0, index: index &^ versymHidden}
		if def.Name, err = t.name(s, uint64(s.u32(aux)), "a defined version's name"); err != nil {
			return nil, err
		}
		defs = append(defs, def)
		if next == 0 {
			break
		}
		off += next
	}
	return defs, nil
}

// name returns the string at n of the dynamic string table.
func (t *dynTables) name(s *source, n uint64, what string) (string, error) {
	start, end, err := t.strings()
	if err != nil {
		return "", err
	}
	if n >= end-start {
		return "", malformed("%s lies outside the dynamic string table", what)
	}
	return s.cString(start+n, end, what)
}
