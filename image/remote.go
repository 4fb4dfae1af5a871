package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// remoteOptions are the same for reading and writing.
func (c *Client) remoteOptions() []remote.Option {
	opts := []remote.Option{
		remote.WithAuthFromKeychain(c.opts.Keychain),
		remote.WithTransport(blips{c.opts.Transport, c.retry.first / 5}),
		remote.WithRetryBackoff(c.retry.remote()),
		remote.WithRetryPredicate(passing),
		remote.WithRetryStatusCodes(retriedStatus...),
		remote.WithJobs(c.opts.Jobs),
	}
	if c.opts.UserAgent != "" {
		opts = append(opts, remote.WithUserAgent(c.opts.UserAgent))
	}
	return opts
}

// pull returns what reads from registries. It remembers tokens.
func (c *Client) pull() (p *remote.Puller, err error) {
	c.open.Lock()
	defer c.open.Unlock()
	if c.puller == nil {
		c.puller, err = remote.NewPuller(c.remoteOptions()...)
	}
	return c.puller, err
}

// push returns what writes to registries. It remembers tokens, and what is
// there already.
func (c *Client) push() (p *remote.Pusher, err error) {
	c.open.Lock()
	defer c.open.Unlock()
	if c.pusher == nil {
		c.pusher, err = remote.NewPusher(c.remoteOptions()...)
	}
	return c.pusher, err
}

// parse reads a reference as docker does: without a registry it is Docker
// Hub's, without a tag or digest it is tagged latest.
func (c *Client) parse(ref string) (name.Reference, error) {
	r, err := name.ParseReference(ref)
	if err != nil {
		return nil, hint.Errorf("write it as REGISTRY/REPOSITORY:TAG", "reading the image reference %q: %w", ref, err)
	}
	if slices.Contains(c.opts.Insecure, r.Context().RegistryStr()) {
		return name.ParseReference(ref, name.Insecure)
	}
	return r, nil
}

// explain adds to a registry's error what to do about it.
func explain(err error, r name.Reference) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var answer *transport.Error
	if !errors.As(err, &answer) {
		if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
			return hint.Wrap(fmt.Errorf("%s speaks plain HTTP: %w", r.Context().RegistryStr(), err),
				"allow it with --insecure-registry "+r.Context().RegistryStr())
		}
		return err
	}
	registry, repo := r.Context().RegistryStr(), r.Context().RepositoryStr()
	says := func(code transport.ErrorCode) bool {
		return slices.ContainsFunc(answer.Errors, func(d transport.Diagnostic) bool { return d.Code == code })
	}
	switch {
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden,
		says(transport.UnauthorizedErrorCode), says(transport.DeniedErrorCode):
		return hint.Wrap(fmt.Errorf("%s gives no access to %s: %w", registry, repo, err), credentialsHint(registry))
	case says(transport.NameUnknownErrorCode):
		return hint.Wrap(fmt.Errorf("%s has no repository %s: %w", registry, repo, err), repositoryHint(registry))
	case says(transport.ManifestUnknownErrorCode), answer.StatusCode == http.StatusNotFound:
		return hint.Wrap(fmt.Errorf("%s has no image %s: %w", registry, shortName(r), err), "check the repository's name and the tag")
	}
	return err
}

func credentialsHint(registry string) string {
	if isECR(registry) {
		return "give AWS credentials that may use the repository, for example through AWS_PROFILE"
	}
	return "log in with: docker login " + registry
}

func repositoryHint(registry string) string {
	if isECR(registry) {
		return "create it with: aws ecr create-repository --repository-name NAME"
	}
	return "create the repository, or check its name"
}

// shortName is a reference without its registry.
func shortName(r name.Reference) string {
	sep := ":"
	if _, ok := r.(name.Digest); ok {
		sep = "@"
	}
	return r.Context().RepositoryStr() + sep + r.Identifier()
}
