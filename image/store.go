package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/internal/hint"
)

// layoutVersion is the content of the file that makes a directory an OCI image
// layout (OCI Image Format Specification 1.1, "oci-layout file").
const layoutVersion = `{"imageLayoutVersion":"1.0.0"}`

// store is an OCI image layout on disk: the cache, a base, or an output. Every
// blob in it is whole: it is written beside its place and takes its name when
// its size and digest are right.
type store struct {
	dir string
	own bool // so that blobs that turn out to be wrong may be removed
}

// openStore makes the layout where it is missing.
func openStore(dir string) (*store, error) {
	s := &store{dir: dir, own: true}
	if _, err := os.Stat(s.path("oci-layout")); errors.Is(err, os.ErrNotExist) {
		if err := atomicfile.WriteFile(s.path("oci-layout"), []byte(layoutVersion), 0o644); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return s, nil
}

// existingStore opens a layout that somebody else may have written.
func existingStore(dir string) (*store, error) {
	s := &store{dir: dir}
	if _, err := os.Stat(s.path("oci-layout")); err != nil {
		return nil, hint.Errorf("name a directory that holds an oci-layout file", "opening the OCI image layout %s: %w", dir, err)
	}
	return s, nil
}

func (s *store) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

func (s *store) blob(h v1.Hash) string { return s.path("blobs", h.Algorithm, h.Hex) }

// has reports whether a blob of this size is there. Its content was checked
// when it was written, and is checked again when it is read.
func (s *store) has(h v1.Hash, size int64) bool {
	info, err := os.Stat(s.blob(h))
	return err == nil && info.Mode().IsRegular() && info.Size() == size
}

// openBlob opens a blob, whose content is checked while it is read. One of our
// own that is wrong is removed, so that it can be fetched anew.
func (s *store) openBlob(h v1.Hash, size int64) (io.ReadCloser, error) {
	f, err := os.Open(s.blob(h))
	if err != nil {
		return nil, err
	}
	r, err := verified(f, h, size)
	if err == nil && s.own {
		r.wrong = func() { os.Remove(f.Name()) }
	}
	return r, err
}

// read returns a small blob, checked.
func (s *store) read(h v1.Hash, limit int64) ([]byte, error) {
	info, err := os.Stat(s.blob(h))
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s has %d bytes, more than the %d that are read of such", h, info.Size(), limit)
	}
	r, err := s.openBlob(h, info.Size())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// put writes a blob from r, unless it is there, and closes r.
func (s *store) put(ctx context.Context, h v1.Hash, size int64, r io.ReadCloser) error {
	defer r.Close()
	if s.has(h, size) {
		return nil
	}
	f, err := atomicfile.Create(s.blob(h))
	if err != nil {
		return err
	}
	defer f.Discard()
	checked, err := verified(r, h, size)
	if err != nil {
		return err
	}
	if err := copyContext(ctx, f, checked); err != nil {
		return err
	}
	return f.Commit(0o644)
}

func (s *store) putBytes(ctx context.Context, data []byte) (v1.Hash, error) {
	h := hashOf(data)
	return h, s.put(ctx, h, int64(len(data)), io.NopCloser(bytes.NewReader(data)))
}

func hashOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return sha256Hash(sum)
}

func sha256Hash(sum [sha256.Size]byte) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// errMismatch is wrapped by errors that say that content is not what its
// digest or size says.
var errMismatch = errors.New("the content is not what its descriptor says")

// verifier passes content on and fails at its end, or past its size, where it
// is not what was announced.
type verifier struct {
	io.ReadCloser
	want v1.Hash
	size int64
	hash hash.Hash
	read int64
	// wrong, where it is set, is called once the content is known to be wrong.
	wrong func()
}

func verified(r io.ReadCloser, h v1.Hash, size int64) (*verifier, error) {
	hasher, err := v1.Hasher(h.Algorithm)
	if err != nil {
		r.Close()
		return nil, err
	}
	return &verifier{ReadCloser: r, want: h, size: size, hash: hasher}, nil
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	v.read += int64(n)
	if bad := v.check(err == io.EOF); bad != nil {
		if v.wrong != nil {
			v.wrong()
		}
		return n, bad
	}
	return n, err
}

func (v *verifier) check(ended bool) error {
	switch {
	case v.read > v.size:
		return fmt.Errorf("reading %s: more than its %d bytes: %w", v.want, v.size, errMismatch)
	case !ended:
		return nil
	case v.read < v.size:
		return fmt.Errorf("reading %s: it ends after %d of %d bytes: %w", v.want, v.read, v.size, io.ErrUnexpectedEOF)
	}
	if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.want.Hex {
		return fmt.Errorf("reading %s: its digest is %s:%s: %w", v.want, v.want.Algorithm, got, errMismatch)
	}
	return nil
}

// copyContext copies until r ends or the context is cancelled.
func copyContext(ctx context.Context, w io.Writer, r io.Reader) error {
	buf := make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}
