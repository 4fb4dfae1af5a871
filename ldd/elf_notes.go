package ldd

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
)

// A DlopenNote is one entry of a file's .note.dlopen: a library that the
// program loads by itself, so that no DT_NEEDED speaks of it. The format is the
// UAPI Group's "ELF dlopen() metadata": a note of the owner FDO and the type
// 0x407c0c0a that holds a JSON array.
type DlopenNote struct {
	Sonames     []string `json:"soname"` // any one of them satisfies the note
	Feature     string   `json:"feature,omitempty"`
	Description string   `json:"description,omitempty"`
	Priority    string   `json:"priority,omitempty"` // required, recommended or suggested; as written
}

const (
	noteGNUBuildID = 3
	noteGoBuildID  = 4
	noteDlopen     = 0x407c0c0a
	// maxNotes bounds all PT_NOTE segments of a file together, in bytes. Real ones
	// have a few hundred.
	maxNotes = 1 << 18
)

// parseNotes reads a PT_NOTE segment. Notes are hints: a segment that is cut off
// or damaged ends the reading and is no error, because loaders do not care.
func parseNotes(s *source, f *File, seg segment) error {
	if f.tables.notes += min(seg.filesz, maxNotes+1); f.tables.notes > maxNotes {
		return nil
	}
	if seg.offset > s.size || seg.filesz > s.size-seg.offset {
		return nil
	}
	b, err := s.read(seg.offset, seg.filesz, "a note segment")
	if err != nil {
		return err
	}
	for len(b) >= 12 {
		nameSize, descSize, kind := uint64(s.u32(b)), uint64(s.u32(b[4:])), s.u32(b[8:])
		b = b[12:]
		if nameSize > uint64(len(b)) {
			return nil
		}
		name := string(bytes.TrimRight(b[:nameSize], "\x00"))
		b = b[min(uint64(len(b)), align4(nameSize)):]
		if descSize > uint64(len(b)) {
			return nil
		}
		f.note(name, kind, b[:descSize])
		b = b[min(uint64(len(b)), align4(descSize)):]
	}
	return nil
}

func align4(n uint64) uint64 { return (n + 3) &^ 3 }

func (f *File) note(owner string, kind uint32, desc []byte) {
	switch {
	case owner == "GNU" && kind == noteGNUBuildID && f.BuildID == "" && len(desc) <= 64:
		f.BuildID = hex.EncodeToString(desc)
	case owner == "Go" && kind == noteGoBuildID:
		f.Go = true
	case owner == "FDO" && kind == noteDlopen:
		var notes []DlopenNote
		if json.Unmarshal(bytes.TrimRight(desc, "\x00"), &notes) == nil {
			f.Dlopen = append(f.Dlopen, notes...)
		}
	}
}
