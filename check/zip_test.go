package check

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
)

// patch returns a zip with two files of which a record was changed. at is the
// signature of the record of the second file.
func patch(t *testing.T, signature string, offset int, value []byte) []byte {
	t.Helper()
	b := zipBytes(t, file("bootstrap", script, 0o755), file("a.so", "\x7fELF"+strings.Repeat("x", 4000), 0o644))
	at := bytes.LastIndex(b, []byte(signature))
	copy(b[at+offset:], value)
	return b
}

func TestHostileZips(t *testing.T) {
	t.Parallel()
	const central, local = "PK\x01\x02", "PK\x03\x04"
	le32 := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	le16 := func(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
	for _, test := range []struct {
		name string
		zip  []byte
		want []string
	}{
		{"encrypted", patch(t, central, 8, le16(flagEncrypted|flagDescriptor)), []string{"error encrypted-entry a.so"}},
		{"method", patch(t, central, 10, le16(93)), []string{"error broken-zip a.so", "error zip-method a.so"}},
		{"bomb", patch(t, central, 24, le32(100<<20)), []string{"error broken-zip a.so"}},
		{"offset", patch(t, central, 42, le32(0xfffffff0)), []string{"error broken-zip a.so"}},
		{"packed", patch(t, central, 20, le32(0x7fffffff)), []string{"error broken-zip a.so"}},
		{"no header", patch(t, local, 0, []byte("xx")), []string{"error broken-zip a.so"}},
		{"other name", patch(t, local, 30, []byte("b")), []string{"error broken-zip a.so"}},
		{"overlap", patch(t, central, 42, le32(0)), []string{"error broken-zip a.so", "error broken-zip a.so"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := check(t, writeFile(t, test.zip), Options{})
			kept := r.Findings[:0]
			for _, f := range r.Findings {
				if f.ID != brokenELF { // what the damaged entry holds is beside the point
					kept = append(kept, f)
				}
			}
			r.Findings = kept
			expect(t, r, test.want...)
		})
	}
}

// An entry whose content contradicts its headers is noticed where it is read.
func TestSpoiledContent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, machines[0])
	f.lib("libv.so.1", defineV, "")
	library := readFile(t, f.path("libv.so.1"))
	for name, spoil := range map[string]func(record []byte){
		"checksum": func(r []byte) { r[16]++ },
		"longer":   func(r []byte) { binary.LittleEndian.PutUint32(r[24:], uint32(len(library)-100)) },
		"shorter":  func(r []byte) { binary.LittleEndian.PutUint32(r[24:], uint32(len(library)+100)) },
	} {
		b := zipBytes(t, file("bootstrap", script, 0o755), file("lib/libv.so.1", library, 0o755))
		spoil(b[bytes.LastIndex(b, []byte("PK\x01\x02")):])
		r := check(t, writeFile(t, b), Options{})
		found := false
		for _, f := range r.Findings {
			found = found || f.ID == brokenZip
		}
		if !found {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

func TestZip64(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := file("bootstrap", script, 0o755).FileHeader
	h.Method, h.UncompressedSize64, h.CompressedSize64 = zip.Store, 1<<33, 1<<33
	c, err := w.CreateRaw(&h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte(script)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := check(t, writeFile(t, b.Bytes()), Options{})
	expect(t, r, "error broken-zip bootstrap", "error not-a-program bootstrap", "error too-large", "warning zip64")
}

// TestBombs: what claims to hold more than a package may is not inflated, and
// memory stays bounded.
func TestBombs(t *testing.T) {
	t.Parallel()
	large := []byte("\x7fELF" + strings.Repeat("\x00", 60<<20))
	var packed, b bytes.Buffer
	fw, _ := flate.NewWriter(&packed, flate.BestSpeed)
	fw.Write(large)
	fw.Close()
	w := zip.NewWriter(&b)
	for i := range 10 {
		h := file("lib/"+string(rune('a'+i))+".so", "", 0o755).FileHeader
		h.CRC32, h.UncompressedSize64, h.CompressedSize64 = crc32.ChecksumIEEE(large), uint64(len(large)), uint64(packed.Len())
		c, err := w.CreateRaw(&h)
		if err != nil {
			t.Fatal(err)
		}
		c.Write(packed.Bytes())
	}
	w.Close()
	p := writeFile(t, b.Bytes())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := check(t, p, Options{})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2*MaxInflated {
		t.Errorf("allocated %d MB", n>>20)
	}
	ids := map[string]bool{}
	for _, f := range r.Findings {
		ids[f.ID] = true
	}
	if !ids[tooLarge] || !ids[tooMuchToInflate] {
		t.Errorf("%+v", r.Findings)
	}
}
