package ldd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// inspect reads an ELF file from memory and asks everything of it.
func inspectAll(b []byte) (*File, error) {
	f, err := Inspect(bytes.NewReader(b), int64(len(b)), "x")
	if err != nil {
		return nil, err
	}
	_, e1 := f.VersionNeeds()
	_, e2 := f.VersionDefs()
	_, e3 := f.UndefinedSymbols()
	_, e4 := f.DefinedSymbols()
	return f, errors.Join(e1, e2, e3, e4)
}

// sample compiles a library with every table that the package reads.
func sample(t testing.TB, f *fixture) []byte {
	f.lib("lib/libneed.so.1", nil, versionScript(f, "N_1", "N_2"))
	note := `__asm__(".section .note.dlopen,\"a\",%note\n.balign 4\n.long 4, 2f-1f, 0x407c0c0a\n.asciz \"FDO\"\n1: .asciz \"[{\\\"soname\\\":[\\\"libx.so.1\\\",\\\"libx.so.2\\\"],\\\"feature\\\":\\\"x\\\",\\\"priority\\\":\\\"recommended\\\"}]\"\n2: .balign 4\n.text\n");`
	src := note + "\nvoid fn_libneed(void); __attribute__((weak)) void maybe(void); void fn_all(void) { fn_libneed(); if (maybe) maybe(); }"
	script := versionScript(f, "ALL_1", "ALL_2")
	f.compile("lib/liball.so.2", src, []string{"lib/libneed.so.1"}, "-shared", "-fPIC", "-Wl,-soname,liball.so.2",
		runpathTag, "-Wl,-rpath,/a:$ORIGIN/b", "-Wl,--build-id=sha1", "-Wl,-z,nodefaultlib", script)
	b, err := os.ReadFile(f.path("lib/liball.so.2"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stripSections zeroes what speaks of section headers, as sstrip does, and cuts
// the table off.
func stripSections(b []byte) []byte {
	b = bytes.Clone(b)
	shoff := binary.LittleEndian.Uint64(b[40:])
	clear(b[40:48])
	clear(b[58:64])
	return b[:shoff]
}

func checkSample(t *testing.T, b []byte) {
	t.Helper()
	f, err := inspectAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if f.Soname != "liball.so.2" || !slices.Equal(f.Needed, []string{"libneed.so.1"}) || f.RUNPATH != "/a:$ORIGIN/b" || !f.HasRUNPATH {
		t.Errorf("soname %q, needed %q, runpath %q", f.Soname, f.Needed, f.RUNPATH)
	}
	if !f.NoDefLib || f.PIE || f.Go || f.Executable() || f.Static() || len(f.BuildID) != 40 {
		t.Errorf("flags of %+v", f)
	}
	if len(f.Dlopen) != 1 || !slices.Equal(f.Dlopen[0].Sonames, []string{"libx.so.1", "libx.so.2"}) || f.Dlopen[0].Priority != "recommended" {
		t.Errorf("dlopen notes %+v", f.Dlopen)
	}
	needs, _ := f.VersionNeeds()
	if len(needs) != 1 || needs[0].File != "libneed.so.1" || len(needs[0].Versions) != 1 || needs[0].Versions[0].Name != "N_2" {
		t.Errorf("version needs %+v", needs)
	}
	defs, _ := f.VersionDefs()
	var names []string
	for _, d := range defs {
		if !d.Base {
			names = append(names, d.Name)
		}
	}
	if !slices.Equal(names, []string{"ALL_1", "ALL_2"}) {
		t.Errorf("version definitions %+v", defs)
	}
	undefined, _ := f.UndefinedSymbols()
	find := func(name string) Symbol {
		i := slices.IndexFunc(undefined, func(s Symbol) bool { return s.Name == name })
		if i < 0 {
			t.Errorf("no undefined symbol %s in %+v", name, undefined)
			return Symbol{}
		}
		return undefined[i]
	}
	if s := find("fn_libneed"); s.Weak || s.Version != "N_2" || s.File != "libneed.so.1" {
		t.Errorf("fn_libneed: %+v", s)
	}
	if s := find("maybe"); !s.Weak || s.Version != "" {
		t.Errorf("maybe: %+v", s)
	}
	defined, _ := f.DefinedSymbols()
	if !slices.ContainsFunc(defined, func(s Symbol) bool { return s.Name == "fn_all" && s.Version == "ALL_2" && !s.Hidden }) {
		t.Errorf("defined %+v", defined)
	}
}

func TestInspect(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		b := sample(t, f)
		t.Run("whole", func(t *testing.T) { checkSample(t, b) })
		t.Run("without section headers", func(t *testing.T) { checkSample(t, stripSections(b)) })
	})
}

// Every prefix of a file gives an error of the right kind or the same answer, and
// never a panic.
func TestTruncated(t *testing.T) {
	eachCompiler(t, func(t *testing.T, f *fixture) {
		b := sample(t, f)
		whole := b
		step := max(1, len(b)/3000)
		for n := 0; n < len(b); n += step {
			_, err := inspectAll(b[:n])
			switch {
			case err == nil && n < 64:
				t.Errorf("%d bytes are enough", n)
			case err != nil && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrNotELF) && !errors.Is(err, ErrMalformed):
				t.Errorf("%d bytes: %v", n, err)
			}
			// A file that shrinks while it is read: the size promises more.
			if _, err := Inspect(bytes.NewReader(b[:n]), int64(len(whole)), "x"); err != nil && !errors.Is(err, ErrTruncated) {
				t.Errorf("%d bytes of %d promised: %v", n, len(whole), err)
			}
		}
	})
}

