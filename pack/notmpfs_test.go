//go:build unix && !linux

package pack_test

import "testing"

func mountTmpfs(t *testing.T, _ string, _ int) {
	t.Skip("tmpfs is of Linux")
}
