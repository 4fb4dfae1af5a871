package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// registrySource is a repository, with the store before it.
type registrySource struct {
	c   *Client
	ref name.Reference
	*store
}

// registryBase resolves a reference and reads its image. By digest it asks the
// registry only for what the store lacks.
func (c *Client) registryBase(ctx context.Context, b *Base, given string) error {
	ref, err := c.parse(given)
	if err != nil {
		return err
	}
	s, err := c.openStore()
	if err != nil {
		return err
	}
	b.Name = ref.Name()
	src := registrySource{c, ref, s}
	desc, err := src.resolve(ctx)
	if err != nil {
		return explain(err, ref)
	}
	if err := c.load(ctx, b, src, desc, ref); err != nil {
		return explain(err, ref)
	}
	if c.opts.Offline {
		return nil
	}
	return s.setName(ref.Name(), desc)
}

// resolve returns the descriptor of the reference.
func (s registrySource) resolve(ctx context.Context) (v1.Descriptor, error) {
	if s.c.opts.Offline {
		desc, err := s.cached()
		var missing *notInLayoutError
		if errors.As(err, &missing) {
			return desc, hint.Errorf("build once without --offline", "the cache does not have it, and --offline forbids asking %s", s.ref.Context().RegistryStr())
		}
		return desc, err
	}
	if d, ok := s.ref.(name.Digest); ok {
		if desc, err := s.lookup(s.ref.Name()); err == nil {
			return desc, nil
		}
		return s.get(ctx, d)
	}
	puller, err := s.c.pull()
	if err != nil {
		return v1.Descriptor{}, err
	}
	desc, err := puller.Head(ctx, s.ref)
	if err != nil {
		// Some registries know no HEAD, and its answer has no body that says why.
		return s.get(ctx, s.ref)
	}
	return v1.Descriptor{MediaType: desc.MediaType, Size: desc.Size, Digest: desc.Digest}, nil
}

// cached looks the reference up in the store, by name or by its digest.
func (s registrySource) cached() (v1.Descriptor, error) {
	desc, err := s.lookup(s.ref.Name())
	if d, ok := s.ref.(name.Digest); ok && err != nil {
		if h, herr := v1.NewHash(d.DigestStr()); herr == nil {
			if data, rerr := s.read(h, maxJSON); rerr == nil {
				return v1.Descriptor{Digest: h, Size: int64(len(data))}, nil
			}
		}
	}
	return desc, err
}

// get asks for a manifest and stores it.
func (s registrySource) get(ctx context.Context, ref name.Reference) (v1.Descriptor, error) {
	puller, err := s.c.pull()
	if err != nil {
		return v1.Descriptor{}, err
	}
	got, err := puller.Get(ctx, ref)
	if err != nil {
		return v1.Descriptor{}, err
	}
	if len(got.Manifest) > maxJSON {
		return v1.Descriptor{}, fmt.Errorf("its manifest has %d bytes, more than the %d that are read", len(got.Manifest), maxJSON)
	}
	h, err := s.putBytes(ctx, got.Manifest)
	return v1.Descriptor{MediaType: got.MediaType, Size: int64(len(got.Manifest)), Digest: h}, err
}

func (s registrySource) manifest(ctx context.Context, desc v1.Descriptor) ([]byte, error) {
	data, err := s.read(desc.Digest, maxJSON)
	if err == nil || s.c.opts.Offline {
		return data, s.offline(err)
	}
	if _, err := s.get(ctx, s.ref.Context().Digest(desc.Digest.String())); err != nil {
		return nil, err
	}
	return s.read(desc.Digest, maxJSON)
}

// open fetches a blob into the store, unless it is there, and opens it.
func (s registrySource) open(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	if !s.has(desc.Digest, desc.Size) {
		if s.c.opts.Offline {
			return nil, s.offline(fmt.Errorf("%s: %w", desc.Digest, fs.ErrNotExist))
		}
		_, err := s.c.blobs.get(desc.Digest.String(), func() (struct{}, error) {
			return struct{}{}, s.fetch(ctx, desc)
		})
		if err != nil {
			return nil, explain(fmt.Errorf("downloading from %s: %w", s.ref.Context(), err), s.ref)
		}
	}
	return s.openBlob(desc.Digest, desc.Size)
}

func (s registrySource) offline(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hint.Errorf("build once without --offline", "the cache does not have all of it: %w", err)
	}
	return err
}

// fetch downloads a blob. What the registry refuses has been tried again by
// the transport; a body that breaks off is tried again here.
func (s registrySource) fetch(ctx context.Context, desc v1.Descriptor) error {
	puller, err := s.c.pull()
	if err != nil {
		return err
	}
	s.c.progress.add(Download, 0, desc.Size)
	return s.c.retry.do(ctx, func() error {
		layer, err := puller.Layer(ctx, s.ref.Context().Digest(desc.Digest.String()))
		if err != nil {
			return err
		}
		body, err := layer.Compressed()
		if err != nil {
			return final(err)
		}
		r := &counted{ReadCloser: body, p: &s.c.progress, d: Download}
		if err := s.put(ctx, desc.Digest, desc.Size, r); err != nil {
			r.undo()
			return err
		}
		return nil
	})
}

// finalError has been tried often enough.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

func final(err error) error {
	var answer *transport.Error
	if errors.As(err, &answer) {
		return finalError{err}
	}
	return err
}
