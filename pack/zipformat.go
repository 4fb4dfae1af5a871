package pack

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
)

// The parts of PKWARE's APPNOTE.TXT 6.3.10 that a package needs: sections
// 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end).
const (
	// zipLayout names what the bytes of a zip depend on besides the compressor.
	// It changes when this file or the order of entries does.
	zipLayout = "zip layout 1"

	methodStore   = 0
	methodDeflate = 8

	// maxZipEntries is the count that the end record's 16 bits can say; the
	// value of all ones would announce zip64.
	maxZipEntries = 0xfffe
	// maxZipBytes is the same for the 32 bits of a size or an offset.
	maxZipBytes = 0xfffffffe

	dosTime = 0        // 00:00:00
	dosDate = 1<<5 | 1 // 1980-01-01, the earliest day of the format

	creatorUnix  = 3 << 8
	versionStore = 10
	versionDefl  = 20
	flagUTF8     = 1 << 11
	modeRegular  = 0o100000 // S_IFREG of stat(2)
)

// zipHeader is what both headers of an entry say.
type zipHeader struct {
	name             string
	mode             fs.FileMode
	method           uint16
	crc              uint32
	size, compressed int64
	offset           int64 // of the local header
}

func (h *zipHeader) version() uint16 {
	if h.method == methodStore {
		return versionStore
	}
	return versionDefl
}

// flags marks a name as UTF-8 where it is not plain ASCII.
func (h *zipHeader) flags() uint16 {
	for i := range len(h.name) {
		if h.name[i] >= 0x80 {
			return flagUTF8
		}
	}
	return 0
}

// common is the run of fields that both headers share, "version needed to
// extract" to "file name length". Sizes and offsets fit 32 bits, which
// Package.fitsZip has seen to.
func (h *zipHeader) common(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, h.version())
	b = le.AppendUint16(b, h.flags())
	b = le.AppendUint16(b, h.method)
	b = le.AppendUint16(b, dosTime)
	b = le.AppendUint16(b, dosDate)
	b = le.AppendUint32(b, h.crc)
	b = le.AppendUint32(b, uint32(h.compressed))
	b = le.AppendUint32(b, uint32(h.size))
	return le.AppendUint16(b, uint16(len(h.name)))
}

func (h *zipHeader) localLen() int64 { return 30 + int64(len(h.name)) }

func (h *zipHeader) local() []byte {
	b := append(make([]byte, 0, h.localLen()), "PK\x03\x04"...)
	b = h.common(b)
	b = append(b, 0, 0) // no extra field
	return append(b, h.name...)
}

func (h *zipHeader) central(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, "PK\x01\x02"...)
	b = le.AppendUint16(b, creatorUnix|versionDefl)
	b = h.common(b)
	b = append(b, make([]byte, 8)...) // no extra field, no comment, disk 0, binary
	b = le.AppendUint32(b, (modeRegular|uint32(h.mode.Perm()))<<16)
	b = le.AppendUint32(b, uint32(h.offset))
	return append(b, h.name...)
}

// writeDirectory writes the central directory, which begins at offset, and its
// end record.
func writeDirectory(w io.Writer, headers []zipHeader, offset int64) {
	var dir bytes.Buffer
	for i := range headers {
		dir.Write(headers[i].central(nil))
	}
	size := dir.Len()
	le := binary.LittleEndian
	end := append([]byte(nil), "PK\x05\x06\x00\x00\x00\x00"...) // disk 0 of 0
	end = le.AppendUint16(end, uint16(len(headers)))
	end = le.AppendUint16(end, uint16(len(headers)))
	end = le.AppendUint32(end, uint32(size))
	end = le.AppendUint32(end, uint32(offset))
	end = append(end, 0, 0) // no comment
	dir.Write(end)
	w.Write(dir.Bytes()) // a bufio.Writer: its error comes with Flush
}
