package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// MaxInflated bounds the bytes of a package that are held in memory at once:
// twice of what Lambda unpacks.
const MaxInflated = 2 * lambda.MaxUnpacked

// maxRatio is the most that deflate can expand: 258 bytes for each 2 bits.
const maxRatio = 1032

// errBudget says that a package has more to read than [MaxInflated].
var errBudget = errors.New("the package holds more than can be inspected")

// A budget is what is left of MaxInflated.
type budget struct{ spent atomic.Int64 }

func (b *budget) take(n int64) error {
	if n < 0 || b.spent.Add(n) > MaxInflated {
		b.spent.Add(-max(n, 0))
		return errBudget
	}
	return nil
}

// inMemory is content that was read whole.
func inMemory(b []byte) pack.Content { return memory{bytes.NewReader(b)} }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// An inflated is a deflated entry with random access. It inflates from the
// beginning up to what is asked for, once, and keeps that.
type inflated struct {
	packed *io.SectionReader
	size   int64
	crc    uint32
	budget *budget

	mu    sync.Mutex
	r     io.ReadCloser
	whole bool // r reads from memory
	buf   []byte
	err   error // why there is nothing after buf
}

// firstStep and nextStep are how much is inflated at least: the headers, which
// are all that a static program is asked for, then on.
const firstStep, nextStep = 64 << 10, 1 << 20

// ReadAt inflates as far as it must.
func (f *inflated) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= f.size {
		return 0, io.EOF
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	end := min(off+int64(len(b)), f.size)
	if err := f.grow(end); err != nil && int64(len(f.buf)) <= off {
		return 0, err
	}
	n := copy(b, f.buf[off:min(end, int64(len(f.buf)))])
	if n < len(b) {
		if f.err != nil {
			return n, f.err
		}
		return n, io.EOF
	}
	return n, nil
}

func (f *inflated) grow(end int64) error {
	if int64(len(f.buf)) >= end || f.err != nil {
		return f.err
	}
	if f.err = f.start(end); f.err != nil {
		return f.err
	}
	old := len(f.buf)
	end = max(end, int64(old)+nextStep)
	if !f.whole {
		end = firstStep
	}
	end = min(end, f.size)
	n, err := io.ReadFull(f.r, f.buf[old:end])
	f.buf = f.buf[:old+n]
	switch {
	case err != nil:
		f.err = fmt.Errorf("it ends after %d of %d bytes: %w", len(f.buf), f.size, err)
	case end == f.size:
		f.err = f.complete()
		f.r = nil
	}
	return f.err
}

// start makes the decompressor. It reads the file piece by piece for the first
// step; for more it begins again with all compressed bytes in memory, from where
// it is much faster.
func (f *inflated) start(end int64) error {
	switch {
	case f.buf == nil:
		if err := f.budget.take(f.size); err != nil {
			return err
		}
		f.buf = make([]byte, 0, f.size)
		if f.size > firstStep && end <= firstStep {
			f.r = pack.Inflate(bufio.NewReaderSize(f.packed, 16<<10))
			return nil
		}
	case f.whole:
		return nil
	}
	compressed := make([]byte, f.packed.Size())
	if _, err := f.packed.ReadAt(compressed, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	f.r, f.whole, f.buf = pack.Inflate(bytes.NewReader(compressed)), true, f.buf[:0]
	return nil
}

// complete checks what can be checked once all is inflated.
func (f *inflated) complete() error {
	var more [1]byte
	if n, _ := f.r.Read(more[:]); n > 0 {
		return fmt.Errorf("it is longer than the %d bytes that it claims", f.size)
	}
	if got := crc32.ChecksumIEEE(f.buf); got != f.crc {
		return fmt.Errorf("its checksum is %08x, not %08x", got, f.crc)
	}
	return nil
}

// Close keeps what is inflated for the next reader.
func (f *inflated) Close() error { return nil }

// fault returns what is wrong with the entry, as far as it was read.
func (f *inflated) fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// flatePool keeps the decompressors for heads.
var flatePool = sync.Pool{New: func() any { return pack.Inflate(bytes.NewReader(nil)) }}

type resetter interface {
	Reset(r io.Reader, dict []byte) error
}

// inflateHead inflates the first bytes of an entry of size bytes from the first
// compressed ones.
func inflateHead(compressed []byte, size int64) []byte {
	r := flatePool.Get().(io.ReadCloser)
	defer flatePool.Put(r)
	if err := r.(resetter).Reset(bytes.NewReader(compressed), nil); err != nil {
		return nil
	}
	head := make([]byte, min(size, headSize))
	n, _ := io.ReadFull(r, head)
	return head[:n]
}
