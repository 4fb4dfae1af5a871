package pack

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"github.com/lambdapack/lambdapack/pack/internal/deflate"
)

// GzipFormat names all that the bytes of [Gzip] depend on besides its input.
const GzipFormat = "gzip 1; " + deflate.Format

// gzipHeader is RFC 1952, 2.3: deflate; no flags, so no name; no time; no hint
// of the compressor's level; OS 255, unknown.
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}

// Gzipped is what a gzip stream is known by.
type Gzipped struct {
	// Digest is the SHA-256 of the compressed bytes, Size their number.
	Digest [sha256.Size]byte
	Size   int64
	// DiffID is the SHA-256 of the input: of a layer, its DiffID in an image's
	// config.
	DiffID [sha256.Size]byte
}

// Gzip writes size bytes of r to w as one gzip member, on as many cores as the
// pool has; nil means a pool of one. The bytes depend on the input and on the
// pinned compressor alone. The input is read once, from its start to its end,
// and its digest is of the bytes that were compressed.
func Gzip(ctx context.Context, w io.Writer, r io.ReaderAt, size int64, pool *Pool) (g Gzipped, err error) {
	if pool == nil {
		pool = NewPool(1)
	}
	in := &hashingReader{r: r, hash: sha256.New()}
	out := &hashingWriter{w: w, hash: sha256.New()}
	if _, err := out.Write(gzipHeader); err != nil {
		return g, err
	}
	sum, err := pool.Compress(ctx, out, in, size)
	if err != nil {
		return g, err
	}
	trailer := binary.LittleEndian.AppendUint32(nil, sum.CRC32)
	trailer = binary.LittleEndian.AppendUint32(trailer, uint32(size)) // modulo 2^32, says the RFC
	if _, err := out.Write(trailer); err != nil {
		return g, err
	}
	g.Size = out.size
	out.hash.Sum(g.Digest[:0])
	in.hash.Sum(g.DiffID[:0])
	return g, nil
}

// hashingReader digests what is read from it, which must be each byte once and
// in order: so [deflate.Pool.Compress] reads.
type hashingReader struct {
	r    io.ReaderAt
	hash hash.Hash
	next int64
}

func (h *hashingReader) ReadAt(p []byte, off int64) (int, error) {
	if off != h.next {
		return 0, errors.New("reading out of order") // a bug of this package
	}
	n, err := h.r.ReadAt(p, off)
	h.hash.Write(p[:n])
	h.next += int64(n)
	return n, err
}

type hashingWriter struct {
	w    io.Writer
	hash hash.Hash
	size int64
}

func (h *hashingWriter) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	h.hash.Write(p[:n])
	h.size += int64(n)
	return n, err
}
