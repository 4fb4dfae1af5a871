package image_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// failEvery answers every n-th request with 503.
func failEvery(n int) func(http.Handler) http.Handler {
	var mu sync.Mutex
	count := 0
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			mu.Lock()
			count++
			fail := count%n == 0
			mu.Unlock()
			if fail {
				io.Copy(io.Discard, req.Body)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(w, req)
		})
	}
}

// dropBlobs breaks the connection in the middle of the first n transfers of a
// blob, in both directions.
func dropBlobs(n int) func(http.Handler) http.Handler {
	var mu sync.Mutex
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			up := req.Method == http.MethodPatch
			down := req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/blobs/sha256:")
			mu.Lock()
			drop := n > 0 && (up || down)
			if drop {
				n--
			}
			mu.Unlock()
			switch {
			case !drop:
				next.ServeHTTP(w, req)
				return
			case up:
				io.CopyN(io.Discard, req.Body, max(req.ContentLength/2, 1))
			case down:
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, req)
				w.Header().Set("Content-Length", fmt.Sprint(rec.Body.Len()))
				w.Write(rec.Body.Bytes()[:rec.Body.Len()/2])
				w.(http.Flusher).Flush()
			}
			panic(http.ErrAbortHandler)
		})
	}
}

// lie changes the bytes of blobs that are downloaded.
func lie(change func([]byte) []byte) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, "/blobs/sha256:") {
				next.ServeHTTP(w, req)
				return
			}
			rec := httptest.NewRecorder()
			next.ServeHTTP(rec, req)
			w.Write(change(rec.Body.Bytes()))
		})
	}
}

// authenticate lets in who has a token, which the realm /token gives for a
// user's name and password; with basic the name and password do by themselves.
func authenticate(host string, basic bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			user, password, _ := req.BasicAuth()
			known := user == "user" && password == "secret"
			switch {
			case req.URL.Path == "/token" && known:
				json.NewEncoder(w).Encode(map[string]string{"token": "valid"})
			case req.URL.Path != "/token" && (basic && known || !basic && req.Header.Get("Authorization") == "Bearer valid"):
				next.ServeHTTP(w, req)
			default:
				challenge := `Basic realm="test"`
				if !basic {
					challenge = fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, host)
				}
				w.Header().Set("WWW-Authenticate", challenge)
				refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
			}
		})
	}
}
