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
	"context"
	"hash/crc32"
	"io"
	"sync"
)

// Format names all that the bytes depend on besides the input. It changes when,
// and only when, the golden digests of the tests change.
const Format = "klauspost/compress v1.20.3, level 6, blocks of 524288"

const (
	level     = 6
	blockSize = 512 << 10
	window    = 32 << 10 // RFC 1951: the distance that a match can reach back
)

// Sum is what a zip's headers say about an entry's content.
type Sum struct {
	CRC32      uint32
	Compressed int64
}

// Compress reads size bytes from r and writes them to w as one DEFLATE stream.
// Every byte is read once, so that the stream and its CRC-32 belong together
// even where r changes meanwhile. An input that is shorter than size is an
// io.ErrUnexpectedEOF. What was written to w before an error is of no use.
// When Compress returns, nothing of it still runs, and r is not read any more.
func (p *Pool) Compress(ctx context.Context, w io.Writer, r io.ReaderAt, size int64) (Sum, error) {
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	queue := make(chan *block, cap(p.encoders))
	running.Go(func() { p.produce(ctx, &running, queue, r, size) })

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
		p.blocks.Put(b)
	}
	return sum, parent.Err()
}

// produce reads the blocks in order, starts their compression, and hands them
// over in order. A block waits for an encoder before it is read, so that
// streams that wait hold no memory.
func (p *Pool) produce(ctx context.Context, running *sync.WaitGroup, queue chan<- *block, r io.ReaderAt, size int64) {
	defer close(queue)
	var before tail
	for start := int64(0); start == 0 || start < size; start += blockSize {
		var enc *encoder
		select {
		case enc = <-p.encoders:
		case <-ctx.Done():
			return
		}
		end := min(start+blockSize, size)
		b := p.block()
		b.err = b.read(r, start, end, &before)
		running.Go(func() {
			if b.err == nil {
				b.err = enc.compress(&b.out, b.raw, b.dict, end == size)
			}
			p.encoders <- enc
			close(b.done)
		})
		select {
		case queue <- b:
		case <-ctx.Done():
			return
		}
	}
}
