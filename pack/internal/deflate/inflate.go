package deflate

import (
	"io"

	"github.com/klauspost/compress/flate"
)

// NewReader returns what a DEFLATE stream holds. It reads a *bytes.Reader
// fastest, and about twice as fast as the standard library's does.
func NewReader(r io.Reader) io.ReadCloser { return flate.NewReader(r) }
