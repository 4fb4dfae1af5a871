package image

import (
	"context"
	"fmt"
)

// Layout is an OCI image layout, a directory.
type Layout struct {
	// Dir is made where it is missing. Other images in it stay.
	Dir string
	// Name is the image's name in the index, and replaces an earlier one of
	// that name. Empty: "latest".
	Name string
}

type layoutSink struct {
	Layout
	store *store
}

func newLayoutSink(l Layout) *layoutSink {
	if l.Name == "" {
		l.Name = "latest"
	}
	return &layoutSink{Layout: l}
}

func (s *layoutSink) ref() string { return fmt.Sprintf("oci:%s:%s", s.Dir, s.Name) }

// stage writes the blobs that the layout lacks.
func (s *layoutSink) stage(ctx context.Context, img *Image) (err error) {
	if s.store, err = openStore(s.Dir); err != nil {
		return writing(s.ref(), err)
	}
	for _, b := range img.blobs() {
		if s.store.has(b.desc.Digest, b.desc.Size) {
			continue
		}
		r, err := b.open(ctx)
		if err == nil {
			err = s.store.put(ctx, b.desc.Digest, b.desc.Size, r)
		}
		if err != nil {
			return writing(s.ref(), err)
		}
	}
	_, err = s.store.putBytes(ctx, img.manifest)
	return writing(s.ref(), err)
}

func (s *layoutSink) commit(_ context.Context, img *Image) (Reference, error) {
	return Reference{Kind: KindLayout, Name: s.ref()}, writing(s.ref(), s.store.setName(s.Name, img.descriptor()))
}

func (s *layoutSink) discard() {}
