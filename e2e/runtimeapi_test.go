//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// patience is how long a function may take to answer, in an emulator on a busy
// machine.
const patience = 2 * time.Minute

// A function is a running bootstrap, and the Lambda Runtime API that it asks
// for events.
type function struct {
	cmd     *exec.Cmd
	output  bytes.Buffer // what it prints; complete when it has ended
	events  chan string
	answers chan answer
	ended   chan struct{}
}

// An answer is what a function posts, for an event or for its own start.
type answer struct{ path, body string }

// start starts the package in a root file system. The test's end ends it.
func (r *rootfs) start(t testing.TB, env ...string) *function {
	t.Helper()
	f := &function{events: make(chan string, 1), answers: make(chan answer, 1), ended: make(chan struct{})}
	api := httptest.NewServer(f) // on loopback
	f.cmd = r.command(append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))...)
	f.cmd.Stdout, f.cmd.Stderr = &f.output, &f.output
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { f.cmd.Wait(); close(f.ended) }()
	t.Cleanup(func() {
		f.cmd.Process.Kill()
		<-f.ended
		api.CloseClientConnections()
		api.Close()
	})
	return f
}

// ServeHTTP is the Runtime API.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/2018-06-01/runtime/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case path == "invocation/next" && r.Method == http.MethodGet:
		f.next(w, r)
	case r.Method == http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		f.answers <- answer{path, string(body)}
	default:
		http.NotFound(w, r)
	}
}

func (f *function) next(w http.ResponseWriter, r *http.Request) {
	select {
	case event := <-f.events:
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", "request")
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:e2e")
		io.WriteString(w, event)
	case <-r.Context().Done():
	}
}

// invoke hands an event to the function and returns its response. An error of
// the function fails the test.
func (f *function) invoke(t testing.TB, event string) string {
	t.Helper()
	f.events <- event
	select {
	case a := <-f.answers:
		if a.path != "invocation/request/response" {
			t.Fatalf("the function posted %s: %s", a.path, a.body)
		}
		return a.body
	case <-f.ended:
		t.Fatalf("the function ended: %v\n%s", f.cmd.ProcessState, f.output.String())
	case <-time.After(patience):
		t.Fatal("the function does not answer")
	}
	return ""
}
