package image

import (
	"io"
	"net/http"
	"slices"
	"time"
)

// blips is a transport that tries a request again at once where the registry
// stumbles, so that a stumble costs a request and not the upload around it,
// which go-containerregistry begins anew. Longer trouble is for [backoff].
type blips struct {
	next  http.RoundTripper
	first time.Duration // wait after the first failure; thrice that after the second
}

const blipTries = 3

// RoundTrip implements [http.RoundTripper].
func (b blips) RoundTrip(req *http.Request) (*http.Response, error) {
	if !repeatable(req) {
		return b.next.RoundTrip(req)
	}
	wait := b.first
	for try := 1; ; try++ {
		attempt := req
		if try > 1 && req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			attempt = req.Clone(req.Context())
			attempt.Body = body
		}
		resp, err := b.next.RoundTrip(attempt)
		if try == blipTries || !stumbled(req, resp, err) {
			return resp, err
		}
		if resp != nil {
			io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
			resp.Body.Close()
		}
		select {
		case <-time.After(wait):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		wait *= 3
	}
}

// repeatable reports whether the same request can be sent twice. The content
// of a blob cannot: an upload goes on where it was.
func repeatable(req *http.Request) bool {
	return req.Method != http.MethodPatch && (req.Body == nil || req.Body == http.NoBody || req.GetBody != nil)
}

// stumbled reports a failure that may have passed. After a broken connection
// it is not known whether a PUT was done, and a second would be refused.
func stumbled(req *http.Request, resp *http.Response, err error) bool {
	if err != nil {
		return req.Method != http.MethodPut && passing(err)
	}
	return slices.Contains(retriedStatus, resp.StatusCode)
}
