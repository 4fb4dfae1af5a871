package image

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// pushSink is a tag in a registry.
type pushSink struct {
	c   *Client
	tag name.Tag
	// current is true where the tag means the image already.
	current bool
}

func newPushSink(c *Client, to string) (*pushSink, error) {
	ref, err := c.parse(to)
	if err != nil {
		return nil, err
	}
	tag, ok := ref.(name.Tag)
	if !ok {
		return nil, hint.Errorf("name a repository, or a tag in it", "pushing to %s: it is a digest, which the image's content decides", to)
	}
	if c.opts.Offline {
		return nil, hint.Errorf("leave one of them out", "pushing to %s: --offline forbids it", to)
	}
	return &pushSink{c: c, tag: tag}, nil
}

func (s *pushSink) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("pushing to %s: %w", s.tag, explain(err, s.tag))
}

// stage uploads what the repository lacks, and looks meanwhile what the tag
// means now.
func (s *pushSink) stage(ctx context.Context, img *Image) error {
	pusher, err := s.c.push()
	if err != nil {
		return s.wrap(err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.c.opts.Jobs + 1)
	g.Go(func() error {
		s.current = s.means(ctx, img)
		return nil
	})
	for _, b := range img.blobs() {
		g.Go(func() error {
			err := pusher.Upload(ctx, s.tag.Context(), s.layer(ctx, b))
			if err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		})
	}
	return s.wrap(g.Wait())
}

// means reports whether the tag is at the image. What cannot be found out
// counts as no: if it matters, the upload says it better.
func (s *pushSink) means(ctx context.Context, img *Image) bool {
	puller, err := s.c.pull()
	if err != nil {
		return false
	}
	desc, err := puller.Head(ctx, s.tag)
	return err == nil && desc.Digest.String() == img.Digest
}

// commit moves the tag, by putting the manifest there. So an interrupted push
// has moved none.
func (s *pushSink) commit(ctx context.Context, img *Image) (Reference, error) {
	ref := Reference{KindRegistry, s.tag.Context().Digest(img.Digest).String(), s.tag.Name()}
	if s.current {
		return ref, nil
	}
	pusher, err := s.c.push()
	if err != nil {
		return ref, s.wrap(err)
	}
	return ref, s.wrap(pusher.Put(ctx, s.tag, img))
}

func (s *pushSink) discard() {}

// layer returns a blob for uploading. A base's layer that another repository
// of the same registry has can be mounted from there.
func (s *pushSink) layer(ctx context.Context, b blob) v1.Layer {
	l := &upload{ctx: ctx, blob: b, progress: &s.c.progress}
	if b.from == nil || b.from.Context().RegistryStr() != s.tag.RegistryStr() {
		return l
	}
	return &remote.MountableLayer{Layer: l, Reference: b.from}
}

// upload is a blob as go-containerregistry uploads it. Its content is asked
// for only where the registry lacks it, and again for another attempt.
type upload struct {
	ctx      context.Context
	blob     blob
	progress *progress
	last     *counted
}

func (u *upload) Digest() (v1.Hash, error)            { return u.blob.desc.Digest, nil }
func (u *upload) DiffID() (v1.Hash, error)            { return u.blob.diffID, nil }
func (u *upload) Size() (int64, error)                { return u.blob.desc.Size, nil }
func (u *upload) MediaType() (types.MediaType, error) { return u.blob.desc.MediaType, nil }

func (u *upload) Uncompressed() (io.ReadCloser, error) {
	return nil, errors.New("only compressed layers are uploaded")
}

func (u *upload) Compressed() (io.ReadCloser, error) {
	r, err := u.blob.open(u.ctx)
	if err != nil {
		return nil, err
	}
	if u.last == nil {
		u.progress.add(Upload, 0, u.blob.desc.Size)
	} else {
		u.last.undo()
	}
	u.last = &counted{ReadCloser: r, p: u.progress, d: Upload}
	return u.last, nil
}
