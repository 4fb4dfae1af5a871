package image

import "time"

// Hurry makes what is tried again be tried again at once.
func (c *Client) Hurry() { c.retry.first = time.Millisecond }

// MaxManifest is known to the strict registry.
const MaxManifest = maxManifest
