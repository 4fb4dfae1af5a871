//go:build !unix

package ldd

import "os"

// openHost opens a regular file for reading.
func openHost(name string) (hostFile, error) { return os.Open(name) }
