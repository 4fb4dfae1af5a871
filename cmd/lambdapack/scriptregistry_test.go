package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// scriptRegistry is a registry in this process. It keeps the requests that
// change something in it.
type scriptRegistry struct {
	http.Handler

	mu      sync.Mutex
	changes []string
}

func (r *scriptRegistry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		r.mu.Lock()
		r.changes = append(r.changes, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
	}
	r.Handler.ServeHTTP(w, req)
}

var scriptRegistries sync.Map // by host

// startRegistry is the command registry: it starts one for the rest of the
// script, and sets REGISTRY to its host and port.
func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: registry")
	}
	quiet := log.New(io.Discard, "", 0)
	r := &scriptRegistry{Handler: registry.New(registry.Logger(quiet))}
	server := httptest.NewServer(r)
	host := strings.TrimPrefix(server.URL, "http://")
	scriptRegistries.Store(host, r)
	ts.Defer(func() {
		server.Close()
		scriptRegistries.Delete(host)
	})
	ts.Setenv("REGISTRY", host)
}

func registryOf(ts *testscript.TestScript) *scriptRegistry {
	r, ok := scriptRegistries.Load(ts.Getenv("REGISTRY"))
	if !ok {
		ts.Fatalf("no registry was started")
	}
	return r.(*scriptRegistry)
}

// registryChanges prints the requests that changed something, since the last
// time, or none.
func registryChanges(ts *testscript.TestScript, _ bool, _ []string) {
	r := registryOf(ts)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.changes) == 0 {
		r.changes = []string{"none"}
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(r.changes, "\n"))
	r.changes = nil
}

// tagged REPO:TAG prints the digest that a tag of the registry means; ! tagged
// checks that there is no such tag.
func tagged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: tagged repo:tag")
	}
	repo, tag, _ := strings.Cut(args[0], ":")
	w := httptest.NewRecorder()
	registryOf(ts).Handler.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/v2/"+repo+"/manifests/"+tag, nil))
	digest := w.Header().Get("Docker-Content-Digest")
	if found := w.Code == http.StatusOK; found == neg {
		ts.Fatalf("%s: %q", args[0], digest)
	}
	fmt.Fprintln(ts.Stdout(), digest)
}
