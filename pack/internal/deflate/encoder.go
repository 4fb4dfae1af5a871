package deflate

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/flate"
)

// maxUses is how many blocks an encoder compresses before it is thrown away.
// The encoder counts positions in 31 bits and rebuilds its tables when they run
// out; 1024 blocks take 604 MB, so it never comes to that.
const maxUses = 1024

// Pool bounds how many blocks are compressed at once, over all streams that
// share it, and keeps the encoders between blocks. One takes about 1.5 MiB,
// and a block on its way another 1.
type Pool struct {
	encoders chan *encoder
	blocks   sync.Pool // of *block
}

// NewPool returns a pool for n blocks at once, at least one.
func NewPool(n int) *Pool {
	p := &Pool{encoders: make(chan *encoder, max(n, 1))}
	for range cap(p.encoders) {
		p.encoders <- new(encoder)
	}
	return p
}

// encoder compresses blocks one after the other. Its zero value is ready; what
// it makes of a block does not depend on the blocks before, which the tests
// hold against a fresh encoder for each.
type encoder struct {
	flate *flate.Writer
	uses  int
}

// compress appends to out the DEFLATE blocks of raw, which follows dict. The
// last one ends the stream.
func (e *encoder) compress(out *bytes.Buffer, raw, dict []byte, last bool) error {
	// Incompressible data grows by a few bytes for each 64 KiB.
	out.Grow(len(raw) + len(raw)>>8 + 64)
	if err := e.reset(out, dict); err != nil {
		return err
	}
	if _, err := e.flate.Write(raw); err != nil {
		return err
	}
	if last {
		return e.flate.Close()
	}
	return e.flate.Flush()
}

// reset makes the encoder ready for a block.
func (e *encoder) reset(out *bytes.Buffer, dict []byte) (err error) {
	if e.flate != nil && e.uses < maxUses {
		e.uses++
		e.flate.ResetDict(out, dict)
		return nil
	}
	e.uses = 1
	e.flate, err = flate.NewWriterDict(out, level, dict)
	return err
}
