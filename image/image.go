package image

import (
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// maxManifest is the size in bytes that Lambda accepts of a manifest (reported;
// the AWS Lambda Developer Guide is silent).
const maxManifest = 25_400

// Image is an image that is complete but for being written anywhere.
type Image struct {
	// Digest is that of the manifest, "sha256:...".
	Digest string
	// Size is the sum of the manifest, the config and all layers in bytes, as
	// registries count it.
	Size int64
	// Base is what it stands on.
	Base *Base

	mediaType types.MediaType
	manifest  []byte
	config    blob
	layers    []blob
}

// assemble writes the config and the manifest.
func assemble(base *Base, added []addedLayer, opts Options) (*Image, error) {
	img := &Image{Base: base, mediaType: base.manifest, layers: append([]blob(nil), base.layers...)}
	for _, a := range added {
		img.layers = append(img.layers, a.blob)
	}
	notes := annotations(base, opts)
	config, err := json.Marshal(newConfig(base, added, notes, opts))
	if err != nil {
		return nil, err
	}
	configType := types.OCIConfigJSON
	if base.manifest == types.DockerManifestSchema2 {
		configType = types.DockerConfigJSON
		notes = nil // its manifests have no annotations; the labels say it all
	}
	img.config = memoryBlob(config, configType)
	m := v1.Manifest{SchemaVersion: 2, MediaType: base.manifest, Config: img.config.desc, Layers: []v1.Descriptor{}, Annotations: notes}
	for _, l := range img.layers {
		m.Layers = append(m.Layers, l.desc)
		img.Size += l.desc.Size
	}
	if img.manifest, err = json.Marshal(m); err != nil {
		return nil, err
	}
	if len(img.manifest) > maxManifest {
		return nil, hint.Errorf("name a base with fewer layers", "the manifest has %d bytes, and Lambda takes at most %d; the base has %d layers", len(img.manifest), maxManifest, len(base.layers))
	}
	img.Size += int64(len(img.manifest) + len(config))
	img.Digest = hashOf(img.manifest).String()
	return img, nil
}

// MediaType returns the manifest's media type.
func (img *Image) MediaType() (types.MediaType, error) { return img.mediaType, nil }

// RawManifest returns the manifest's bytes, whose digest is the image's.
func (img *Image) RawManifest() ([]byte, error) { return img.manifest, nil }

// descriptor is what an index says of the image.
func (img *Image) descriptor() v1.Descriptor {
	return v1.Descriptor{
		MediaType: img.mediaType, Size: int64(len(img.manifest)), Digest: hashOf(img.manifest),
		Platform: &v1.Platform{OS: "linux", Architecture: img.Base.arch.OCI(), Variant: img.Base.config.Variant},
	}
}

// blobs are all but the manifest, each once.
func (img *Image) blobs() []blob {
	seen := map[v1.Hash]bool{}
	var all []blob
	for _, b := range append([]blob{img.config}, img.layers...) {
		if !seen[b.desc.Digest] {
			seen[b.desc.Digest] = true
			all = append(all, b)
		}
	}
	return all
}
