package check

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Record signatures and sizes, after PKWARE's APPNOTE.TXT 6.3.10: sections 4.3.7
// (local header), 4.3.12 (central directory), 4.3.14 and 4.3.15 (zip64), 4.3.16
// (end of the directory).
const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	endSignature     = 0x06054b50
	end64Signature   = 0x06064b50
	locatorSignature = 0x07064b50

	localSize, centralSize, endSize, end64Size, locatorSize = 30, 46, 22, 56, 20

	// maxDirectory bounds a central directory: 65,535 entries, the most without
	// zip64, of 1 kB each.
	maxDirectory = 64 << 20
)

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes and checksum follow the content
	flagStrong     = 1 << 6
	flagMasked     = 1 << 13 // headers are encrypted
	extraZip64     = 0x0001

	methodStored  = 0
	methodDeflate = 8

	creatorFAT, creatorUnix, creatorNTFS, creatorMac = 0, 3, 10, 19
)

// A zipRecord is one entry as the central directory has it.
type zipRecord struct {
	name           string
	creator        byte
	flags, method  uint16
	crc            uint32
	packed, size   uint64
	attributes     uint32
	header         uint64 // offset of the local header
	zip64, invalid bool   // invalid: numbers that no file of this size has
}

// A zipDirectory is a central directory.
type zipDirectory struct {
	records []zipRecord
	offset  int64 // where it begins; contents lie before
	base    int64 // where the zip begins: after what was put before it
	zip64   bool
}

var errNotZip = errors.New("not a zip: it has no end of a central directory")

// readDirectory reads the central directory of a zip.
func readDirectory(r io.ReaderAt, size int64) (*zipDirectory, error) {
	end, at, err := findEnd(r, size)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	count, length, offset := uint64(le.Uint16(end[10:])), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	d := &zipDirectory{}
	limit := at
	if e, pos, ok := findEnd64(r, at); ok {
		d.zip64 = true
		count, length, offset = le.Uint64(e[32:]), le.Uint64(e[40:]), le.Uint64(e[48:])
		limit = pos
	} else if count == math.MaxUint16 || length == math.MaxUint32 || offset == math.MaxUint32 {
		return nil, errors.New("a zip64 whose own records are missing")
	}
	if length > uint64(limit) || offset > uint64(limit)-length {
		return nil, errors.New("the central directory lies outside of the file")
	}
	if length > maxDirectory {
		return nil, fmt.Errorf("a central directory of more than %d bytes", maxDirectory)
	}
	d.offset = limit - int64(length)
	d.base = d.offset - int64(offset)
	b := make([]byte, length)
	if _, err := r.ReadAt(b, d.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := d.parse(b); err != nil {
		return nil, err
	}
	if uint64(len(d.records)) != count {
		return nil, fmt.Errorf("the central directory has %d entries and claims %d", len(d.records), count)
	}
	return d, nil
}

// findEnd returns the end record and its offset. A comment may follow it.
func findEnd(r io.ReaderAt, size int64) ([]byte, int64, error) {
	tail := make([]byte, min(size, endSize+math.MaxUint16))
	start := size - int64(len(tail))
	if _, err := r.ReadAt(tail, start); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	for i := len(tail) - endSize; i >= 0; i-- {
		if tail[i] == 'P' && binary.LittleEndian.Uint32(tail[i:]) == endSignature &&
			i+endSize+int(binary.LittleEndian.Uint16(tail[i+20:])) == len(tail) {
			return tail[i:], start + int64(i), nil
		}
	}
	return nil, 0, errNotZip
}

// findEnd64 returns the zip64 end record, where the end record at an offset has
// one before it.
func findEnd64(r io.ReaderAt, at int64) ([]byte, int64, bool) {
	locator := make([]byte, locatorSize)
	if at < locatorSize {
		return nil, 0, false
	}
	if _, err := r.ReadAt(locator, at-locatorSize); err != nil || binary.LittleEndian.Uint32(locator) != locatorSignature {
		return nil, 0, false
	}
	pos := binary.LittleEndian.Uint64(locator[8:])
	if pos > uint64(at-locatorSize) || uint64(at-locatorSize)-pos < end64Size {
		return nil, 0, false
	}
	e := make([]byte, end64Size)
	if _, err := r.ReadAt(e, int64(pos)); err != nil || binary.LittleEndian.Uint32(e) != end64Signature {
		return nil, 0, false
	}
	return e, int64(pos), true
}

// parse reads the records one after the other.
func (d *zipDirectory) parse(b []byte) error {
	le := binary.LittleEndian
	for len(b) > 0 {
		if len(b) < centralSize || le.Uint32(b) != centralSignature {
			return fmt.Errorf("the central directory is damaged after %d entries", len(d.records))
		}
		name, extra, comment := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
		if len(b) < centralSize+name+extra+comment {
			return fmt.Errorf("the central directory is cut off in entry %d", len(d.records)+1)
		}
		rec := zipRecord{
			creator: b[5], flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
			packed: uint64(le.Uint32(b[20:])), size: uint64(le.Uint32(b[24:])),
			attributes: le.Uint32(b[38:]), header: uint64(le.Uint32(b[42:])),
			name: string(b[centralSize : centralSize+name]),
		}
		rec.wide(b[centralSize+name : centralSize+name+extra])
		d.records = append(d.records, rec)
		b = b[centralSize+name+extra+comment:]
	}
	return nil
}

// wide takes what did not fit in 32 bits from the zip64 extra field: those of
// size, packed size and offset that are all ones, in this order.
func (rec *zipRecord) wide(extra []byte) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		if id == extraZip64 {
			rec.zip64 = true
			field := bytes.NewReader(extra[:n])
			for _, v := range []*uint64{&rec.size, &rec.packed, &rec.header} {
				if *v == math.MaxUint32 && binary.Read(field, le, v) != nil {
					rec.invalid = true
				}
			}
		}
		extra = extra[n:]
	}
}
