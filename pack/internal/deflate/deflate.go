// Package deflate turns bytes into a DEFLATE stream (RFC 1951) on all cores,
// and guarantees that the stream depends on nothing but the bytes.
//
// The input is cut into blocks of a fixed size. Each is compressed by itself,
// primed with the 32 KiB before it, and ends on a byte boundary with an empty
// stored block; put one after the other they are one stream. So the number of
// cores decides how soon it is ready and never what it holds.
//
// It is the only importer of klauspost/compress, which is pinned: another
// version may compress to other bytes, and then every package's digest changes.
package deflate

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// Format names all that the bytes depend on besides the input. It changes when,
// and only when, the golden digests of the tests change.
const Format = "klauspost/compress v1.20.3, level 6, blocks of 524288"

const (
	level     = 6
	blockSize = 512 << 10
	window    = 32 << 10 // RFC 1951: the distance that a match can reach back
)

// Pool bounds how many blocks are compressed at once, over all streams that
// share it, and with that the memory: about 3 MiB a block.
type Pool struct{ slots chan struct{} }

// NewPool returns a pool for n blocks at once, at least one.
func NewPool(n int) *Pool { return &Pool{make(chan struct{}, max(n, 1))} }

// Sum is what a zip's headers say about an entry's content.
type Sum struct {
	CRC32      uint32
	Compressed int64
}

// block is one piece on its way: raw is the input, out what it became.
type block struct {
	raw  []byte
	out  bytes.Buffer
	err  error
	done chan struct{}
}

// Compress reads size bytes from r and writes them to w as one DEFLATE stream.
// An input that is shorter than size is an io.ErrUnexpectedEOF. What was
// written to w before an error is of no use.
func (p *Pool) Compress(ctx context.Context, w io.Writer, r io.ReaderAt, size int64) (Sum, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *block, cap(p.slots))
	go p.produce(ctx, queue, r, size)

	var sum Sum
	for b := range queue {
		<-b.done
		if b.err != nil {
			return sum, b.err
		}
		sum.CRC32 = crc32.Update(sum.CRC32, crc32.IEEETable, b.raw)
		n, err := w.Write(b.out.Bytes())
		sum.Compressed += int64(n)
		if err != nil {
			return sum, err
		}
	}
	return sum, ctx.Err()
}

// produce starts the blocks in order and hands them over in order.
func (p *Pool) produce(ctx context.Context, queue chan<- *block, r io.ReaderAt, size int64) {
	defer close(queue)
	for start := int64(0); start == 0 || start < size; start += blockSize {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		b := &block{done: make(chan struct{})}
		go func() {
			b.fill(r, start, size)
			<-p.slots
			close(b.done)
		}()
		select {
		case queue <- b:
		case <-ctx.Done():
			return
		}
	}
}

// fill reads the block at start together with the window before it, and
// compresses it.
func (b *block) fill(r io.ReaderAt, start, size int64) {
	end := min(start+blockSize, size)
	from := max(start-window, 0)
	buf := make([]byte, end-from)
	if n, err := r.ReadAt(buf, from); n < len(buf) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		b.err = fmt.Errorf("reading at offset %d: %w", from+int64(n), err)
		return
	}
	b.raw = buf[start-from:]
	b.err = compress(&b.out, b.raw, buf[:start-from], end == size)
}

// compress appends to out the DEFLATE blocks of raw. Each call has a fresh
// compressor: a used one keeps tables whose state would have to be proven
// harmless to the bytes.
func compress(out *bytes.Buffer, raw, dict []byte, last bool) error {
	out.Grow(len(raw)/2 + 1024)
	w, err := flate.NewWriterDict(out, level, dict)
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if last {
		return w.Close()
	}
	return w.Flush()
}
