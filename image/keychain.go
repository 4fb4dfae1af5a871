package image

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/awslabs/amazon-ecr-credential-helper/ecr-login/api"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// DefaultKeychain finds credentials where docker and podman have them, their
// credential helpers included. For a private Amazon ECR registry that they know
// nothing of it asks AWS, with no helper installed. The AWS SDK takes its
// credentials from where it always does: environment, shared config, SSO,
// container or instance roles; tokens are kept where Amazon's own helper keeps
// them.
func DefaultKeychain() authn.Keychain {
	return ecrKeychain{docker: authn.DefaultKeychain, ask: askECR}
}

// ecrKeychain asks AWS about ECR registries, after the docker config. Unlike
// the helper it says why that failed: a private ECR registry lets nobody in
// without credentials.
type ecrKeychain struct {
	docker authn.Keychain
	ask    func(ctx context.Context, registry string) (*api.Auth, error)
}

// Resolve implements [authn.Keychain].
func (k ecrKeychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

// ResolveContext implements [authn.ContextKeychain].
func (k ecrKeychain) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	registry := r.RegistryStr()
	auth, err := authn.Resolve(ctx, k.docker, r)
	if err != nil || auth != authn.Anonymous || !isECR(registry) {
		return auth, err
	}
	got, err := k.ask(ctx, registry)
	if err != nil {
		return nil, hint.Wrap(fmt.Errorf("getting credentials for %s from AWS: %w", registry, err), credentialsHint(registry))
	}
	return &authn.Basic{Username: got.Username, Password: got.Password}, nil
}

// askECR gets a token of the ECR API. The AWS config is loaded here, since the
// helper's own factory panics where it is broken, and the helper's call cannot
// be cancelled, so it is left behind.
func askECR(ctx context.Context, registry string) (*api.Auth, error) {
	r, err := api.ExtractRegistry(registry)
	if err != nil {
		return nil, err
	}
	opts := []func(*config.LoadOptions) error{config.WithRegion(r.Region)}
	if r.FIPS {
		opts = append(opts, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, err
	}
	type answer struct {
		auth *api.Auth
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		auth, err := api.DefaultClientFactory{}.NewClient(cfg).GetCredentials(registry)
		answers <- answer{auth, err}
	}()
	select {
	case a := <-answers:
		return a.auth, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// isECR reports whether a registry is a private one of Amazon ECR. The public
// one, public.ecr.aws, is read without credentials, and a request for them
// would take seconds on a machine that has none.
func isECR(registry string) bool {
	r, err := api.ExtractRegistry(registry)
	return err == nil && r.Service == api.ServiceECR
}
