package check

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/pack"
)

// A zipEntry is a record with what its local header says.
type zipEntry struct {
	zipRecord
	data   int64 // where the content begins
	head   []byte
	fault  string // why the content cannot be read
	differ string // what the local header says otherwise
	lazy   *inflated
}

// readEntry reads the local header and the head of the content, which usually
// come with one read.
func (z *zipReader) readEntry(e *zipEntry) {
	const ahead = 512
	le := binary.LittleEndian
	at := z.dir.base + int64(e.header)
	if e.invalid || e.header > uint64(z.dir.offset) || at < 0 || at > z.dir.offset-localSize {
		e.fault = "its header lies outside of the file"
		return
	}
	b := make([]byte, min(z.dir.offset-at, int64(localSize+len(e.name)+ahead)))
	if _, err := z.r.ReadAt(b, at); err != nil && !errors.Is(err, io.EOF) {
		e.fault = err.Error()
		return
	}
	if le.Uint32(b) != localSignature {
		e.fault = "there is no local header at its offset"
		return
	}
	name, extra := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	e.data = at + int64(localSize+name+extra)
	if e.data > z.dir.offset || e.packed > uint64(z.dir.offset-e.data) {
		e.fault = "its content ends after the file does"
		return
	}
	e.compare(b, name)
	e.fault = cmp.Or(e.fault, e.implausible())
	if e.fault != "" || e.flags&(flagEncrypted|flagStrong|flagMasked) != 0 {
		return
	}
	z.readHead(e, b[min(len(b), int(e.data-at)):])
}

// compare notes where the local header contradicts the directory: tools that read
// one or the other would unpack different files.
func (e *zipEntry) compare(b []byte, nameLen int) {
	le := binary.LittleEndian
	local := string(b[localSize:min(len(b), localSize+nameLen)])
	switch {
	case local != e.name:
		e.differ = fmt.Sprintf("its local header calls it %.80q", local)
	case le.Uint16(b[8:]) != e.method:
		e.differ = fmt.Sprintf("its local header has the method %d, the directory %d", le.Uint16(b[8:]), e.method)
	case e.flags&flagDescriptor != 0 || e.zip64:
	case le.Uint32(b[14:]) != e.crc || uint64(le.Uint32(b[18:])) != e.packed || uint64(le.Uint32(b[22:])) != e.size:
		e.differ = "its local header has another size or checksum than the directory"
	}
}

// implausible says why the sizes cannot be true.
func (e *zipEntry) implausible() string {
	switch {
	case e.method == methodStored && e.packed != e.size:
		return fmt.Sprintf("it is stored and claims %d bytes in %d", e.size, e.packed)
	case e.method == methodDeflate && e.size > (e.packed+1)*maxRatio:
		return fmt.Sprintf("it claims %d bytes in %d, more than deflate can hold", e.size, e.packed)
	}
	return ""
}

// readHead fills e.head; got is what was read of the content already.
func (z *zipReader) readHead(e *zipEntry, got []byte) {
	want := min(e.packed, 2*headSize)
	if uint64(len(got)) < want {
		got = make([]byte, want)
		n, _ := z.r.ReadAt(got, e.data)
		got = got[:n]
	}
	switch e.method {
	case methodStored:
		e.head = slices.Clone(got[:min(uint64(len(got)), e.size, headSize)])
	case methodDeflate:
		e.head = inflateHead(got[:min(uint64(len(got)), e.packed)], int64(e.size))
		e.lazy = &inflated{packed: z.section(e), size: int64(e.size), crc: e.crc, budget: z.budget}
	}
}

func (z *zipReader) section(e *zipEntry) *io.SectionReader {
	return io.NewSectionReader(z.r, e.data, int64(e.packed))
}

// item returns what the entry unpacks to, nil where it is no kind of file.
func (z *zipReader) item(e *zipEntry, name string) *item {
	i := &item{name: name, size: int64(min(e.size, 1<<62)), head: e.head}
	i.mode, i.noModes = e.fileMode()
	switch {
	case i.mode.IsDir():
		i.size, i.head = 0, nil
	case i.mode&fs.ModeSymlink != 0:
		const maxTarget = 4096 // PATH_MAX
		if e.size > maxTarget {
			z.fault(brokenZip, name, fmt.Sprintf("a symlink with a target of %d bytes", e.size), fixZip)
			return nil
		}
		target := make([]byte, e.size)
		if _, err := io.ReadFull(io.NewSectionReader(z.content(e), 0, i.size), target); err != nil {
			return nil
		}
		i.target, i.size = string(target), 0
	case i.mode.IsRegular():
		i.content = func() (pack.Content, error) { return z.content(e), nil }
	default:
		z.fault(specialFile, name, "it is neither a file, a directory nor a symlink", "leave it out: a package holds files only")
		return nil
	}
	return i
}

// content gives random access to an entry.
func (z *zipReader) content(e *zipEntry) pack.Content {
	switch {
	case e.fault != "" || e.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return unreadableContent{cmp.Or(e.fault, "it is encrypted")}
	case e.method == methodStored:
		return shared{z.section(e)}
	case e.lazy != nil:
		return e.lazy
	}
	return unreadableContent{"its method is not known"}
}

type unreadableContent struct{ why string }

func (c unreadableContent) ReadAt([]byte, int64) (int, error) { return 0, errors.New(c.why) }
func (unreadableContent) Close() error                        { return nil }

// fileMode returns the mode that the entry unpacks with, and whether its creator
// has said nothing about permissions. Unix systems keep st_mode in the upper half
// of the attributes.
func (e *zipEntry) fileMode() (mode fs.FileMode, silent bool) {
	dir := strings.HasSuffix(e.name, "/")
	if e.creator != creatorUnix && e.creator != creatorMac {
		if dir {
			return fs.ModeDir | 0o755, true
		}
		return 0o644, true
	}
	unix := e.attributes >> 16
	mode = fs.FileMode(unix & 0o777)
	switch unix & 0o170000 {
	case 0o040000:
		mode |= fs.ModeDir
	case 0o120000:
		mode |= fs.ModeSymlink
	case 0o100000, 0:
	default:
		mode |= fs.ModeIrregular
	}
	if dir {
		mode |= fs.ModeDir
		mode &^= fs.ModeSymlink | fs.ModeIrregular
	}
	return mode, false
}
