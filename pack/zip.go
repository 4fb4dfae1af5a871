package pack

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
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

// Written is what became of a package.
type Written struct {
	// SHA256 is the digest of the zip's bytes.
	SHA256 [sha256.Size]byte
	// Size is the zip's length in bytes.
	Size int64
	// Unchanged is true where the file already was what was to be written, and
	// was left untouched.
	Unchanged bool
}

// Hex returns the digest in hexadecimal.
func (w Written) Hex() string { return hex.EncodeToString(w.SHA256[:]) }

// Base64 returns the digest as Lambda's CodeSha256 and Terraform's
// source_code_hash have it.
func (w Written) Base64() string { return base64.StdEncoding.EncodeToString(w.SHA256[:]) }

// OverUploadLimit reports whether the zip is too large for the Lambda API and
// must be uploaded through S3.
func (w Written) OverUploadLimit() bool { return w.Size > lambda.MaxUploadZip }

// WriteZip writes the package to path as a zip, whole or not at all, with mode
// 0644. The bytes depend on the package and on [deflate.Format] alone:
// files sorted by name, no directory entries, every time 1980-01-01 00:00,
// Unix as creator, deflate or, where that is not smaller, stored; no extra
// fields, no data descriptors, no zip64. A file at path that already holds
// these bytes keeps even its modification time.
func (p *Package) WriteZip(ctx context.Context, path string, opts ZipOptions) (Written, error) {
	w, err := p.writeZip(ctx, path, opts)
	if err != nil {
		return w, fmt.Errorf("writing %s: %w", path, err)
	}
	return w, nil
}

func (p *Package) writeZip(ctx context.Context, path string, opts ZipOptions) (Written, error) {
	mem, err := openMemo(ctx, p, opts.Memos)
	if err != nil {
		return Written{}, err
	}
	if known, ok := mem.lookup(); ok && sameFile(path, known) {
		known.Unchanged = true
		return known, nil
	}
	f, err := atomicfile.Create(path)
	if err != nil {
		return Written{}, err
	}
	defer f.Discard()
	pool := opts.Pool
	if pool == nil {
		pool = NewPool(1)
	}
	zw := &zipWriter{ctx: ctx, file: f.File, pool: pool, memo: mem}
	if err := zw.write(p.entries); err != nil {
		return Written{}, err
	}
	written, err := digest(f)
	if err != nil {
		return Written{}, err
	}
	mem.store(written)
	if sameFile(path, written) {
		written.Unchanged = true
		return written, nil
	}
	return written, f.Commit(0o644)
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
	if len(z.headers) > maxZipEntries {
		return hint.Errorf("pack them into one file, or build an image",
			"%d files are more than the %d of a zip without zip64, which Lambda may not take", len(z.headers), maxZipEntries)
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
		sum, err := z.deflate(content, body, h.size)
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

func (z *zipWriter) deflate(r io.ReaderAt, at, size int64) (deflate.Sum, error) {
	w := bufio.NewWriterSize(io.NewOffsetWriter(z.file, at), 256<<10)
	sum, err := z.pool.Compress(z.ctx, w, r, size)
	if err != nil {
		return sum, err
	}
	return sum, w.Flush()
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
