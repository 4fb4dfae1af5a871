package ldd

import "debug/elf"

// symbolCount returns the number of entries of the dynamic symbol table, which
// no program header tells. DT_HASH has it (gABI: nchain). DT_GNU_HASH has it
// where any symbol is defined: one past the end of the chain that begins last.
// Otherwise the table ends where the next one begins.
func symbolCount(s *source, f *File) (uint64, error) {
	t := &f.tables
	if t.hash != 0 && !wideHash(f) {
		off, _, err := t.loads.offset(t.hash, "DT_HASH")
		if err != nil {
			return 0, err
		}
		b, err := s.read(off, 8, "DT_HASH")
		if err != nil {
			return 0, err
		}
		return uint64(s.u32(b[4:])), nil
	}
	if t.gnuHash != 0 {
		count, err := gnuHashCount(s, f)
		if err != nil || count > 0 {
			return count, err
		}
	}
	return t.symbolGap(f.Class)
}

// wideHash reports whether DT_HASH has 64-bit words, as on s390x and alpha.
func wideHash(f *File) bool {
	return f.Class == elf.ELFCLASS64 && (f.Machine == elf.EM_S390 || f.Machine == elf.EM_ALPHA)
}

// gnuHashCount follows the last chain of DT_GNU_HASH. It returns 0 where the
// table holds no symbol and so does not know.
func gnuHashCount(s *source, f *File) (uint64, error) {
	off, _, err := f.tables.loads.offset(f.tables.gnuHash, "DT_GNU_HASH")
	if err != nil {
		return 0, err
	}
	h, err := s.read(off, 16, "DT_GNU_HASH")
	if err != nil {
		return 0, err
	}
	buckets, first, bloom := uint64(s.u32(h)), uint64(s.u32(h[4:])), uint64(s.u32(h[8:]))
	word := uint64(8)
	if f.Class == elf.ELFCLASS32 {
		word = 4
	}
	off += 16 + bloom*word
	table, err := s.read(off, buckets*4, "the buckets of DT_GNU_HASH")
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for i := range buckets {
		last = max(last, uint64(s.u32(table[4*i:])))
	}
	if last == 0 {
		return 0, nil
	}
	if last < first {
		return 0, malformed("DT_GNU_HASH points before its first symbol")
	}
	for off += buckets * 4; ; last++ {
		b, err := s.read(off+(last-first)*4, 4, "a chain of DT_GNU_HASH")
		if err != nil {
			return 0, err
		}
		if s.u32(b)&1 != 0 {
			return last + 1, nil
		}
	}
}

// symbolGap counts the entries that fit between the symbol table and the table
// that follows it. Linkers place .dynstr or .gnu.version directly behind.
func (t *dynTables) symbolGap(c elf.Class) (uint64, error) {
	next := uint64(0)
	for _, a := range append([]uint64{t.strtab, t.versym, t.verneed, t.verdef, t.hash, t.gnuHash}, t.others...) {
		if a > t.symtab && (next == 0 || a < next) {
			next = a
		}
	}
	if next == 0 {
		return 0, nil
	}
	_, rest, err := t.loads.offset(t.symtab, "the dynamic symbol table")
	return min(next-t.symtab, rest) / symbolSize(c), err
}
