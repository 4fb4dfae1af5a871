package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// Runner runs an external program by its argument vector and passes on all
// that it prints. A program that is not installed is an error that wraps
// exec.ErrNotFound.
type Runner func(ctx context.Context, argv []string, output io.Writer) error

// Local is a running container engine on this machine.
type Local struct {
	// Tag is what the engine will name the image, like hello:latest.
	Tag string
	// Engine is the program, docker or podman. Empty: docker, or where that is
	// not installed podman.
	Engine string
}

type localSink struct {
	c      *Client
	tag    name.Tag
	engine []string
	file   string
}

func newLocalSink(c *Client, l Local) (*localSink, error) {
	if c.opts.Runner == nil {
		return nil, errors.New("loading the image into an engine: no runner was given")
	}
	tag, err := engineTag(l.Tag)
	if err != nil {
		return nil, fmt.Errorf("loading the image into an engine: %w", err)
	}
	s := &localSink{c: c, tag: tag, engine: []string{"docker", "podman"}}
	if l.Engine != "" {
		s.engine = []string{l.Engine}
	}
	return s, nil
}

func (s *localSink) stage(ctx context.Context, img *Image) (err error) {
	s.file, err = s.c.tempTarball(ctx, img, s.tag)
	return writing("for the engine", err)
}

// commit has the first engine load it that is installed.
func (s *localSink) commit(ctx context.Context, _ *Image) (Reference, error) {
	ref := Reference{Kind: KindLocal, Name: s.tag.String()}
	for _, engine := range s.engine {
		var said bytes.Buffer
		err := s.c.opts.Runner(ctx, []string{engine, "load", "--input", s.file}, &said)
		switch {
		case errors.Is(err, exec.ErrNotFound):
			continue
		case err != nil:
			return ref, hint.Errorf("see that the engine runs, for example with: "+engine+" info",
				"loading the image into %s: %w: %s", engine, err, strings.TrimSpace(said.String()))
		}
		return ref, nil
	}
	return ref, hint.Errorf("install docker or podman, or write a --tarball",
		"loading the image into an engine: %s is not installed", strings.Join(s.engine, " or "))
}

func (s *localSink) discard() {
	if s.file != "" {
		os.Remove(s.file)
		s.file = ""
	}
}
