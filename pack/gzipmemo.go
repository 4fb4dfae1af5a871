package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
)

// gzipMemo is the file that remembers what [Gzip] has made of an input. Like a
// zip's memo it holds no content, and one that cannot be read or written costs
// time only. Who uses it must check the bytes: it is only as good as its file.
type gzipMemo struct {
	Digest string `json:"digest"`
	DiffID string `json:"diff_id"`
	Size   int64  `json:"size"`
}

// RecallGzip returns what [Gzip] made of the content that key stands for, where
// the directory memos remembers it.
func RecallGzip(memos string, key Key) (g Gzipped, ok bool) {
	if memos == "" || key == (Key{}) {
		return g, false
	}
	data, err := os.ReadFile(gzipMemoPath(memos, key))
	if err != nil {
		return g, false
	}
	var m gzipMemo
	if json.Unmarshal(data, &m) != nil {
		return g, false
	}
	g.Size = m.Size
	return g, unhex(&g.Digest, m.Digest) && unhex(&g.DiffID, m.DiffID)
}

func unhex(to *[sha256.Size]byte, s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && copy(to[:], b) == len(to) && len(b) == len(to)
}

// RememberGzip makes memos remember it.
func RememberGzip(memos string, key Key, g Gzipped) {
	if memos == "" || key == (Key{}) {
		return
	}
	data, _ := json.Marshal(gzipMemo{hex.EncodeToString(g.Digest[:]), hex.EncodeToString(g.DiffID[:]), g.Size})
	atomicfile.WriteFile(gzipMemoPath(memos, key), append(data, '\n'), 0o644) // best effort: see gzipMemo
}

// ForgetGzip removes what turned out to be wrong.
func ForgetGzip(memos string, key Key) {
	if memos != "" {
		os.Remove(gzipMemoPath(memos, key))
	}
}

func gzipMemoPath(memos string, key Key) string {
	sum := sha256.Sum256(append([]byte(GzipFormat+"\x00"), key[:]...))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(memos, name[:2], name[2:]+".json")
}
