package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/awslabs/amazon-ecr-credential-helper/ecr-login/api"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/lambdapack/lambdapack/internal/hint"
)

func resolve(t *testing.T, k authn.Keychain, registry string) (*authn.AuthConfig, error) {
	t.Helper()
	r, err := name.NewRegistry(registry)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.Resolve(context.Background(), k, r)
	if err != nil {
		return nil, err
	}
	return auth.Authorization()
}

func TestKeychain(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	config := `{"auths":{"registry.test":{"auth":"dXNlcjpzZWNyZXQ="},"222222222222.dkr.ecr.eu-west-1.amazonaws.com":{"auth":"dXNlcjpzZWNyZXQ="}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked []string
	k := ecrKeychain{authn.DefaultKeychain, func(_ context.Context, registry string) (*api.Auth, error) {
		asked = append(asked, registry)
		if strings.HasPrefix(registry, "333") {
			return nil, errors.New("no credentials anywhere")
		}
		return &api.Auth{Username: "AWS", Password: "token"}, nil
	}}
	for registry, want := range map[string]string{
		"registry.test":  "user:secret",
		"other.test":     ":",
		"public.ecr.aws": ":", // read by anybody, and AWS is not asked
		"111111111111.dkr.ecr.eu-west-1.amazonaws.com":      "AWS:token",
		"111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn":  "AWS:token",
		"111111111111.dkr.ecr-fips.us-east-1.amazonaws.com": "AWS:token",
		"222222222222.dkr.ecr.eu-west-1.amazonaws.com":      "user:secret", // docker login comes first
	} {
		got, err := resolve(t, k, registry)
		if err != nil || got.Username+":"+got.Password != want {
			t.Errorf("%s: %+v, %v, want %s", registry, got, err, want)
		}
	}
	if len(asked) != 3 {
		t.Errorf("asked AWS for %v", asked)
	}
	_, err := resolve(t, k, "333333333333.dkr.ecr.eu-west-1.amazonaws.com")
	if err == nil || !strings.Contains(err.Error(), "no credentials anywhere") || !strings.Contains(hint.Of(err), "AWS_PROFILE") {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}

// Without any credentials AWS says so soon, and says why.
func TestKeychainWithoutCredentials(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"HOME", "DOCKER_CONFIG"} {
		t.Setenv(name, dir)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "none"))
	_, err := resolve(t, DefaultKeychain(), "111111111111.dkr.ecr.eu-west-1.amazonaws.com")
	if err == nil || !strings.Contains(err.Error(), "getting credentials for 111111111111.dkr.ecr.eu-west-1.amazonaws.com from AWS") {
		t.Errorf("error %v", err)
	}
	t.Log(err)
}
