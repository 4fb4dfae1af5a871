package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/internal/hint"
)

// Tarball is a file for docker load, podman load and skopeo.
type Tarball struct {
	Path string
	// Tag is what the engine will name the image, like hello:latest. There is
	// no default: an image without a name would be lost in the engine.
	Tag string
}

type tarballSink struct {
	path string
	tag  name.Tag
	file *atomicfile.File
}

func newTarballSink(t Tarball) (*tarballSink, error) {
	tag, err := engineTag(t.Tag)
	if err != nil {
		return nil, writing(t.Path, err)
	}
	return &tarballSink{path: t.Path, tag: tag}, nil
}

func engineTag(s string) (name.Tag, error) {
	if s == "" {
		return name.Tag{}, hint.Errorf("give it a tag, like hello:latest", "there is no tag that the engine could name it by")
	}
	tag, err := name.NewTag(s)
	if err != nil {
		return tag, hint.Errorf("write it as NAME:TAG", "reading the tag %q: %w", s, err)
	}
	return tag, nil
}

func (s *tarballSink) stage(ctx context.Context, img *Image) (err error) {
	if s.file, err = atomicfile.Create(s.path); err != nil {
		return writing(s.path, err)
	}
	return writing(s.path, writeTarball(ctx, s.file, img, s.tag))
}

func (s *tarballSink) commit(context.Context, *Image) (Reference, error) {
	return Reference{Kind: KindTarball, Name: s.path}, s.file.Commit(0o644)
}

func (s *tarballSink) discard() {
	if s.file != nil {
		s.file.Discard()
	}
}

// writeTarball writes what docker save does since version 25: an OCI image
// layout in a tar, and beside its index the manifest.json that older engines
// and podman read. The bytes depend on the image and the tag alone.
func writeTarball(ctx context.Context, w io.Writer, img *Image, tag name.Tag) error {
	tw := tar.NewWriter(w)
	small := func(name string, value any) error {
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return tarFile(ctx, tw, name, int64(len(data)), bytes.NewReader(data))
	}
	if err := small("oci-layout", json.RawMessage(layoutVersion)); err != nil {
		return err
	}
	if err := small("index.json", tarballIndex(img, tag)); err != nil {
		return err
	}
	if err := small("manifest.json", tarballManifest(img, tag)); err != nil {
		return err
	}
	manifest := memoryBlob(img.manifest, img.mediaType)
	for _, b := range append([]blob{manifest}, img.blobs()...) {
		if err := tarBlob(ctx, tw, b); err != nil {
			return err
		}
	}
	return tw.Close()
}

func blobName(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }

func tarBlob(ctx context.Context, tw *tar.Writer, b blob) error {
	r, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	return tarFile(ctx, tw, blobName(b.desc.Digest), b.desc.Size, r)
}

func tarFile(ctx context.Context, tw *tar.Writer, name string, size int64, r io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, Format: tar.FormatUSTAR}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	return copyContext(ctx, tw, r)
}

// tarballIndex names the image as docker save does, for containerd and others.
func tarballIndex(img *Image, tag name.Tag) *v1.IndexManifest {
	desc := img.descriptor()
	desc.Annotations = map[string]string{
		"io.containerd.image.name": strings.Replace(tag.Name(), name.DefaultRegistry+"/", "docker.io/", 1),
		annotationRefName:          tag.TagStr(),
	}
	return &v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{desc}}
}

// tarballManifest is the list of images of Docker's image specification 1.2.
func tarballManifest(img *Image, tag name.Tag) any {
	var layers []string
	for _, l := range img.layers {
		layers = append(layers, blobName(l.desc.Digest))
	}
	short := tag.String()
	if !strings.HasSuffix(short, ":"+tag.TagStr()) {
		short = fmt.Sprintf("%s:%s", short, tag.TagStr())
	}
	return []map[string]any{{
		"Config":   blobName(img.config.desc.Digest),
		"RepoTags": []string{short},
		"Layers":   layers,
	}}
}

// tempTarball writes a tarball that the caller removes.
func (c *Client) tempTarball(ctx context.Context, img *Image, tag name.Tag) (string, error) {
	f, err := c.spool()
	if err != nil {
		return "", err
	}
	err = writeTarball(ctx, f, img, tag)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
