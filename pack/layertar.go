package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"sort"
)

const (
	tarBlock = 512
	tarEnd   = 2 * tarBlock // two blocks of zeros end a tar
)

// segment is a run of the tar: bytes that are known, or a file's content with
// the zeros that fill its last block.
type segment struct {
	start, len int64
	bytes      []byte
	entry      *Entry
}

func (l *Layer) add(m tarMember) error {
	head, err := tarHeader(m)
	if err != nil {
		return fmt.Errorf("adding %s to the layer: %w", m.name, err)
	}
	l.append(segment{len: int64(len(head)), bytes: head})
	if m.entry != nil && m.entry.Size > 0 {
		blocks := (m.entry.Size + tarBlock - 1) / tarBlock
		l.append(segment{len: blocks * tarBlock, entry: m.entry})
	}
	if !m.mode.IsDir() {
		l.files++
	}
	return nil
}

func (l *Layer) end() { l.append(segment{len: tarEnd, bytes: make([]byte, tarEnd)}) }

func (l *Layer) append(s segment) {
	s.start = l.size
	l.segments = append(l.segments, s)
	l.size += s.len
}

// tarHeader returns a member's header blocks. ustar is tried first, since PAX
// records make a layer larger for nothing.
func tarHeader(m tarMember) ([]byte, error) {
	h := tar.Header{Typeflag: tar.TypeReg, Name: m.name, Mode: int64(m.mode.Perm()), ModTime: Epoch}
	switch {
	case m.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, m.name+"/"
	case m.entry == nil:
		h.Typeflag, h.Linkname = tar.TypeSymlink, m.link
	default:
		h.Size = m.entry.Size
	}
	var err error
	for _, h.Format = range []tar.Format{tar.FormatUSTAR, tar.FormatPAX} {
		var buf bytes.Buffer
		header := h
		if err = tar.NewWriter(&buf).WriteHeader(&header); err == nil {
			return buf.Bytes(), nil
		}
	}
	return nil, err
}

// layerReader reads the tar as if it were a file. It keeps one content open,
// so it is not for more than one caller at a time.
type layerReader struct {
	ctx     context.Context
	layer   *Layer
	entry   *Entry // whose content is open
	content Content
}

// ReadAt implements io.ReaderAt. A content that is shorter than its entry's
// size, or of another size now, is an error that names its file.
func (r *layerReader) ReadAt(p []byte, off int64) (n int, err error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	all := r.layer.segments
	for i := sort.Search(len(all), func(i int) bool { return all[i].start+all[i].len > off }); n < len(p); i++ {
		if i == len(all) {
			return n, io.EOF
		}
		at := off + int64(n) - all[i].start
		part := p[n:min(int64(len(p)), int64(n)+all[i].len-at)]
		if err := r.fill(part, &all[i], at); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

// fill reads a part of one segment.
func (r *layerReader) fill(p []byte, s *segment, at int64) error {
	if s.entry == nil {
		copy(p, s.bytes[at:])
		return nil
	}
	have := min(int64(len(p)), max(s.entry.Size-at, 0))
	clear(p[have:])
	if have == 0 {
		return nil
	}
	if err := r.open(s.entry); err != nil {
		return err
	}
	n, err := r.content.ReadAt(p[:have], at)
	switch {
	case int64(n) == have:
		return nil
	case err == io.EOF:
		return s.entry.changed()
	}
	return fmt.Errorf("reading %s: %w", s.entry.source(), err)
}

func (r *layerReader) open(e *Entry) (err error) {
	if r.entry == e {
		return nil
	}
	r.Close()
	if r.content, err = e.Open(); err != nil {
		return err
	}
	r.entry = e
	return nil
}

// Close closes what is open. The reader can be used again.
func (r *layerReader) Close() {
	if r.entry != nil {
		r.content.Close()
		r.entry, r.content = nil, nil
	}
}
