package image

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

// blob is a layer or config on its way: what its descriptor says, and how to
// get at its content, which is checked while it is read.
type blob struct {
	desc   v1.Descriptor
	diffID v1.Hash // of a layer
	open   func(ctx context.Context) (io.ReadCloser, error)
	// from is where a registry has it, for another repository of the same
	// registry to mount it; nil where no registry is known to have it.
	from name.Reference
}

// packed is a layer of a package. It is compressed when its content is asked
// for, or when its digest is not known from an earlier run.
type packed struct {
	c     *Client
	layer *pack.Layer

	key  pack.Key
	gz   pack.Gzipped
	mu   sync.Mutex
	file string // with the compressed bytes, once there are any
}

// packLayer returns the blob of a layer, of the media type given.
func (c *Client) packLayer(ctx context.Context, l *pack.Layer, mediaType types.MediaType) (blob, error) {
	p := &packed{c: c, layer: l}
	ok := false
	if c.memos() != "" {
		key, err := l.Key(ctx)
		if err != nil {
			return blob{}, err
		}
		p.key = key
		p.gz, ok = pack.RecallGzip(c.memos(), key)
	}
	if !ok {
		gz, err := p.compress(ctx)
		if err != nil {
			return blob{}, err
		}
		p.gz = gz
		pack.RememberGzip(c.memos(), p.key, gz)
	}
	return blob{
		desc:   v1.Descriptor{MediaType: mediaType, Size: p.gz.Size, Digest: sha256Hash(p.gz.Digest)},
		diffID: sha256Hash(p.gz.DiffID),
		open:   p.open,
	}, nil
}

// open returns the compressed bytes. Where an earlier run was wrong about
// them, the memory of it is deleted, since the digest is in a manifest by now.
func (p *packed) open(ctx context.Context) (io.ReadCloser, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == "" {
		want := p.gz
		got, err := p.compress(ctx)
		if err != nil {
			return nil, err
		}
		if got != want {
			pack.ForgetGzip(p.c.memos(), p.key)
			return nil, hint.Errorf("build again", "compressing a layer: it was remembered to become sha256:%x and becomes sha256:%x", want.Digest, got.Digest)
		}
	}
	f, err := os.Open(p.file)
	if err != nil {
		return nil, err
	}
	return verified(f, sha256Hash(p.gz.Digest), p.gz.Size)
}

func (p *packed) compress(ctx context.Context) (gz pack.Gzipped, err error) {
	f, err := p.c.spool()
	if err != nil {
		return gz, err
	}
	gz, err = p.layer.WriteGzip(ctx, f, p.c.opts.Pool)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return gz, err
	}
	p.file = f.Name()
	return gz, nil
}

// gzipped converts a base's layer that is not gzip: the tar is unpacked to a
// file, checked against its diff ID, and compressed like a layer of ours. The
// result is kept in the store.
func (c *Client) gzipped(ctx context.Context, diffID v1.Hash, mediaType types.MediaType, open func() (io.ReadCloser, error)) (blob, error) {
	s, err := c.openStore()
	if err != nil {
		return blob{}, err
	}
	gz, ok := pack.RecallGzip(c.memos(), sumOf(diffID))
	if !ok || !s.has(sha256Hash(gz.Digest), gz.Size) {
		if gz, err = c.regzip(ctx, s, diffID, open); err != nil {
			return blob{}, err
		}
		pack.RememberGzip(c.memos(), sumOf(diffID), gz)
	}
	h := sha256Hash(gz.Digest)
	return blob{
		desc:   v1.Descriptor{MediaType: mediaType, Size: gz.Size, Digest: h},
		diffID: diffID,
		open:   func(context.Context) (io.ReadCloser, error) { return s.openBlob(h, gz.Size) },
	}, nil
}

func (c *Client) regzip(ctx context.Context, s *store, diffID v1.Hash, open func() (io.ReadCloser, error)) (gz pack.Gzipped, err error) {
	plain, err := c.spool()
	if err != nil {
		return gz, err
	}
	defer os.Remove(plain.Name())
	defer plain.Close()
	r, err := open()
	if err != nil {
		return gz, err
	}
	defer r.Close()
	if err := copyContext(ctx, plain, r); err != nil {
		return gz, err
	}
	size, err := plain.Seek(0, io.SeekCurrent)
	if err != nil {
		return gz, err
	}
	zip, err := c.spool()
	if err != nil {
		return gz, err
	}
	defer os.Remove(zip.Name())
	defer zip.Close()
	if gz, err = pack.Gzip(ctx, zip, plain, size, c.opts.Pool); err != nil {
		return gz, err
	}
	if got := sha256Hash(gz.DiffID); got != diffID {
		return gz, errors.Join(errMismatch, errors.New("the layer "+diffID.String()+" unpacks to "+got.String()))
	}
	if _, err := zip.Seek(0, io.SeekStart); err != nil {
		return gz, err
	}
	return gz, s.put(ctx, sha256Hash(gz.Digest), gz.Size, zip)
}
