package ldd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// A segment is one program header.
type segment struct {
	kind                        elf.ProgType
	flags                       elf.ProgFlag
	offset, vaddr, filesz, size uint64
}

// maxSegments is far above what linkers write (about 15), and keeps a hostile
// header from costing more than a few pages.
const maxSegments = 4096

// parseHeader reads the ELF header and the program headers into f and returns
// the segments. Layout: gABI chapters "ELF Header" and "Program Header".
func parseHeader(s *source, f *File) ([]segment, error) {
	if err := checkMagic(s); err != nil {
		return nil, err
	}
	ident, err := s.read(0, elf.EI_NIDENT, "the ELF identification")
	if err != nil {
		return nil, err
	}
	f.Class, f.Data = elf.Class(ident[elf.EI_CLASS]), elf.Data(ident[elf.EI_DATA])
	if s.order = byteOrder(f.Data); s.order == nil {
		return nil, malformed("unknown byte order %d", ident[elf.EI_DATA])
	}
	if v := ident[elf.EI_VERSION]; v != byte(elf.EV_CURRENT) {
		return nil, malformed("unknown ELF version %d", v)
	}
	switch f.Class {
	case elf.ELFCLASS32:
		return parseHeader32(s, f)
	case elf.ELFCLASS64:
		return parseHeader64(s, f)
	}
	return nil, malformed("unknown class %d", ident[elf.EI_CLASS])
}

// byteOrder returns nil where ELF knows no such order.
func byteOrder(d elf.Data) binary.ByteOrder {
	switch d {
	case elf.ELFDATA2LSB:
		return binary.LittleEndian
	case elf.ELFDATA2MSB:
		return binary.BigEndian
	}
	return nil
}

// checkMagic tells ELF files from others, and says how a file begins that is
// something else.
func checkMagic(s *source) error {
	head, err := s.read(0, min(s.size, 40), "the beginning")
	if err != nil {
		return err
	}
	if len(head) >= 4 && string(head[:4]) == elf.ELFMAG {
		return nil
	}
	detail := "it is empty"
	if len(head) > 0 {
		head, _, _ = bytes.Cut(head, []byte("\n"))
		detail = fmt.Sprintf("it begins with %q", head)
	}
	return &formatError{ErrNotELF, detail}
}

func parseHeader64(s *source, f *File) ([]segment, error) {
	h, err := s.read(0, 64, "the ELF header")
	if err != nil {
		return nil, err
	}
	f.Type, f.Machine = elf.Type(s.u16(h[16:])), elf.Machine(s.u16(h[18:]))
	count, table, err := programHeaders(s, s.u64(h[32:]), uint64(s.u16(h[54:])), uint64(s.u16(h[56:])), 56)
	if err != nil {
		return nil, err
	}
	segs := make([]segment, count)
	for i := range segs {
		p := table[i*56:]
		segs[i] = segment{
			kind: elf.ProgType(s.u32(p)), flags: elf.ProgFlag(s.u32(p[4:])), offset: s.u64(p[8:]), vaddr: s.u64(p[16:]),
			filesz: s.u64(p[32:]), size: s.u64(p[40:]),
		}
	}
	return segs, nil
}

func parseHeader32(s *source, f *File) ([]segment, error) {
	h, err := s.read(0, 52, "the ELF header")
	if err != nil {
		return nil, err
	}
	f.Type, f.Machine = elf.Type(s.u16(h[16:])), elf.Machine(s.u16(h[18:]))
	count, table, err := programHeaders(s, uint64(s.u32(h[28:])), uint64(s.u16(h[42:])), uint64(s.u16(h[44:])), 32)
	if err != nil {
		return nil, err
	}
	segs := make([]segment, count)
	for i := range segs {
		p := table[i*32:]
		segs[i] = segment{
			kind: elf.ProgType(s.u32(p)), offset: uint64(s.u32(p[4:])), vaddr: uint64(s.u32(p[8:])),
			filesz: uint64(s.u32(p[16:])), size: uint64(s.u32(p[20:])), flags: elf.ProgFlag(s.u32(p[24:])),
		}
	}
	return segs, nil
}

// programHeaders returns how many program headers there are, and their bytes.
func programHeaders(s *source, off, entsize, count, want uint64) (uint64, []byte, error) {
	if count == 0 {
		return 0, nil, nil
	}
	if entsize != want {
		return 0, nil, malformed("program headers of %d bytes instead of %d", entsize, want)
	}
	if count > maxSegments {
		return 0, nil, malformed("%d program headers", count)
	}
	table, err := s.read(off, count*want, "the program header table")
	return count, table, err
}

// An addressMap finds file offsets of addresses through PT_LOAD segments.
type addressMap []segment

// offset returns the file offset of addr and how many bytes follow it in its
// segment's file image.
func (m addressMap) offset(addr uint64, what string) (off, rest uint64, err error) {
	for _, seg := range m {
		if addr >= seg.vaddr && addr-seg.vaddr < seg.filesz {
			d := addr - seg.vaddr
			if off = seg.offset + d; off < seg.offset {
				break
			}
			return off, seg.filesz - d, nil
		}
	}
	return 0, 0, malformed("%s at address %#x is in no loaded segment", what, addr)
}
