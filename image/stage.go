package image

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// Sinks says where an image goes, any number of places at once.
type Sinks struct {
	// Push are repositories of registries, as REPOSITORY or REPOSITORY:TAG;
	// without a tag it is latest.
	Push     []string
	Layouts  []Layout
	Tarballs []Tarball
	Local    []Local
}

// Kind is a kind of sink.
type Kind string

// The kinds of sinks.
const (
	KindRegistry Kind = "registry"
	KindLayout   Kind = "oci-layout"
	KindTarball  Kind = "tarball"
	KindLocal    Kind = "local"
)

// Reference is where an image can be found.
type Reference struct {
	Kind Kind
	// Name is by digest in a registry, "REPOSITORY@sha256:..."; "oci:DIR:NAME"
	// in a layout; a tarball's path; or the tag in an engine.
	Name string
	// Tag is the registry's full tag that was made to mean the image.
	Tag string
}

// sink is one place. Nothing that stage does is visible at its name.
type sink interface {
	stage(ctx context.Context, img *Image) error
	commit(ctx context.Context, img *Image) (Reference, error)
	discard()
}

// Staged is an image whose contents are at their places, and which has no name
// there yet.
type Staged struct {
	Image *Image

	sinks []sink
}

// Stage brings the contents of an image to the sinks: layers and config are
// uploaded, files written beside their destination. What a sink has already is
// not brought again. A sink that can be seen to be impossible is an error
// before anything is done. On an error, and after [Staged.Discard], no tag, no
// layout's index and no file has changed; blobs without a name may stay, which
// registries remove in time.
func (c *Client) Stage(ctx context.Context, img *Image, to Sinks) (*Staged, error) {
	sinks, err := c.sinks(to)
	if err != nil {
		return nil, err
	}
	s := &Staged{img, sinks}
	for _, sink := range sinks {
		if err := sink.stage(ctx, img); err != nil {
			s.Discard()
			return nil, noSpace(err)
		}
	}
	return s, nil
}

// sinks are in the order of staging: local files first, since a base's layers
// that they need are then there for registries too.
func (c *Client) sinks(to Sinks) (all []sink, err error) {
	for _, l := range to.Layouts {
		all = append(all, newLayoutSink(l))
	}
	for _, t := range to.Tarballs {
		s, err := newTarballSink(t)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	for _, l := range to.Local {
		s, err := newLocalSink(c, l)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	for _, p := range to.Push {
		s, err := newPushSink(c, p)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Commit gives the image its name at every sink, registries first, since they
// may fail most. It returns references in the order of the fields of [Sinks].
// After an error the sinks that were named already stay so.
func (s *Staged) Commit(ctx context.Context) ([]Reference, error) {
	defer s.Discard()
	refs := make([]Reference, len(s.sinks))
	var order []int
	for i := len(s.sinks) - 1; i >= 0; i-- {
		order = append(order, i)
	}
	for _, i := range order {
		ref, err := s.sinks[i].commit(ctx, s.Image)
		if err != nil {
			return nil, noSpace(err)
		}
		refs[i] = ref
	}
	pushed := len(refs)
	for pushed > 0 && refs[pushed-1].Kind == KindRegistry {
		pushed--
	}
	return append(refs[pushed:len(refs):len(refs)], refs[:pushed]...), nil
}

// Discard removes what was staged and is not committed.
func (s *Staged) Discard() {
	for _, sink := range s.sinks {
		sink.discard()
	}
}

// noSpace adds to the error of a full disk what to do about it.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return hint.Wrap(err, "free some space, or choose another place for the output, the cache or TMPDIR")
	}
	return err
}

// writing wraps the error of a sink that is a file or a directory.
func writing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("writing the image %s: %w", what, err)
}
