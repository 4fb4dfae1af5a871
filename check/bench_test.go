package check

import (
	"os"
	"testing"
)

func BenchmarkPath(b *testing.B) {
	path := os.Getenv("CHECK_ZIP")
	if path == "" {
		b.Skip("CHECK_ZIP names the package to check")
	}
	for b.Loop() {
		if _, err := Path(b.Context(), path, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
