package pack_test

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/lambdapack/lambdapack/pack"
)

// TestZipBytes reads the zip as APPNOTE.TXT lays it out, byte after byte: each
// is accounted for, and nothing is there that a reader could do without.
func TestZipBytes(t *testing.T) {
	p := newPackage(t, all())
	path := filepath.Join(t.TempDir(), "x.zip")
	writeZip(t, p, path, pack.ZipOptions{})
	z := &rawZip{t: t, b: []byte(readFile(t, path))}

	var files []pack.Entry
	for _, e := range p.Entries() {
		if !e.IsDir() {
			files = append(files, e)
		}
	}
	var headers [][]byte // from "version needed" to "file name length"
	var offsets []int
	for _, e := range files {
		offsets = append(offsets, z.at)
		headers = append(headers, z.local(e))
	}
	directory := z.at
	for i, e := range files {
		z.central(e, headers[i], offsets[i])
	}
	end := z.at
	z.want("end of central directory", 4, 0x06054b50)
	z.want("number of this disk", 2, 0)
	z.want("disk of the central directory", 2, 0)
	z.want("entries on this disk", 2, len(files))
	z.want("entries", 2, len(files))
	z.want("size of the central directory", 4, end-directory)
	z.want("offset of the central directory", 4, directory)
	z.want("comment length", 2, 0)
	if z.at != len(z.b) {
		t.Errorf("%d bytes after the end", len(z.b)-z.at)
	}
}

type rawZip struct {
	t  *testing.T
	b  []byte
	at int
}

// next reads a little-endian number.
func (z *rawZip) next(n int) int {
	z.t.Helper()
	if z.at+n > len(z.b) {
		z.t.Fatalf("the zip ends at %d", len(z.b))
	}
	var v [8]byte
	copy(v[:], z.b[z.at:z.at+n])
	z.at += n
	return int(binary.LittleEndian.Uint64(v[:]))
}

func (z *rawZip) want(what string, n, want int) {
	z.t.Helper()
	if at, got := z.at, z.next(n); got != want {
		z.t.Fatalf("%s at offset %d: %#x, want %#x", what, at, got, want)
	}
}

// local reads a local header and its content, and returns the fields that the
// central directory repeats.
func (z *rawZip) local(e pack.Entry) []byte {
	t, ascii := z.t, true
	t.Helper()
	for _, c := range e.Name {
		ascii = ascii && c < 0x80
	}
	z.want("local header", 4, 0x04034b50)
	start := z.at
	version := z.next(2)
	if flags := z.next(2); flags != map[bool]int{true: 0, false: 1 << 11}[ascii] {
		t.Errorf("%s: flags %#x: bit 3 is for data descriptors, bit 11 for UTF-8 names", e.Name, flags)
	}
	method := z.next(2)
	z.want("time", 2, 0)
	z.want("date", 2, 1<<5|1)
	z.next(4) // CRC-32: the readers compare it
	compressed := z.next(4)
	z.want("size", 4, int(e.Size))
	switch {
	case method == 8 && version == 20 && compressed < int(e.Size):
	case method == 0 && version == 10 && compressed == int(e.Size):
	default:
		t.Errorf("%s: method %d, version %d, %d bytes of %d", e.Name, method, version, compressed, e.Size)
	}
	z.want("name length", 2, len(e.Name))
	common := z.b[start:z.at]
	z.want("extra field length", 2, 0)
	z.name(e)
	z.at += compressed
	return common
}

func (z *rawZip) central(e pack.Entry, header []byte, offset int) {
	z.t.Helper()
	z.want("central header", 4, 0x02014b50)
	z.want("version made by: Unix", 2, 3<<8|20)
	if got := z.b[z.at : z.at+len(header)]; string(got) != string(header) {
		z.t.Errorf("%s: the headers differ: %x and %x", e.Name, header, got)
	}
	z.at += len(header)
	z.want("extra field length", 2, 0)
	z.want("comment length", 2, 0)
	z.want("disk", 2, 0)
	z.want("internal attributes", 2, 0)
	z.want("external attributes", 4, (0o100000|int(e.Mode.Perm()))<<16)
	z.want("offset", 4, offset)
	z.name(e)
}

func (z *rawZip) name(e pack.Entry) {
	z.t.Helper()
	if got := string(z.b[z.at : z.at+len(e.Name)]); got != e.Name {
		z.t.Fatalf("name %q, want %q", got, e.Name)
	}
	z.at += len(e.Name)
}
