package image

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/lambdapack/lambdapack/pack"
)

// ClientOptions says how images are read and written. The zero value works.
type ClientOptions struct {
	// Cache is a directory that keeps bases, by digest, as an OCI image layout,
	// and what is known of layers. Empty: a temporary one.
	Cache string
	// Offline forbids requests to registries: bases come from the cache and
	// from local files, and nothing can be pushed.
	Offline bool
	// Insecure are registries, as host or host:port, to talk to in plain HTTP.
	// Those on loopback are anyway.
	Insecure []string
	// Keychain finds the credentials of a registry; nil means
	// [DefaultKeychain].
	Keychain authn.Keychain
	// Transport makes the requests; nil means one that honours the proxy
	// variables of the environment.
	Transport http.RoundTripper
	// UserAgent names the program to registries.
	UserAgent string
	// Pool compresses layers; nil means one of a single block at a time.
	Pool *pack.Pool
	// Jobs bounds the transfers of an image that run at once; 0 means 4.
	Jobs int
	// Runner runs container engines. Nil: images cannot be loaded into one.
	Runner Runner
	// Progress, where it is set, is told of transferred bytes. Calls come one
	// at a time.
	Progress func(Transfer)
}

// Client reads bases and writes images. Its methods may be called at the same
// time. It must be closed.
type Client struct {
	opts     ClientOptions
	progress progress
	retry    backoff

	open   sync.Mutex // guards what follows
	store  *store
	temp   string
	puller *remote.Puller
	pusher *remote.Pusher

	bases onceMap[baseKey, *Base]
	blobs onceMap[string, struct{}]
}

// NewClient returns a client. It does nothing yet.
func NewClient(opts ClientOptions) *Client {
	if opts.Keychain == nil {
		opts.Keychain = DefaultKeychain()
	}
	if opts.Transport == nil {
		opts.Transport = remote.DefaultTransport
	}
	if opts.Pool == nil {
		opts.Pool = pack.NewPool(1)
	}
	if opts.Jobs <= 0 {
		opts.Jobs = 4
	}
	return &Client{opts: opts, progress: progress{report: opts.Progress}, retry: defaultBackoff}
}

// Close removes temporary files. Images and bases of the client are of no use
// after.
func (c *Client) Close() error {
	c.open.Lock()
	defer c.open.Unlock()
	c.store = nil
	if c.temp == "" {
		return nil
	}
	return os.RemoveAll(c.temp)
}

// openStore returns the store, in the cache or in a temporary directory.
func (c *Client) openStore() (*store, error) {
	c.open.Lock()
	defer c.open.Unlock()
	if c.store != nil {
		return c.store, nil
	}
	dir := c.opts.Cache
	if dir == "" {
		tmp, err := c.tempDir()
		if err != nil {
			return nil, err
		}
		dir = tmp
	}
	s, err := openStore(filepath.Join(dir, "base"))
	if err == nil {
		c.store = s
	}
	return s, err
}

// memos is where it is remembered what layers became; "" without a cache.
func (c *Client) memos() string {
	if c.opts.Cache == "" {
		return ""
	}
	return filepath.Join(c.opts.Cache, "layers")
}

// spool makes a temporary file that goes with the client.
func (c *Client) spool() (*os.File, error) {
	c.open.Lock()
	defer c.open.Unlock()
	dir, err := c.tempDir()
	if err != nil {
		return nil, err
	}
	return os.CreateTemp(dir, "layer-*")
}

// tempDir is for callers that hold c.open.
func (c *Client) tempDir() (string, error) {
	if c.temp != "" {
		return c.temp, nil
	}
	dir, err := os.MkdirTemp("", "lambdapack-image-*")
	if err == nil {
		c.temp = dir
	}
	return dir, err
}
