package pack

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
)

// Key is what memos know a gzip stream's content by. The zero value is known
// to none.
type Key [sha256.Size]byte

// WriteGzip writes the layer to w through [Gzip].
func (l *Layer) WriteGzip(ctx context.Context, w io.Writer, pool *Pool) (Gzipped, error) {
	r := &layerReader{ctx: ctx, layer: l}
	defer r.Close()
	return Gzip(ctx, w, r, l.size, pool)
}

// Key returns what [RememberGzip] and [RecallGzip] know the layer by. It reads
// the contents, except of files that have an ID, and compresses nothing.
func (l *Layer) Key(ctx context.Context) (k Key, err error) {
	h := sha256.New()
	head := json.NewEncoder(h)
	for i := range l.segments {
		s := &l.segments[i]
		switch {
		case s.entry == nil:
			head.Encode(s.bytes)
		case s.entry.file.ID != "":
			head.Encode([]string{"ID", s.entry.file.ID})
		default:
			head.Encode([]any{"content", s.entry.Size})
			if err := s.entry.copyTo(ctx, h); err != nil {
				return k, err
			}
		}
	}
	h.Sum(k[:0])
	return k, ctx.Err()
}
