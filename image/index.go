package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
)

// annotationRefName is the key under which a layout's index names an image
// (OCI Image Format Specification 1.1, "Annotations").
const annotationRefName = "org.opencontainers.image.ref.name"

// maxJSON bounds manifests, indexes and configs that are read into memory. The
// distribution specification lets registries refuse manifests above 4 MiB.
const maxJSON = 8 << 20

// index reads the layout's entry point. Where there is none it is empty.
func (s *store) index() (*v1.IndexManifest, error) {
	empty := &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	info, err := os.Stat(s.path("index.json"))
	if errors.Is(err, os.ErrNotExist) {
		return empty, nil
	}
	if err == nil && info.Size() > maxJSON {
		err = fmt.Errorf("it is larger than %d bytes", maxJSON)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", s.path("index.json"), err)
	}
	data, err := os.ReadFile(s.path("index.json"))
	if err != nil {
		return nil, err
	}
	idx, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading %s: it is not an index: %w", s.path("index.json"), err)
	}
	return idx, nil
}

// setName makes the index name desc, and replaces what had the name. Other
// entries stay. It takes its turn among other processes that do the same.
func (s *store) setName(name string, desc v1.Descriptor) error {
	unlock, err := lockedfile.MutexAt(s.path("oci-layout")).Lock()
	if err != nil {
		return err
	}
	defer unlock()
	idx, err := s.index()
	if err != nil {
		return err
	}
	desc.Annotations = map[string]string{annotationRefName: name}
	var kept []v1.Descriptor
	at := -1
	for _, d := range idx.Manifests {
		if d.Annotations[annotationRefName] != name {
			kept = append(kept, d)
			continue
		}
		if at < 0 {
			at = len(kept)
			kept = append(kept, desc)
		}
	}
	if at < 0 {
		kept = append(kept, desc)
	}
	idx.Manifests = kept
	text, err := json.MarshalIndent(idx, "", "  ")
	if err != nil {
		return err
	}
	path := s.path("index.json")
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, append(text, '\n')) {
		return nil
	}
	return atomicfile.WriteFile(filepath.Clean(path), append(text, '\n'), 0o644)
}

// lookup returns the descriptor that the index has under a name or digest. An
// empty name stands for the only image.
func (s *store) lookup(name string) (v1.Descriptor, error) {
	idx, err := s.index()
	if err != nil {
		return v1.Descriptor{}, err
	}
	if name == "" && len(idx.Manifests) == 1 {
		return idx.Manifests[0], nil
	}
	var names []string
	for _, d := range idx.Manifests {
		ref := d.Annotations[annotationRefName]
		if (name != "" && ref == name) || d.Digest.String() == name {
			return d, nil
		}
		if ref == "" {
			ref = d.Digest.String()
		}
		names = append(names, ref)
	}
	return v1.Descriptor{}, &notInLayoutError{s.dir, name, names}
}

// notInLayoutError says that a layout has no image of a name.
type notInLayoutError struct {
	dir, name string
	names     []string
}

func (e *notInLayoutError) Error() string {
	switch {
	case len(e.names) == 0:
		return fmt.Sprintf("the OCI image layout %s holds no image", e.dir)
	case e.name == "":
		return fmt.Sprintf("the OCI image layout %s holds %d images, and no name says which: %q", e.dir, len(e.names), e.names)
	}
	return fmt.Sprintf("the OCI image layout %s has no image named %s; it has %q", e.dir, e.name, e.names)
}
