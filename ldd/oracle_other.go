//go:build !linux

package ldd

// NativeList returns ErrNoOracle: there is no dynamic loader of ELF files here.
func NativeList(string) (Native, error) { return Native{}, ErrNoOracle }
