package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
	"github.com/lambdapack/lambdapack/pack/internal/deflate"
)

// memo remembers that contents of a certain digest become a zip of a certain
// digest. It saves the compression where the zip on disk has that digest
// already. It holds no content, and a memo that cannot be read or written
// costs time only.
type memo struct {
	path string
	crc  map[string]uint32 // of each content when it was digested
}

// openMemo digests names, modes and contents. Without a directory there is
// no memo, and no content is read.
func openMemo(ctx context.Context, p *Package, dir string) (memo, error) {
	if dir == "" {
		return memo{}, nil
	}
	h := sha256.New()
	crcs := map[string]uint32{}
	head := json.NewEncoder(h) // unambiguous: every name is quoted
	head.Encode([]string{zipLayout, deflate.Format})
	for i := range p.entries {
		e := &p.entries[i]
		if e.IsDir() {
			continue
		}
		head.Encode([]any{e.Name, e.Mode, e.Size, e.file.ID})
		if e.file.ID != "" {
			continue
		}
		crc := crc32.NewIEEE()
		if err := e.copyTo(ctx, io.MultiWriter(h, crc)); err != nil {
			return memo{}, err
		}
		crcs[e.Name] = crc.Sum32()
	}
	key := hex.EncodeToString(h.Sum(nil))
	return memo{filepath.Join(dir, key[:2], key[2:]+".json"), crcs}, nil
}

// agrees reports whether an entry's content is still what was digested.
func (m memo) agrees(name string, crc uint32) bool {
	digested, ok := m.crc[name]
	return !ok || digested == crc
}

// copyTo copies the content to w, in steps between which it can be cancelled.
func (e *Entry) copyTo(ctx context.Context, w io.Writer) error {
	c, err := e.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	for at := int64(0); at < e.Size; at += 8 << 20 {
		n := min(e.Size-at, 8<<20)
		if _, err := io.CopyN(w, io.NewSectionReader(c, at, n), n); err == io.EOF {
			return e.changed() // it became shorter since Open
		} else if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

type memoJSON struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Path is where the zip was last, absolute, and Modified its modification
	// time in nanoseconds: a file that has both, and the size, is not read.
	Path     string `json:"path"`
	Modified int64  `json:"modified"`
}

// holds reports whether the file at path is the zip that the contents make.
func (m memo) holds(path string) (w Written, ok bool) {
	if m.path == "" {
		return w, false
	}
	data, err := os.ReadFile(m.path)
	if err != nil {
		return w, false
	}
	var j memoJSON
	if json.Unmarshal(data, &j) != nil {
		return w, false
	}
	sum, err := hex.DecodeString(j.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return w, false
	}
	w.Size = j.Size
	copy(w.SHA256[:], sum)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != w.Size {
		return w, false
	}
	if abs, err := filepath.Abs(path); err == nil && abs == j.Path && info.ModTime().UnixNano() == j.Modified {
		return w, true
	}
	if !sameFile(path, w) {
		return w, false
	}
	m.store(w, path, os.Stat)
	return w, true
}

// store remembers a zip that is, or will be, at path, with the size and time
// that stat tells.
func (m memo) store(w Written, path string, stat func(string) (os.FileInfo, error)) {
	abs, err := filepath.Abs(path)
	info, serr := stat(path)
	if m.path == "" || err != nil || serr != nil {
		return
	}
	data, _ := json.Marshal(memoJSON{w.Hex(), w.Size, abs, info.ModTime().UnixNano()})
	atomicfile.WriteFile(m.path, append(data, '\n'), 0o644) // best effort: see memo
}