// Every single damaged byte in the headers and tables gives an answer or an error.
func TestDamaged(t *testing.T) {
	need(t, "gcc")
	f := &fixture{t: t, dir: t.TempDir(), compiler: compilers[0]}
	b := stripSections(sample(t, f))
	for i := range b {
		for _, v := range []byte{0, 0x7f, 0xff} {
			if b[i] == v || (b[i] == 0 && v == 0x7f) {
				continue
			}
			old := b[i]
			b[i] = v
			inspectAll(b)
			b[i] = old
		}
	}
}

// image builds a small ELF64 file: a header, program headers and content.
type image struct {
	segments []segment
	phnum    int // 0: as many as there are
	content  map[uint64][]byte
	size     int
}

func (m image) bytes() []byte {
	b := make([]byte, m.size)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(b[16:], uint16(elf.ET_DYN))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	count := m.phnum
	if count == 0 {
		count = len(m.segments)
	}
	le.PutUint16(b[56:], uint16(count))
	for i, s := range m.segments {
		p := b[64+56*i:]
		le.PutUint32(p, uint32(s.kind))
		le.PutUint64(p[8:], s.offset)
		le.PutUint64(p[16:], s.vaddr)
		le.PutUint64(p[32:], s.filesz)
		le.PutUint64(p[40:], s.size)
	}
	for off, c := range m.content {
		copy(b[off:], c)
	}
	return b
}

// dyn encodes dynamic entries.
func dyn(entries ...uint64) []byte {
	var b []byte
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint64(b, e)
	}
	return b
}

