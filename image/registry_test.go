package image_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/lambdapack/lambdapack/image"
)

// testRegistry is a registry in this process. Requests go through wrap, which
// can be changed while it runs, and are counted.
type testRegistry struct {
	host  string
	inner http.Handler

	mu       sync.Mutex
	wrap     func(http.Handler) http.Handler
	requests []string // "METHOD path"
	uploaded int64    // bytes of blobs
}

func newRegistry(t testing.TB) *testRegistry {
	t.Helper()
	r := &testRegistry{inner: strict(registry.New(registry.Logger(log.New(io.Discard, "", 0))))}
	server := httptest.NewServer(r)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func (r *testRegistry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	h := r.inner
	if r.wrap != nil {
		h = r.wrap(h)
	}
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	r.mu.Unlock()
	if req.Method == http.MethodPatch {
		req.Body = &countingBody{req.Body, r}
	}
	h.ServeHTTP(w, req)
}

type countingBody struct {
	io.ReadCloser
	r *testRegistry
}

func (c *countingBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.r.mu.Lock()
	c.r.uploaded += int64(n)
	c.r.mu.Unlock()
	return n, err
}

// through changes what requests go through.
func (r *testRegistry) through(wrap func(http.Handler) http.Handler) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrap = wrap
}

// reset forgets the requests so far.
func (r *testRegistry) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.uploaded = nil, 0
}

// count returns how many requests began with a prefix.
func (r *testRegistry) count(prefix string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, req := range r.requests {
		if strings.HasPrefix(req, prefix) {
			n++
		}
	}
	return n
}

// log returns the requests so far.
func (r *testRegistry) log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// do makes a request that is not counted and not wrapped.
func (r *testRegistry) do(method, path string, body []byte, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, bytes.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.inner.ServeHTTP(w, req)
	return w
}

// digest returns what a tag means, "" for a tag that is not there.
func (r *testRegistry) digest(repo, tag string) string {
	return r.do(http.MethodHead, "/v2/"+repo+"/manifests/"+tag, nil).Header().Get("Docker-Content-Digest")
}

// put stores contents past the strict registry's rules, which are not for bases.
func (r *testRegistry) put(t testing.TB, c *contents, repo, tag string) string {
	t.Helper()
	for h, data := range c.blobs {
		if w := r.do(http.MethodPost, "/v2/"+repo+"/blobs/uploads/?digest="+h.String(), data); w.Code != http.StatusCreated {
			t.Fatal(w.Code, w.Body)
		}
	}
	put := func(h v1.Hash, ref string) {
		w := r.do(http.MethodPut, "/v2/"+repo+"/manifests/"+ref, c.manifests[h], "Content-Type", string(c.types[h]), "Lenient", "1")
		if w.Code != http.StatusCreated {
			t.Fatal(w.Code, w.Body)
		}
	}
	for h := range c.manifests {
		if h != c.top.Digest {
			put(h, h.String())
		}
	}
	put(c.top.Digest, tag)
	return r.host + "/" + repo + ":" + tag
}

func (r *testRegistry) base(t testing.TB, s baseSpec) string {
	t.Helper()
	c := newContents()
	s.add(t, c)
	return r.put(t, c, "base", "latest")
}

func refuse(w http.ResponseWriter, status int, code, format string, args ...any) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": fmt.Sprintf(format, args...)}}})
}

// strict refuses what Lambda does not take of an image.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") && req.Header.Get("Lenient") == "" {
			data, _ := io.ReadAll(req.Body)
			req.Body = io.NopCloser(bytes.NewReader(data))
			repo, _, _ := strings.Cut(req.URL.Path, "/manifests/")
			blob := func(h v1.Hash) []byte {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, repo+"/blobs/"+h.String(), nil))
				return rec.Body.Bytes()
			}
			if why := unacceptable(data, types.MediaType(req.Header.Get("Content-Type")), blob); why != "" {
				refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", "Lambda would not take it: %s", why)
				return
			}
		}
		next.ServeHTTP(w, req)
	})
}

func unacceptable(data []byte, mt types.MediaType, blob func(v1.Hash) []byte) string {
	if !mt.IsImage() {
		return "type " + string(mt)
	}
	if len(data) > image.MaxManifest {
		return fmt.Sprint(len(data), " bytes")
	}
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil || m.MediaType != mt || m.Subject != nil {
		return "not an image manifest of its type"
	}
	for _, l := range m.Layers {
		if l.MediaType != types.DockerLayer && l.MediaType != types.OCILayer {
			return "layer of type " + string(l.MediaType)
		}
		if !bytes.HasPrefix(blob(l.Digest), []byte{0x1f, 0x8b}) {
			return "layer that is not gzip"
		}
	}
	cfg, err := v1.ParseConfigFile(bytes.NewReader(blob(m.Config.Digest)))
	if err != nil {
		return err.Error()
	}
	lines := 0
	for _, h := range cfg.History {
		if !h.EmptyLayer {
			lines++
		}
	}
	if lines != len(m.Layers) || len(cfg.RootFS.DiffIDs) != len(m.Layers) {
		return "history or diff IDs do not fit the layers"
	}
	return ""
}
