package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
)

// LayerOptions says how a layer is compressed. The zero value works.
type LayerOptions struct {
	// Pool is shared by what is compressed at the same time; nil means a pool
	// of one.
	Pool *Pool
	// Memos is a directory that remembers which tar became which gzip stream.
	// Empty: none.
	Memos string
}

// WriteGzip writes the layer to w through [Gzip].
func (l *Layer) WriteGzip(ctx context.Context, w io.Writer, opts LayerOptions) (Gzipped, error) {
	r := &layerReader{ctx: ctx, layer: l}
	defer r.Close()
	g, err := Gzip(ctx, w, r, l.size, opts.Pool)
	if err == nil {
		RememberGzip(opts.Memos, g)
	}
	return g, err
}

// Known returns what WriteGzip would, where an earlier one with the same memos
// has written the same tar. It reads the contents and compresses nothing. The
// bytes must still be checked by whoever uses them: a memo is only as good as
// its file.
func (l *Layer) Known(ctx context.Context, opts LayerOptions) (g Gzipped, ok bool, err error) {
	if opts.Memos == "" {
		return g, false, nil
	}
	r := &layerReader{ctx: ctx, layer: l}
	defer r.Close()
	h := sha256.New()
	// 1 MiB at a time, between which the reader looks at ctx.
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(r, 0, l.size)}, make([]byte, 1<<20)); err != nil {
		return g, false, err
	}
	var diffID [sha256.Size]byte
	h.Sum(diffID[:0])
	g, ok = RecallGzip(opts.Memos, diffID)
	return g, ok, nil
}

// RecallGzip returns what [Gzip] makes of an input of this digest, where memos
// remembers it.
func RecallGzip(memos string, diffID [sha256.Size]byte) (Gzipped, bool) {
	if memos == "" {
		return Gzipped{}, false
	}
	w, ok := memo{path: gzipMemoPath(memos, diffID)}.lookup()
	return Gzipped{Digest: w.SHA256, Size: w.Size, DiffID: diffID}, ok
}

// RememberGzip makes memos remember what [Gzip] has returned. That it cannot
// costs time only.
func RememberGzip(memos string, g Gzipped) {
	if memos == "" {
		return
	}
	data, _ := json.Marshal(memoJSON{hex.EncodeToString(g.Digest[:]), g.Size})
	atomicfile.WriteFile(gzipMemoPath(memos, g.DiffID), append(data, '\n'), 0o644) // best effort
}

// ForgetGzip removes what turned out to be wrong.
func ForgetGzip(memos string, diffID [sha256.Size]byte) {
	if memos != "" {
		os.Remove(gzipMemoPath(memos, diffID))
	}
}

func gzipMemoPath(memos string, diffID [sha256.Size]byte) string {
	sum := sha256.Sum256(append([]byte(GzipFormat+"\x00"), diffID[:]...))
	key := hex.EncodeToString(sum[:])
	return filepath.Join(memos, key[:2], key[2:]+".json")
}
