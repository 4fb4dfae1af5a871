package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// maxIndexDepth bounds indexes within indexes.
const maxIndexDepth = 4

// manifestFor reads the manifest of desc, going through indexes to the child
// for a machine. It returns the child's descriptor, with its media type.
func (c *Client) manifestFor(ctx context.Context, arch lambda.Arch, src source, desc v1.Descriptor) (*v1.Manifest, v1.Descriptor, error) {
	for range maxIndexDepth {
		raw, err := src.manifest(ctx, desc)
		if err != nil {
			return nil, desc, err
		}
		if desc.MediaType, err = manifestType(raw); err != nil {
			return nil, desc, err
		}
		desc.Size = int64(len(raw))
		if desc.MediaType.IsImage() {
			m, err := v1.ParseManifest(bytes.NewReader(raw))
			return m, desc, err
		}
		idx, err := v1.ParseIndexManifest(bytes.NewReader(raw))
		if err != nil {
			return nil, desc, err
		}
		if desc, err = child(idx.Manifests, arch); err != nil {
			return nil, desc, err
		}
	}
	return nil, desc, errors.New("its indexes are nested too deeply")
}

// manifestType returns the media type of a manifest or index. OCI lets both
// leave it out, and then their members tell.
func manifestType(raw []byte) (types.MediaType, error) {
	var m struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     types.MediaType `json:"mediaType"`
		Manifests     json.RawMessage `json:"manifests"`
		Layers        json.RawMessage `json:"layers"`
		Config        v1.Descriptor   `json:"config"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("reading its manifest: %w", err)
	}
	switch {
	case m.SchemaVersion == 1:
		return "", hint.Errorf("pull it and push it again with a present-day tool", "its manifest is of the old schema 1, which cannot be built on")
	case m.MediaType.IsImage() || m.MediaType.IsIndex():
		return m.MediaType, nil
	case m.MediaType != "":
		return "", fmt.Errorf("its manifest is of the type %q, which is no image", m.MediaType)
	case m.Manifests != nil:
		return types.OCIImageIndex, nil
	case m.Layers != nil && m.Config.MediaType == types.DockerConfigJSON:
		return types.DockerManifestSchema2, nil
	case m.Layers != nil:
		return types.OCIManifestSchema1, nil
	}
	return "", errors.New("its manifest is neither of an image nor of an index")
}

// child chooses the image of an index for linux and a machine.
func child(all []v1.Descriptor, arch lambda.Arch) (v1.Descriptor, error) {
	var platforms []string
	var unnamed []v1.Descriptor
	windows := len(all) > 0
	for _, d := range all {
		switch {
		case isAttestation(d):
			continue
		case d.Platform == nil:
			unnamed = append(unnamed, d)
			windows = false
			continue
		case d.Platform.OS == "linux" && d.Platform.Architecture == arch.OCI():
			return d, nil
		}
		windows = windows && d.Platform.OS == "windows"
		if p := d.Platform.OS + "/" + d.Platform.Architecture; !slices.Contains(platforms, p) {
			platforms = append(platforms, p)
		}
	}
	if len(platforms) == 0 && len(unnamed) == 1 {
		return unnamed[0], nil // its config tells
	}
	if windows && len(platforms) > 0 {
		return v1.Descriptor{}, errors.New("it is a Windows image, and Lambda runs Linux")
	}
	if len(platforms) == 0 {
		return v1.Descriptor{}, errors.New("its index names no platforms")
	}
	return v1.Descriptor{}, hint.Errorf("name a base for "+arch.OCI()+", or choose its machine with --arch",
		"it is for %s, and the target is linux/%s", strings.Join(platforms, ", "), arch.OCI())
}

// isAttestation reports whether an index's entry is what BuildKit adds for
// provenance ("Attestation storage" of its documentation).
func isAttestation(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" ||
		(d.Platform != nil && d.Platform.OS == "unknown")
}
