package image_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/lambdapack/lambdapack/image"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// secret is a keychain with the credentials that authenticate wants.
type secret struct{}

func (secret) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Basic{Username: "user", Password: "secret"}, nil
}

// nobody is a keychain without credentials.
type nobody struct{}

func (nobody) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

func TestPushOnlyWhatIsMissing(t *testing.T) {
	r := newRegistry(t)
	base := r.base(t, baseSpec{layers: 2})
	cache := t.TempDir()
	push := func(code string) (*image.Image, image.Reference) {
		c := newClient(t, image.ClientOptions{Keychain: nobody{}, Cache: cache})
		img := appendTo(t, c, base, newPackage(t, lambda.AMD64, code), image.Options{})
		return img, stage(t, c, img, image.Sinks{Push: []string{r.host + "/app:v1"}})[0]
	}
	r.reset()
	img, ref := push("one")
	if ref.Name != r.host+"/app@"+img.Digest || ref.Tag != r.host+"/app:v1" || r.digest("app", "v1") != img.Digest {
		t.Errorf("reference %+v", ref)
	}
	if n := r.count("GET /v2/base/blobs/"); n != 1 {
		t.Errorf("%d blobs of the base downloaded, want the config alone", n)
	}
	if n := r.count("PATCH "); n != 3 {
		t.Errorf("%d blobs uploaded, want two layers and the config: the base's are mounted", n)
	}

	r.reset()
	if again, _ := push("one"); again.Digest != img.Digest {
		t.Errorf("digest %s, then %s", img.Digest, again.Digest)
	}
	for _, method := range []string{"GET /v2/base", "POST ", "PATCH ", "PUT "} {
		if n := r.count(method); n != 0 {
			t.Errorf("pushed again: %d requests %s", n, method)
		}
	}

	r.reset()
	changed, _ := push("two")
	if n := r.count("PATCH "); n != 2 || r.uploaded > 3000 {
		t.Errorf("a changed line: %d blobs with %d bytes uploaded, want the small layer and the config", n, r.uploaded)
	}
	if n := r.count("PUT /v2/app/manifests/"); n != 1 || r.digest("app", "v1") != changed.Digest {
		t.Errorf("a changed line: %d manifests", n)
	}
}

func TestPushToAnotherRegistry(t *testing.T) {
	from, to := newRegistry(t), newRegistry(t)
	base := from.base(t, baseSpec{})
	c := newClient(t, image.ClientOptions{Keychain: nobody{}})
	img := appendTo(t, c, base, newPackage(t, lambda.AMD64, "one"), image.Options{})
	refs := stage(t, c, img, image.Sinks{
		Push:    []string{to.host + "/a", to.host + "/b:c"},
		Layouts: []image.Layout{{Dir: t.TempDir()}},
	})
	if len(refs) != 3 || to.digest("a", "latest") != img.Digest || to.digest("b", "c") != img.Digest {
		t.Errorf("references %+v", refs)
	}
	if n := from.count("GET /v2/base/blobs/"); n != 2 {
		t.Errorf("%d blobs of the base downloaded, want its config and its layer once", n)
	}
}

func TestPushThroughTrouble(t *testing.T) {
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"every seventh request fails":  failEvery(7),
		"every eleventh request fails": failEvery(11),
		"connections break mid-blob":   dropBlobs(3),
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newRegistry(t), newRegistry(t)
			base := from.base(t, baseSpec{})
			from.through(wrap)
			to.through(wrap)
			var last sync.Map
			c := newClient(t, image.ClientOptions{Keychain: nobody{}, Progress: func(p image.Transfer) { last.Store(p.Direction, p) }})
			img := appendTo(t, c, base, newPackage(t, lambda.AMD64, "one"), image.Options{})
			stage(t, c, img, image.Sinks{Push: []string{to.host + "/app"}})
			if got := to.digest("app", "latest"); got != img.Digest {
				t.Errorf("the tag is at %q, want %s", got, img.Digest)
			}
			for _, d := range []image.Direction{image.Download, image.Upload} {
				p, _ := last.Load(d)
				if p, ok := p.(image.Transfer); !ok || p.Done != p.Total || p.Total == 0 {
					t.Errorf("progress ended with %+v", p)
				}
			}
		})
	}
}

func TestPushGivesUp(t *testing.T) {
	r := newRegistry(t)
	r.through(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			io.Copy(io.Discard, req.Body)
			w.WriteHeader(http.StatusBadGateway)
		})
	})
	c := newClient(t, image.ClientOptions{Keychain: nobody{}})
	img := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "one"), image.Options{})
	_, err := c.Stage(ctx, img, image.Sinks{Push: []string{r.host + "/app"}})
	if err == nil || !strings.Contains(err.Error(), "502 Bad Gateway") || !strings.HasPrefix(err.Error(), "pushing to "+r.host+"/app") {
		t.Errorf("error %v", err)
	}
	if n := r.count(""); n > 40 {
		t.Errorf("%d requests before it gave up", n)
	}
}

