package image

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// backoff says how often and how patiently something is tried again.
type backoff struct {
	first  time.Duration // wait after the first failure
	factor float64
	tries  int
}

// defaultBackoff waits 0.5, 1.5 and 4.5 seconds.
var defaultBackoff = backoff{first: 500 * time.Millisecond, factor: 3, tries: 4}

func (b backoff) remote() remote.Backoff {
	return remote.Backoff{Duration: b.first, Factor: b.factor, Jitter: 0.1, Steps: b.tries}
}

// do calls f until it succeeds, fails for good, or has been tried often enough.
func (b backoff) do(ctx context.Context, f func() error) error {
	wait := b.first
	for try := 1; ; try++ {
		err := f()
		if err == nil || try >= b.tries || !passing(err) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = time.Duration(float64(wait) * b.factor)
	}
}

// retriedStatus are answers that tell of a passing condition: timeouts, too
// many requests, and what proxies and servers say when they are in trouble.
var retriedStatus = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// passing reports whether another attempt may succeed: the connection broke,
// or the registry is in trouble.
func passing(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var tried finalError
	if errors.As(err, &tried) {
		return false
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return slices.Contains(retriedStatus, answer.StatusCode) || answer.Temporary()
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.EPIPE, syscall.ECONNRESET, net.ErrClosed} {
		if errors.Is(err, broken) {
			return true
		}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return true
	}
	// net/http has no values for these two.
	var failed *url.Error
	return errors.As(err, &failed) &&
		(strings.Contains(failed.Error(), "server closed idle connection") || strings.Contains(failed.Error(), "http2: "))
}
