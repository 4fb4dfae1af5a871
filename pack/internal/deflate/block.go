package deflate

import (
	"bytes"
	"fmt"
	"io"
)

// block is one piece on its way. One buffer holds what primes the encoder and,
// after it, the piece itself.
type block struct {
	buf       [window + blockSize]byte
	dict, raw []byte // parts of buf
	out       bytes.Buffer
	err       error
	done      chan struct{} // closed when out or err is there
}

// tail is the end of what was read so far, at most a window.
type tail struct {
	buf [window]byte
	len int
}

// block returns an empty block, a used one where there is one.
func (p *Pool) block() *block {
	b, ok := p.blocks.Get().(*block)
	if !ok {
		b = new(block)
	}
	b.out.Reset()
	b.err, b.done = nil, make(chan struct{})
	return b
}

// read reads the piece from start to end. The window before it is copied
// rather than read again: read twice it could differ, if the file changes
// meanwhile, from what the reader of the stream has.
func (b *block) read(r io.ReaderAt, start, end int64, before *tail) error {
	b.dict = b.buf[window-before.len : window]
	copy(b.dict, before.buf[:before.len])
	b.raw = b.buf[window : window+end-start]
	if n, err := r.ReadAt(b.raw, start); n < len(b.raw) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("reading at offset %d: %w", start+int64(n), err)
	}
	// Blocks are longer than the window, so the last one is the whole tail.
	before.len = copy(before.buf[:], b.raw[max(len(b.raw)-window, 0):])
	return nil
}
