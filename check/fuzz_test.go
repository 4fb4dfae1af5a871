package check

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"
)

// FuzzZip: no zip makes the check panic, hang or inflate without bound. Where
// archive/zip reads one that the check has no fault with, both read the same.
func FuzzZip(f *testing.F) {
	f.Add(zipBytes(f, file("bootstrap", script, 0o755), file("lib/a.so", "\x7fELF\x02\x01\x01", 0o644)))
	f.Add(zipBytes(f, file("a", "b", 0o777|1<<27), file("lib/", "", 0o755|1<<31)))
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := fromZip(context.Background(), bytes.NewReader(b), int64(len(b)), &budget{})
		if err != nil {
			return
		}
		if _, err := verdict(context.Background(), s, Options{Runtime: al2023, Now: time.Unix(1e9, 0)}); err != nil {
			t.Fatal(err)
		}
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil || len(s.faults) > 0 || len(s.spoiled()) > 0 {
			return
		}
		for _, zf := range r.File {
			sameHead(t, zf, s.items)
		}
	})
}

// sameHead compares the beginning of a file as archive/zip reads it.
func sameHead(t *testing.T, zf *zip.File, items []*item) {
	i := slices.IndexFunc(items, func(i *item) bool { return i.name == zf.Name && i.mode.IsRegular() })
	if i < 0 || !zf.Mode().IsRegular() {
		return
	}
	r, err := zf.Open()
	if err != nil {
		return
	}
	defer r.Close()
	head := make([]byte, len(items[i].head))
	if _, err := io.ReadFull(r, head); err == nil && !bytes.Equal(head, items[i].head) {
		t.Fatalf("%q begins with %q, not %q", zf.Name, head, items[i].head)
	}
}
