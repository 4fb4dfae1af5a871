package deflate

import (
	"bytes"
	"compress/flate"
	"context"
	"hash/crc32"
	"io"
	"os"
	"regexp"
	"slices"
	"testing"

	klauspost "github.com/klauspost/compress/flate"
)

// noise returns n bytes of a stream that is fixed here (splitmix64), since
// math/rand's may change. Of 256 bytes about redundancy repeat earlier ones.
func noise(seed uint64, n, redundancy int) []byte {
	next := func() uint64 {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	b := make([]byte, 0, n+64)
	for len(b) < n {
		r := next()
		if len(b) > 64 && int(r&255) < redundancy {
			from := int(r>>8&0xffffff) % (len(b) - 48)
			b = append(b, b[from:from+4+int(r>>56)%44]...)
			continue
		}
		b = append(b, byte(r>>8))
	}
	return b[:n]
}

// sequential is what the package promises, in the plainest words: one block
// after the other, each by an encoder of its own.
func sequential(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for start := 0; start == 0 || start < len(data); start += blockSize {
		end := min(start+blockSize, len(data))
		w, err := klauspost.NewWriterDict(&out, level, data[max(start-window, 0):start])
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data[start:end])
		if end < len(data) {
			w.Flush()
		} else {
			w.Close()
		}
	}
	return out.Bytes()
}

func inflate(t testing.TB, stream []byte) []byte {
	t.Helper()
	r := bytes.NewReader(stream)
	data, err := io.ReadAll(flate.NewReader(r))
	if err != nil {
		t.Fatalf("the standard library cannot read the stream: %v", err)
	}
	if r.Len() != 0 {
		t.Fatalf("%d bytes after the stream's end", r.Len())
	}
	return data
}

// check compresses data and holds the stream against all that is promised.
func check(t testing.TB, p *Pool, data []byte) {
	t.Helper()
	var out bytes.Buffer
	sum, err := p.Compress(context.Background(), &out, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Sum{crc32.ChecksumIEEE(data), int64(out.Len())}); sum != want {
		t.Errorf("sum %+v, want %+v", sum, want)
	}
	if !bytes.Equal(inflate(t, out.Bytes()), data) {
		t.Error("the stream holds other bytes than were compressed")
	}
	if !bytes.Equal(out.Bytes(), sequential(t, data)) {
		t.Error("the stream is not the sequential construction")
	}
}

func TestCompress(t *testing.T) {
	sizes := []int{0, 1, 31, 32, 127, 128, window - 1, window, window + 1, 65535, 65536,
		blockSize - 1, blockSize, blockSize + 1, 2 * blockSize, 2*blockSize + window + 77}
	for _, redundancy := range []int{0, 100, 250} {
		data := noise(1, slices.Max(sizes), redundancy)
		p := NewPool(2) // its encoders have compressed all the sizes before
		for _, size := range sizes {
			check(t, p, data[len(data)-size:])
		}
	}
}

// An encoder's past must not show, however long it is: neither one that grows
// old and is replaced, nor data of another kind before.
func TestEncoderReuse(t *testing.T) {
	var used encoder
	kinds := [][]byte{noise(1, window+blockSize, 0), noise(2, window+blockSize, 120), noise(3, window+blockSize, 250)}
	seen := map[*klauspost.Writer]int{}
	for i := range maxUses + 50 {
		size := 1 + i*37%3000
		if i%200 == 0 {
			size = blockSize
		}
		data := kinds[i%len(kinds)][i*97%(blockSize-size+1):][:window+size]
		dict, raw := data[window-i*331%(window+1):window], data[window:]
		last := i%5 == 0
		var got, want bytes.Buffer
		if err := used.compress(&got, raw, dict, last); err != nil {
			t.Fatal(err)
		}
		if err := new(encoder).compress(&want, raw, dict, last); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatalf("block %d of %d bytes differs from a fresh encoder's", i, size)
		}
		seen[used.flate]++
	}
	for _, n := range seen {
		if n > maxUses {
			t.Errorf("an encoder compressed %d blocks, over %d", n, maxUses)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d encoders, want 2", len(seen))
	}
}

// The encoder moves its position by a block, its window and another window at
// each reset, and starts at 64 KiB. It must stay clear of 31 bits.
func TestEncoderPositions(t *testing.T) {
	const end = 64<<10 + maxUses*(blockSize+2*window)
	if end > 1<<30 {
		t.Errorf("an encoder counts up to %d", end)
	}
}

// go.mod and Format must say the same version, since Format stands in for the
// compressor where contents are remembered.
func TestFormatNamesThePinnedVersion(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`klauspost/compress v\S+`).Find(mod)
	got := regexp.MustCompile(`klauspost/compress v[^ ,]+`).FindString(Format)
	if got != string(want) {
		t.Errorf("Format names %q and go.mod %q; with another version the golden digests change: update both, and say so in the changelog", got, want)
	}
}

func FuzzCompress(f *testing.F) {
	f.Add([]byte(""), uint32(0), uint8(0))
	f.Add([]byte("a"), uint32(blockSize), uint8(0))
	f.Add([]byte("to be or not to be"), uint32(blockSize+1), uint8(4))
	f.Add([]byte{0, 255, 1}, uint32(2*blockSize-1), uint8(252))
	p := NewPool(3)
	f.Fuzz(func(t *testing.T, seed []byte, size uint32, every uint8) {
		if every%4 != 0 {
			size %= 4096 // long ones are slow, and needed only now and then
		}
		data := bytes.Clone(seed)
		if len(seed) > 0 && size > 0 {
			data = bytes.Repeat(seed, 1+int(size%(3*blockSize))/len(seed))
			for i, b := range noise(uint64(size), len(data)/(int(every)+1), 0) {
				data[i*(int(every)+1)] ^= b & 0x5f
			}
		}
		check(t, p, data)
	})
}

func BenchmarkCompress(b *testing.B) {
	data := noise(1, 10<<20, 200)
	p := NewPool(2)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Compress(context.Background(), io.Discard, bytes.NewReader(data), int64(len(data))); err != nil {
			b.Fatal(err)
		}
	}
}
