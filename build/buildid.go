package build

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"
)

// goBuildID returns the build ID of a program that the go command has linked:
// four hashes with slashes between, of what went in and, the last, of what
// came out. The go command itself takes a program for up to date where the ID
// says so. It is empty where a program has no such ID.
//
// The ID is a note of owner "Go" and type 4 (cmd/internal/buildid).
func goBuildID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_NOTE && p.Filesz < 1<<16 {
			notes, _ := io.ReadAll(p.Open())
			if id := goNote(notes, f.ByteOrder); strings.Count(id, "/") == 3 {
				return id
			}
		}
	}
	return ""
}

// goNote looks through notes: three words (length of owner, length of content,
// type), the owner and the content, each padded to four bytes (gABI, "Note
// Section").
func goNote(notes []byte, order binary.ByteOrder) string {
	for len(notes) >= 12 {
		owner, content := int(order.Uint32(notes)), int(order.Uint32(notes[4:]))
		kind := order.Uint32(notes[8:])
		notes = notes[12:]
		if owner < 0 || content < 0 || pad(owner)+content > len(notes) {
			return ""
		}
		if kind == 4 && string(notes[:owner]) == "Go\x00\x00" {
			return string(notes[pad(owner) : pad(owner)+content])
		}
		notes = notes[min(pad(owner)+pad(content), len(notes)):]
	}
	return ""
}

func pad(n int) int { return (n + 3) &^ 3 }