func TestPushWithCredentials(t *testing.T) {
	for _, basic := range []bool{true, false} {
		t.Run(fmt.Sprint("basic ", basic), func(t *testing.T) {
			r := newRegistry(t)
			base := r.base(t, baseSpec{})
			r.through(authenticate(r.host, basic))
			c := newClient(t, image.ClientOptions{Keychain: secret{}})
			img := appendTo(t, c, base, newPackage(t, lambda.AMD64, "one"), image.Options{})
			stage(t, c, img, image.Sinks{Push: []string{r.host + "/app"}})
			if r.digest("app", "latest") != img.Digest {
				t.Error("not pushed")
			}

			c = newClient(t, image.ClientOptions{Keychain: nobody{}})
			_, err := c.Base(ctx, base, target(lambda.AMD64))
			if err == nil || !strings.Contains(err.Error(), "gives no access to base") || hint.Of(err) != "log in with: docker login "+r.host {
				t.Errorf("base: error %v, hint %q", err, hint.Of(err))
			}
			img = appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "one"), image.Options{})
			_, err = c.Stage(ctx, img, image.Sinks{Push: []string{r.host + "/app"}})
			if err == nil || !strings.Contains(err.Error(), "gives no access to app") || hint.Of(err) == "" {
				t.Errorf("push: error %v, hint %q", err, hint.Of(err))
			}
		})
	}
}

// An interrupted push has moved no tag, whenever it was interrupted.
func TestPushCancelled(t *testing.T) {
	for after := range 12 {
		r := newRegistry(t)
		c := newClient(t, image.ClientOptions{Keychain: nobody{}})
		old := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "old"), image.Options{})
		stage(t, c, old, image.Sinks{Push: []string{r.host + "/app"}})

		ctx, cancel := context.WithCancel(ctx)
		var mu sync.Mutex
		left := after
		r.through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				mu.Lock()
				if left--; left < 0 {
					cancel()
				}
				mu.Unlock()
				next.ServeHTTP(w, req)
			})
		})
		img := appendTo(t, c, image.Scratch, packageOf(t, lambda.AMD64,
			pack.File{Name: "bootstrap", Data: program(lambda.AMD64, "new")},
			pack.File{Name: "data", Data: []byte(random(9, 2<<20))}), image.Options{})
		s, err := c.Stage(ctx, img, image.Sinks{
			Push:     []string{r.host + "/app"},
			Tarballs: []image.Tarball{{Path: filepath.Join(t.TempDir(), "x.tar"), Tag: "app:v1"}},
		})
		if err == nil {
			s.Discard() // as a run does where another function fails
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d requests: error %v", after, err)
		}
		if got := r.digest("app", "latest"); got != old.Digest {
			t.Errorf("after %d requests: the tag moved to %s", after, got)
		}
		cancel()
	}
}

func TestPushErrors(t *testing.T) {
	r := newRegistry(t)
	c := newClient(t, image.ClientOptions{Keychain: nobody{}})
	offline := newClient(t, image.ClientOptions{Keychain: nobody{}, Offline: true})
	img := appendTo(t, c, image.Scratch, newPackage(t, lambda.AMD64, "one"), image.Options{})
	for _, test := range []struct {
		c        *image.Client
		to, want string
	}{
		{c, "UPPER CASE", "reading the image reference"},
		{c, r.host + "/app@" + img.Digest, "it is a digest"},
		{offline, r.host + "/app", "--offline forbids it"},
	} {
		if _, err := test.c.Stage(ctx, img, image.Sinks{Push: []string{test.to}}); err == nil || !strings.Contains(err.Error(), test.want) || hint.Of(err) == "" {
			t.Errorf("%s: error %v, want %q", test.to, err, test.want)
		}
	}
	r.through(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasPrefix(req.URL.Path, "/v2/missing/") {
				io.Copy(io.Discard, req.Body)
				refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "The repository does not exist")
				return
			}
			next.ServeHTTP(w, req)
		})
	})
	_, err := c.Stage(ctx, img, image.Sinks{Push: []string{r.host + "/missing"}})
	if err == nil || !strings.Contains(err.Error(), "has no repository missing") || hint.Of(err) == "" {
		t.Errorf("error %v, hint %q", err, hint.Of(err))
	}
}
