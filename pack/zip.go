package pack

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack/internal/deflate"
)

// Pool bounds the compression that runs at once, over all packages that share
// it. Its size changes how long a zip takes and never what it holds.
type Pool = deflate.Pool

// NewPool returns a pool for n blocks of 512 KiB at once. Each needs about
// 3 MiB of memory.
func NewPool(n int) *Pool { return deflate.NewPool(n) }

// ZipOptions says how a zip is written. The zero value works.
type ZipOptions struct {
	// Pool is shared by packages that are written at the same time; nil means
	// a pool of one.
	Pool *Pool
	// Memos is a directory that remembers which contents made which zip, so
	// that a zip that is still right need not be compressed anew. Empty: none.
	Memos string
}

// WriteZip writes the package to path as a zip: [Package.StageZip] and
// [Staged.Commit] in one.
func (p *Package) WriteZip(ctx context.Context, path string, opts ZipOptions) (Written, error) {
	s, err := p.StageZip(ctx, path, opts)
	if err != nil {
		return Written{}, err
	}
	return s.Written, s.Commit()
}

// StageZip writes the package as a zip beside path. Commit gives it that name,
// with mode 0644. The bytes depend on the package and on the pinned compressor
// alone: files sorted by name, no directory entries, every time 1980-01-01
// 00:00, Unix as creator, deflate or, where that is not smaller, stored; no
// extra fields, no data descriptors, no zip64. A file at path that already
// holds these bytes is left alone, and keeps even its modification time.
func (p *Package) StageZip(ctx context.Context, path string, opts ZipOptions) (*Staged, error) {
	s, err := p.stageZip(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return s, nil
}

func (p *Package) stageZip(ctx context.Context, path string, opts ZipOptions) (*Staged, error) {
	if err := p.fitsZip(); err != nil {
		return nil, err
	}
	mem, err := openMemo(ctx, p, opts.Memos)
	if err != nil {
		return nil, err
	}
	if known, ok := mem.holds(path); ok {
		return unchanged(known), nil
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, err
	}
	pool := opts.Pool
	if pool == nil {
		pool = NewPool(1)
	}
	zw := &zipWriter{ctx: ctx, file: f.File, pool: pool, memo: mem}
	err = zw.write(p.entries)
	if err != nil {
		f.Discard()
		return nil, err
	}
	written, err := digest(f)
	if err != nil {
		f.Discard()
		return nil, err
	}
	if sameFile(path, written) {
		mem.store(written, path, os.Stat)
		f.Discard()
		return unchanged(written), nil
	}
	// A rename keeps both size and time.
	mem.store(written, path, func(string) (os.FileInfo, error) { return f.Stat() })
	return &Staged{
		Written: written,
		commit:  func() error { return f.Commit(0o644) },
		discard: f.Discard,
	}, nil
}

// fitsZip reports, before anything is compressed, what needs zip64, which
// Lambda may not take.
func (p *Package) fitsZip() error {
	files, size := 0, p.unpacked
	for _, e := range p.entries {
		if !e.IsDir() {
			files++
			size += 2*int64(len(e.Name)) + 128 // more than both headers have
		}
	}
	switch {
	case files > maxZipEntries:
		return hint.Errorf("pack them into one file, or build an image", "%d files are more than the %d of a zip", files, maxZipEntries)
	case size > maxZipBytes:
		return hint.Errorf("build an image", "%d bytes unpacked are more than a zip can hold", p.unpacked)
	}
	return nil
}

// digest reads a file from its start.
func digest(r io.ReadSeeker) (w Written, err error) {
	if _, err = r.Seek(0, io.SeekStart); err != nil {
		return w, err
	}
	h := sha256.New()
	if w.Size, err = io.Copy(h, r); err != nil {
		return w, err
	}
	h.Sum(w.SHA256[:0])
	return w, nil
}

// sameFile reports whether the file at path has the size and digest of w.
func sameFile(path string, w Written) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != w.Size {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	got, err := digest(f)
	return err == nil && got.SHA256 == w.SHA256
}

// zipWriter writes one zip into a file that it can seek in: an entry's header
// goes before its content and says its compressed size, which is known after.
type zipWriter struct {
	ctx     context.Context
	file    *os.File
	pool    *Pool
	memo    memo
	offset  int64
	headers []zipHeader
}

func (z *zipWriter) write(entries []Entry) error {
	for i := range entries {
		if entries[i].IsDir() {
			continue
		}
		if err := z.writeEntry(&entries[i]); err != nil {
			return fmt.Errorf("adding %s: %w", entries[i].Name, err)
		}
	}
	w := bufio.NewWriter(io.NewOffsetWriter(z.file, z.offset))
	writeDirectory(w, z.headers, z.offset)
	return w.Flush()
}

func (z *zipWriter) writeEntry(e *Entry) error {
	content, err := e.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	h := zipHeader{name: e.Name, mode: e.Mode, offset: z.offset, size: e.Size, method: methodDeflate}
	body := z.offset + h.localLen()
	if h.size > 0 {
		sum, err := z.deflate(e, content, body)
		if err != nil {
			return err
		}
		h.crc, h.compressed = sum.CRC32, sum.Compressed
	}
	if !z.memo.agrees(e.Name, h.crc) {
		return e.changed()
	}
	if h.compressed >= h.size {
		h.method, h.compressed = methodStore, h.size
		if err := z.store(e, body, h.crc); err != nil {
			return err
		}
	}
	if _, err := z.file.WriteAt(h.local(), h.offset); err != nil {
		return err
	}
	z.offset = body + h.compressed
	z.headers = append(z.headers, h)
	return nil
}

func (z *zipWriter) deflate(e *Entry, content io.ReaderAt, at int64) (deflate.Sum, error) {
	sum, err := z.pool.Compress(z.ctx, io.NewOffsetWriter(z.file, at), content, e.Size)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = e.changed() // it became shorter since Open
	}
	return sum, err
}

// store writes the content as it is, over what deflate made of it, and cuts
// the file where it ends. The content must still be what deflate has read.
func (z *zipWriter) store(e *Entry, at int64, want uint32) error {
	if err := z.file.Truncate(at); err != nil {
		return err
	}
	crc := crc32.NewIEEE()
	if err := e.copyTo(z.ctx, io.MultiWriter(io.NewOffsetWriter(z.file, at), crc)); err != nil {
		return err
	}
	if crc.Sum32() != want {
		return e.changed()
	}
	return nil
}
