package image

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// Scratch is the reference of the empty base, for static executables.
const Scratch = "scratch"

// Base is an image of one platform to build on.
type Base struct {
	// Name is the full reference of a base that came from a registry, else "".
	Name string
	// Digest is that of the platform's manifest, "sha256:...". A tarball and
	// scratch have none.
	Digest string

	given    string // by the user, for messages
	arch     lambda.Arch
	manifest types.MediaType
	config   v1.ConfigFile
	layers   []blob
}

type baseKey struct {
	ref  string
	arch lambda.Arch
}

// Base finds the image that ref means, for the machine of target:
//   - "", the runtime's own base image;
//   - "scratch", no image at all;
//   - "oci:DIR" or "oci:DIR:NAME", an OCI image layout, NAME being a name or a
//     digest in its index;
//   - "tarball:FILE", or a reference that ends in .tar, what docker save or
//     podman save has written;
//   - anything else, a reference to a registry.
//
// Of an index the image for linux and the target's machine is taken. A layer
// that is not gzip is compressed anew, to the same bytes everywhere. What a
// registry sends is checked against its digest and kept in the cache; a tag is
// asked for anew by each client, and once by each.
func (c *Client) Base(ctx context.Context, ref string, target lambda.Target) (*Base, error) {
	if ref == "" {
		ref = target.Runtime.BaseImage
	}
	return c.bases.get(baseKey{ref, target.Arch}, func() (*Base, error) {
		b, err := c.findBase(ctx, ref, target.Arch)
		if err != nil {
			return nil, noSpace(fmt.Errorf("reading the base image %s: %w", ref, err))
		}
		return b, nil
	})
}

func (c *Client) findBase(ctx context.Context, ref string, arch lambda.Arch) (*Base, error) {
	b := &Base{given: ref, arch: arch}
	if ref == Scratch {
		b.scratch()
		return b, nil
	}
	if dir, ok := strings.CutPrefix(ref, "oci:"); ok {
		return b, c.layoutBase(ctx, b, dir)
	}
	if file, ok := strings.CutPrefix(ref, "tarball:"); ok || strings.HasSuffix(ref, ".tar") {
		return b, c.tarballBase(ctx, b, file)
	}
	return b, c.registryBase(ctx, b, ref)
}

// scratch is an image without layers. Lambda's own environment is all it has.
func (b *Base) scratch() {
	b.manifest = types.OCIManifestSchema1
	b.config = v1.ConfigFile{OS: "linux", Architecture: b.arch.OCI(), RootFS: v1.RootFS{Type: "layers"}}
}

func (b *Base) isScratch() bool { return b.given == Scratch }

// source is where a base's manifests and blobs are.
type source interface {
	// manifest returns the bytes of a manifest or index, checked.
	manifest(ctx context.Context, desc v1.Descriptor) ([]byte, error)
	// open opens a blob, which is checked while it is read.
	open(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error)
}

// load reads the manifest and config of desc, or of its child for the base's
// platform, and describes its layers.
func (c *Client) load(ctx context.Context, b *Base, src source, desc v1.Descriptor, from name.Reference) error {
	m, desc, err := c.manifestFor(ctx, b.arch, src, desc)
	if err != nil {
		return err
	}
	b.Digest, b.manifest = desc.Digest.String(), desc.MediaType
	if !m.Config.MediaType.IsConfig() {
		return fmt.Errorf("it is not a container image: its config is of the type %q", m.Config.MediaType)
	}
	if err := b.readConfig(ctx, src, m.Config); err != nil {
		return err
	}
	if len(m.Layers) == 0 || len(m.Layers) != len(b.config.RootFS.DiffIDs) {
		return fmt.Errorf("it has no layers that can be read: its manifest lists %d, its config %d", len(m.Layers), len(b.config.RootFS.DiffIDs))
	}
	for i, l := range m.Layers {
		layer, err := c.baseLayer(ctx, b, src, l, b.config.RootFS.DiffIDs[i])
		if err != nil {
			return err
		}
		if layer.desc.Digest == l.Digest {
			layer.from = from
		}
		b.layers = append(b.layers, layer)
	}
	return nil
}

func (b *Base) readConfig(ctx context.Context, src source, desc v1.Descriptor) error {
	r, err := src.open(ctx, desc)
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxJSON))
	if err != nil {
		return err
	}
	return b.setConfig(data)
}

// setConfig takes a config, which must be of the base's platform.
func (b *Base) setConfig(data []byte) error {
	if err := json.Unmarshal(data, &b.config); err != nil {
		return fmt.Errorf("reading its config: %w", err)
	}
	switch {
	case b.config.OS == "windows":
		return errors.New("it is a Windows image, and Lambda runs Linux")
	case b.config.OS != "linux" || b.config.Architecture != b.arch.OCI():
		return hint.Errorf("name a base for "+b.arch.OCI()+", or choose its machine with --arch",
			"it is for %s/%s, and the target is linux/%s", b.config.OS, b.config.Architecture, b.arch.OCI())
	}
	return nil
}

// layerType is the media type of the layers that are added.
func (b *Base) layerType() types.MediaType {
	if b.manifest == types.DockerManifestSchema2 {
		return types.DockerLayer
	}
	return types.OCILayer
}

// baseLayer describes a layer, of gzip whatever it was.
func (c *Client) baseLayer(ctx context.Context, b *Base, src source, desc v1.Descriptor, diffID v1.Hash) (blob, error) {
	open := func(ctx context.Context) (io.ReadCloser, error) { return src.open(ctx, desc) }
	switch desc.MediaType {
	case types.DockerLayer, types.OCILayer:
		return blob{
			desc:   v1.Descriptor{MediaType: desc.MediaType, Size: desc.Size, Digest: desc.Digest},
			diffID: diffID,
			open:   open,
		}, nil
	case types.OCILayerZStd, types.OCIUncompressedLayer, types.DockerUncompressedLayer:
		l, err := partial.CompressedToLayer(foreign{ctx, desc, open})
		if err != nil {
			return blob{}, err
		}
		return c.gzipped(ctx, diffID, b.layerType(), l.Uncompressed)
	}
	return blob{}, fmt.Errorf("its layer %s cannot be read: it is of the type %q", desc.Digest, desc.MediaType)
}

// foreign is a layer as go-containerregistry wants it for decompressing.
type foreign struct {
	ctx  context.Context
	desc v1.Descriptor
	from func(context.Context) (io.ReadCloser, error)
}

func (f foreign) Digest() (v1.Hash, error)            { return f.desc.Digest, nil }
func (f foreign) Size() (int64, error)                { return f.desc.Size, nil }
func (f foreign) MediaType() (types.MediaType, error) { return f.desc.MediaType, nil }
func (f foreign) Compressed() (io.ReadCloser, error)  { return f.from(f.ctx) }

// sumOf returns a SHA-256 digest as memos know it; another kind of digest gives
// zeros, which are known to none.
func sumOf(h v1.Hash) (sum pack.Key) {
	if b, err := hex.DecodeString(h.Hex); err == nil && h.Algorithm == "sha256" {
		copy(sum[:], b)
	}
	return sum
}
