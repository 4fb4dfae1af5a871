package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
)

// maxScan bounds the search through one static program.
const maxScan = 128 << 20

// judgeStatic finds static programs that carry glibc's name service or iconv:
// both load modules at run time that must be of the same glibc, and Lambda's is
// another.
func (j *judge) judgeStatic() {
	for _, name := range j.elfNames() {
		f := j.files[name]
		if !f.Static() || !j.loadable(f) {
			continue
		}
		i := j.tree.items[name]
		c, err := i.content()
		if err != nil {
			continue
		}
		if glibcNote(c) {
			nss := contains(io.NewSectionReader(c, 0, min(i.size, maxScan)), "/etc/nsswitch.conf\x00")
			if nss {
				j.find(staticNameLookup, name, "it is linked statically with glibc and looks up hosts or users (it holds /etc/nsswitch.conf): that loads libnss modules of the very same glibc, which "+j.provider()+" does not have",
					"for Go, build with -tags netgo,osusergo; else link dynamically, or statically with musl")
			}
			if hasSymbol(c, "iconv_open") {
				j.find(staticIconv, name, "it is linked statically with glibc and calls iconv_open: that loads gconv modules of the very same glibc, which "+j.provider()+" does not have",
					"link dynamically, or statically with musl or GNU libiconv")
			}
		}
		c.Close()
	}
}

// glibcNote reports whether a program has glibc's ABI note (owner GNU, type 1),
// which its start files bring and which Go's linker and musl do not write.
func glibcNote(r io.ReaderAt) bool {
	var h [64]byte
	if _, err := r.ReadAt(h[:], 0); err != nil {
		return false
	}
	le := binary.LittleEndian
	off, size, count := le.Uint64(h[32:]), le.Uint16(h[54:]), le.Uint16(h[56:])
	if size != 56 || off > 1<<20 {
		return false
	}
	for n := range min(uint64(count), 64) {
		var p [56]byte
		if _, err := r.ReadAt(p[:], int64(off+n*56)); err != nil {
			return false
		}
		length := le.Uint64(p[32:])
		if elf.ProgType(le.Uint32(p[:])) != elf.PT_NOTE || length > 1<<16 || le.Uint64(p[8:]) > 1<<32 {
			continue
		}
		note := make([]byte, length)
		if _, err := r.ReadAt(note, int64(le.Uint64(p[8:]))); err != nil && err != io.EOF {
			return false
		}
		if bytes.Contains(note, []byte("\x04\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00GNU\x00")) {
			return true
		}
	}
	return false
}

// contains searches a stream.
func contains(r io.Reader, text string) bool {
	const window = 256 << 10
	buf := make([]byte, window+len(text))
	kept := 0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		if bytes.Contains(buf[:kept+n], []byte(text)) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(buf, buf[len(buf)-len(text):])
	}
}

// hasSymbol looks a function up in the symbol table, which a stripped program
// does not have.
func hasSymbol(r io.ReaderAt, name string) bool {
	f, err := elf.NewFile(r)
	if err != nil {
		return false
	}
	table := f.SectionByType(elf.SHT_SYMTAB)
	const most = 64 << 20
	if table == nil || table.FileSize > most || int(table.Link) >= len(f.Sections) || f.Sections[table.Link].FileSize > most {
		return false
	}
	names := f.Sections[table.Link]
	return contains(io.NewSectionReader(r, int64(names.Offset), int64(names.FileSize)), "\x00"+name+"\x00")
}
