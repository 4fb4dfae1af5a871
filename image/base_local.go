package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// layoutSource is an OCI image layout.
type layoutSource struct{ *store }

func (s layoutSource) manifest(_ context.Context, desc v1.Descriptor) ([]byte, error) {
	data, err := s.read(desc.Digest, maxJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the layout lists the manifest %s and does not hold it", desc.Digest)
	}
	return data, err
}

func (s layoutSource) open(_ context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	r, err := s.openBlob(desc.Digest, desc.Size)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the layout does not hold %s", desc.Digest)
	}
	return r, err
}

// layoutBase reads DIR or DIR:NAME. A directory may have a colon in its path
// too, as those of Windows do, so the longest that is one counts.
func (c *Client) layoutBase(ctx context.Context, b *Base, where string) error {
	dir, ref := where, ""
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		for i := range where {
			if where[i] != ':' {
				continue
			}
			if info, err := os.Stat(where[:i]); err == nil && info.IsDir() {
				dir, ref = where[:i], where[i+1:]
				break
			}
		}
	}
	s, err := existingStore(filepath.Clean(dir))
	if err != nil {
		return err
	}
	desc, err := s.lookup(ref)
	if err != nil {
		return err
	}
	return c.load(ctx, b, layoutSource{s}, desc, nil)
}

// tarballBase reads what docker save has written. Its layers have no digest
// that a registry would know, so they are compressed as ours are.
func (c *Client) tarballBase(ctx context.Context, b *Base, file string) error {
	file = strings.TrimPrefix(file, "tarball:")
	opener := func() (io.ReadCloser, error) { return os.Open(file) }
	if _, err := os.Stat(file); err != nil {
		return err
	}
	all, err := tarball.LoadManifest(opener)
	switch {
	case err != nil:
		return hint.Errorf("unpack an OCI archive, and name its directory as oci:DIR", "it is not what docker save writes: %w", err)
	case len(all) != 1:
		return hint.Errorf("save one image", "the tarball holds %d images", len(all))
	}
	img, err := tarball.Image(opener, nil)
	if err != nil {
		return err
	}
	data, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	if err := b.setConfig(data); err != nil {
		return err
	}
	if len(b.config.RootFS.DiffIDs) == 0 {
		return errors.New("it has no layers that can be read")
	}
	b.manifest = types.DockerManifestSchema2
	for _, id := range b.config.RootFS.DiffIDs {
		layer, err := c.gzipped(ctx, id, b.layerType(), func() (io.ReadCloser, error) {
			l, err := img.LayerByDiffID(id)
			if err != nil {
				return nil, err
			}
			return l.Uncompressed()
		})
		if err != nil {
			return err
		}
		b.layers = append(b.layers, layer)
	}
	return nil
}