func TestHostile(t *testing.T) {
	load := segment{kind: elf.PT_LOAD, filesz: 4096, size: 4096}
	huge := uint64(1) << 63
	dynamic := func(entries ...uint64) image {
		d := dyn(entries...)
		return image{
			segments: []segment{load, {kind: elf.PT_DYNAMIC, offset: 1024, filesz: uint64(len(d))}},
			content:  map[uint64][]byte{1024: d, 2048: []byte("\x00libx.so\x00")}, size: 4096,
		}
	}
	const (
		needed, strtab, symtab, strsz = uint64(elf.DT_NEEDED), uint64(elf.DT_STRTAB), uint64(elf.DT_SYMTAB), uint64(elf.DT_STRSZ)
		verneed, verdef, hash         = uint64(elf.DT_VERNEED), uint64(elf.DT_VERDEF), uint64(elf.DT_HASH)
		gnuHash, versym               = uint64(elf.DT_GNU_HASH), uint64(elf.DT_VERSYM)
	)
	for name, m := range map[string]image{
		"65535 program headers":        {segments: []segment{load}, phnum: 65535, size: 4096},
		"dynamic section outside":      {segments: []segment{load, {kind: elf.PT_DYNAMIC, offset: huge, filesz: 4096}}, size: 4096},
		"dynamic section wraps around": {segments: []segment{load, {kind: elf.PT_DYNAMIC, offset: ^uint64(0) - 7, filesz: 4096}}, size: 4096},
		"endless dynamic section":      {segments: []segment{load, {kind: elf.PT_DYNAMIC, offset: 1024, filesz: ^uint64(0)}}, content: map[uint64][]byte{1024: bytes.Repeat([]byte{1}, 3072)}, size: 4096},
		"interpreter outside":          {segments: []segment{{kind: elf.PT_INTERP, offset: huge, filesz: huge}}, size: 4096},
		"interpreter without end":      {segments: []segment{{kind: elf.PT_INTERP, offset: 512, filesz: 4}}, content: map[uint64][]byte{512: []byte("/lib/ld")}, size: 4096},
		"no string table":              dynamic(needed, 1),
		"string table outside":         dynamic(needed, 1, strtab, huge, strsz, 100),
		"name outside":                 dynamic(needed, huge, strtab, 2048, strsz, 100),
		"segment wraps around":         {segments: []segment{{kind: elf.PT_LOAD, offset: ^uint64(0) - 10, vaddr: 0, filesz: ^uint64(0)}, {kind: elf.PT_DYNAMIC, offset: 1024, filesz: 48}}, content: map[uint64][]byte{1024: dyn(needed, 1, strtab, 2048, strsz, 100)}, size: 4096},
		"versions that point at themselves": func() image {
			m := dynamic(strtab, 2048, strsz, 100, verneed, 3072, uint64(elf.DT_VERNEEDNUM), huge)
			m.content[3072] = []byte{1, 0, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}
			return m
		}(),
		"definitions outside": dynamic(strtab, 2048, strsz, 100, verdef, 4090),
		"4294967295 symbols": func() image {
			m := dynamic(strtab, 2048, strsz, 100, symtab, 512, hash, 3072)
			m.content[3072] = bytes.Repeat([]byte{0xff}, 8)
			return m
		}(),
		"4294967295 buckets": func() image {
			m := dynamic(strtab, 2048, strsz, 100, symtab, 512, gnuHash, 3072)
			m.content[3072] = bytes.Repeat([]byte{0xff}, 16)
			return m
		}(),
		"symbol versions outside": func() image {
			m := dynamic(strtab, 2048, strsz, 100, symtab, 512, hash, 3072, versym, huge)
			m.content[3072] = []byte{1, 0, 0, 0, 4, 0, 0, 0}
			return m
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := inspectAll(m.bytes())
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTruncated) {
				t.Fatalf("error %v", err)
			}
			if text := err.Error(); !strings.HasPrefix(text, "x: ") || strings.ToLower(text[:4]) != text[:4] {
				t.Errorf("text %q", text)
			}
		})
	}
}

func TestNotELF(t *testing.T) {
	for content, want := range map[string]string{
		"":                     "x: not an ELF file: it is empty",
		"#!/bin/sh\necho hi\n": `x: not an ELF file: it begins with "#!/bin/sh"`,
		"\x7fEL":               `x: not an ELF file: it begins with "\x7fEL"`,
	} {
		_, err := inspectAll([]byte(content))
		var fe *FileError
		if !errors.Is(err, ErrNotELF) || !errors.As(err, &fe) || err.Error() != want {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// A reader's own failure is not mistaken for a property of the file.
func TestReaderFails(t *testing.T) {
	_, err := Inspect(failingReader{}, 1000, "x")
	var fe *FileError
	if !errors.Is(err, errDisk) || errors.As(err, &fe) {
		t.Errorf("error %v", err)
	}
}

var errDisk = errors.New("disk on fire")

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

var _ io.ReaderAt = failingReader{}

// A 32-bit big-endian file reads like any other.
func TestBigEndian32(t *testing.T) {
	be := binary.BigEndian
	b := make([]byte, 1024)
	copy(b, "\x7fELF\x01\x02\x01")
	be.PutUint16(b[16:], uint16(elf.ET_DYN))
	be.PutUint16(b[18:], uint16(elf.EM_PPC))
	be.PutUint32(b[28:], 52)
	be.PutUint16(b[42:], 32)
	be.PutUint16(b[44:], 2)
	for i, seg := range [][]uint32{{uint32(elf.PT_LOAD), 0, 0x1000, 0, 1024, 1024}, {uint32(elf.PT_DYNAMIC), 256, 0x1100, 0, 40, 40}} {
		for j, v := range seg {
			be.PutUint32(b[52+32*i+4*j:], v)
		}
	}
	for i, v := range []uint32{uint32(elf.DT_NEEDED), 1, uint32(elf.DT_SONAME), 8, uint32(elf.DT_STRTAB), 0x1200, uint32(elf.DT_STRSZ), 64} {
		be.PutUint32(b[256+4*i:], v)
	}
	copy(b[512:], "\x00liba.1\x00libb.1\x00")
	f, err := inspectAll(b)
	if err != nil || f.Soname != "libb.1" || !slices.Equal(f.Needed, []string{"liba.1"}) || f.MachineName() != "ppc 32-bit" {
		t.Errorf("%+v, %v", f, err)
	}
}
