package pack

import (
	"io"

	"github.com/lambdapack/lambdapack/pack/internal/deflate"
)

// Inflate returns what the content of a deflated zip entry holds. It is fastest
// where r is a [*bytes.Reader].
func Inflate(r io.Reader) io.ReadCloser { return deflate.NewReader(r) }
