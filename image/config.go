package image

import (
	"bytes"
	"context"
	"io"
	"maps"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/lambda"
)

// Keys of the OCI Image Format Specification 1.1, "Pre-Defined Annotation
// Keys", and of "Activating SnapStart" in the AWS Lambda Developer Guide.
const (
	keySource     = "org.opencontainers.image.source"
	keyRevision   = "org.opencontainers.image.revision"
	keyBaseName   = "org.opencontainers.image.base.name"
	keyBaseDigest = "org.opencontainers.image.base.digest"

	labelSnapStart = "com.amazonaws.lambda.feature.snapstart"
)

// annotations say where the image comes from. They hold no local path, so that
// the digest is the same everywhere.
func annotations(base *Base, opts Options) map[string]string {
	notes := map[string]string{
		keySource:     opts.Source,
		keyRevision:   opts.Revision,
		keyBaseName:   base.Name,
		keyBaseDigest: base.Digest,
	}
	maps.DeleteFunc(notes, func(_, value string) bool { return value == "" })
	return notes
}

// newConfig is the base's config with what makes it a function. Its
// environment, user and working directory stay.
func newConfig(base *Base, added []addedLayer, labels map[string]string, opts Options) *v1.ConfigFile {
	cf := base.config.DeepCopy()
	created := v1.Time{Time: time.Unix(0, 0).UTC()}
	if !opts.Created.IsZero() {
		created.Time = opts.Created.UTC().Truncate(time.Second)
	}
	cf.Created = created
	// These tell of the machine that the base was built on.
	cf.Container, cf.Author = "", ""
	//lint:ignore SA1019 bases have it
	cf.DockerVersion = ""
	cf.Config.Image, cf.Config.Hostname, cf.Config.OnBuild = "", "", nil

	cf.RootFS.DiffIDs = nil
	cf.History = baseHistory(base)
	for _, l := range base.layers {
		cf.RootFS.DiffIDs = append(cf.RootFS.DiffIDs, l.diffID)
	}
	for _, a := range added {
		cf.RootFS.DiffIDs = append(cf.RootFS.DiffIDs, a.diffID)
		cf.History = append(cf.History, v1.History{Created: created, CreatedBy: a.createdBy})
	}
	setStart(&cf.Config, opts)
	setLabels(&cf.Config, labels, opts)
	return cf
}

func setStart(c *v1.Config, opts Options) {
	if c.WorkingDir == "" {
		c.WorkingDir = lambda.TaskRoot
	}
	c.Cmd = []string{opts.Handler}
	if opts.Entrypoint {
		c.Entrypoint, c.Cmd = []string{lambda.TaskRoot + "/" + lambda.Bootstrap}, nil
	}
}

// setLabels drops what the base says of its own source, which is not ours.
func setLabels(c *v1.Config, labels map[string]string, opts Options) {
	for _, key := range []string{keySource, keyRevision, keyBaseName, keyBaseDigest} {
		delete(c.Labels, key)
	}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	maps.Copy(c.Labels, labels)
	if opts.SnapStart {
		c.Labels[labelSnapStart] = "Allow"
	}
}

// baseHistory is the base's, where it tells of every layer as it should. Where
// not, a line for each layer stands in: Lambda is reported to need them.
func baseHistory(base *Base) []v1.History {
	layers := 0
	for _, h := range base.config.History {
		if !h.EmptyLayer {
			layers++
		}
	}
	if layers == len(base.layers) {
		return append([]v1.History(nil), base.config.History...)
	}
	made := make([]v1.History, len(base.layers))
	for i := range made {
		made[i] = v1.History{Created: v1.Time{Time: time.Unix(0, 0).UTC()}, CreatedBy: "base image"}
	}
	return made
}

// memoryBlob is a blob that is small enough to be kept.
func memoryBlob(data []byte, mediaType types.MediaType) blob {
	return blob{
		desc: v1.Descriptor{MediaType: mediaType, Size: int64(len(data)), Digest: hashOf(data)},
		open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}
