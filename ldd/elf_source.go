package ldd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

const (
	blockSize = 4096
	// maxString bounds one name: PATH_MAX, and far beyond any symbol version.
	maxString = 4096
	// maxStrings bounds all names that one question about a file may copy.
	maxStrings = 8 << 20
)

// A source reads parts of a file, remembers the blocks it has read, and refuses
// what lies outside. The blocks make a handful of system calls out of the many
// small reads that strings and notes need.
type source struct {
	r     io.ReaderAt
	size  uint64
	order binary.ByteOrder
	few   [4]numbered       // the first blocks: most files need no others
	used  int               // of few
	more  map[uint64][]byte // the other blocks
	spent int               // bytes of strings copied so far
}

// A numbered is a block and its place in the file.
type numbered struct {
	n     uint64
	bytes []byte
}

func newSource(r io.ReaderAt, size int64) *source {
	return &source{r: r, size: uint64(max(size, 0))}
}

// blockPool saves a walk over hundreds of files most of its garbage.
var blockPool = sync.Pool{New: func() any { return new([blockSize]byte) }}

// release gives the blocks back: nothing that read returned is used any more.
func (s *source) release() {
	for _, b := range s.few[:s.used] {
		blockPool.Put((*[blockSize]byte)(b.bytes[:blockSize]))
	}
	for _, b := range s.more {
		blockPool.Put((*[blockSize]byte)(b[:blockSize]))
	}
	s.used, s.more = 0, nil
}

// block returns the n-th block, which the end of the file may cut short.
func (s *source) block(n uint64) ([]byte, error) {
	for i := range s.used {
		if s.few[i].n == n {
			return s.few[i].bytes, nil
		}
	}
	if b, ok := s.more[n]; ok {
		return b, nil
	}
	off := n * blockSize
	if off >= s.size {
		return nil, nil
	}
	full := blockPool.Get().(*[blockSize]byte)
	b := full[:min(blockSize, s.size-off)]
	if err := s.fill(b, off); err != nil {
		blockPool.Put(full)
		return nil, err
	}
	s.keep(n, b)
	return b, nil
}

func (s *source) keep(n uint64, b []byte) {
	if s.used < len(s.few) {
		s.few[s.used] = numbered{n, b}
		s.used++
		return
	}
	if s.more == nil {
		s.more = map[uint64][]byte{}
	}
	s.more[n] = b
}

// fill reads len(b) bytes at off. A reader that has less than the promised size
// makes the file truncated.
func (s *source) fill(b []byte, off uint64) error {
	n, err := s.r.ReadAt(b, int64(off))
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return truncated("%d bytes at offset %d are missing", len(b)-n, off)
	}
	return err
}

// read returns n bytes at off; what names them in an error. The result is
// shared: callers do not write to it.
func (s *source) read(off, n uint64, what string) ([]byte, error) {
	if off > s.size || n > s.size-off {
		return nil, truncated("%s at offset %d with %d bytes ends after the file's %d bytes", what, off, n, s.size)
	}
	if n == 0 {
		return nil, nil
	}
	if first := off / blockSize; (off+n-1)/blockSize == first {
		b, err := s.block(first)
		if err != nil {
			return nil, err
		}
		return b[off%blockSize:][:n], nil
	}
	b := make([]byte, n)
	return b, s.fill(b, off)
}

// cString returns the NUL-terminated string at off, which must end before end
// and within maxString bytes.
func (s *source) cString(off, end uint64, what string) (string, error) {
	end = min(end, s.size)
	if off >= end {
		return "", malformed("%s lies outside its string table", what)
	}
	var long []byte
	for off < end {
		b, err := s.block(off / blockSize)
		if err != nil {
			return "", err
		}
		b = b[off%blockSize:]
		b = b[:min(uint64(len(b)), end-off)]
		if i := bytes.IndexByte(b, 0); i >= 0 {
			if s.spent += len(long) + i; s.spent > maxStrings {
				return "", malformed("more than %d bytes of names", maxStrings)
			}
			if len(long) == 0 {
				return string(b[:i]), nil
			}
			return string(append(long, b[:i]...)), nil
		}
		long = append(long, b...)
		if len(long) > maxString {
			return "", malformed("%s is longer than %d bytes", what, maxString)
		}
		off += uint64(len(b))
	}
	return "", malformed("%s does not end inside its string table", what)
}

func (s *source) u16(b []byte) uint16 { return s.order.Uint16(b) }
func (s *source) u32(b []byte) uint32 { return s.order.Uint32(b) }
func (s *source) u64(b []byte) uint64 { return s.order.Uint64(b) }
