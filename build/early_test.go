package build

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEarly pins that a function is ready while go build is still at work: this
// go build goes on only after the first function was handed over.
func TestEarly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the go command copies executables here, and none is handed over early")
	}
	first := make(chan struct{})
	r := &fake{}
	r.answer = func(c Command) error {
		if c.Argv[1] != "build" {
			return nil
		}
		out := c.Argv[slices.Index(c.Argv, "-o")+1]
		if err := os.WriteFile(filepath.Join(out, "a"), []byte("a"), 0o755); err != nil {
			return err
		}
		select {
		case <-first:
		case <-time.After(10 * time.Second):
			return errors.New("nothing was handed over")
		}
		return os.WriteFile(filepath.Join(out, "cmd"), []byte("b"), 0o755)
	}
	g := someGo(t, r)
	g.CGO = new(false) // nothing to ask while the fake holds its lock
	defer g.Close()
	var ready []string
	err := g.Build(t.Context(), func(a Artifact) {
		ready = append(ready, a.Function)
		if a.Function == "a" {
			close(first)
		}
	})
	if err != nil || !slices.Equal(ready, []string{"a", "b"}) {
		t.Errorf("ready %v, %v", ready, err)
	}
}

// TestEarlyChanged pins that an executable which changes after it was handed
// over fails the build: what was packaged is not what is there.
func TestEarlyChanged(t *testing.T) {
	g := someGo(t, &fake{})
	g.Functions = g.Functions[:1]
	dir := t.TempDir()
	e := g.watch(dir, func(Artifact) {})
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	e.look()
	if err := e.finish(); err != nil {
		t.Error(err)
	}
	write("longer")
	if err := e.finish(); err == nil || !strings.Contains(err.Error(), "changed after it was complete") {
		t.Error(err)
	}
}

func TestGoBuildID(t *testing.T) {
	if id := goBuildID(filepath.Join(t.TempDir(), "absent")); id != "" {
		t.Errorf("an absent file has the ID %q", id)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if id := goBuildID(self); runtime.GOOS == "linux" && strings.Count(id, "/") != 3 {
		t.Errorf("this test's own ID is %q", id)
	}
	for _, note := range []string{"", "\x04\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\x04\x00\x00\x00Go\x00\x00", "\x04\x00\x00\x00\xff\x00\x00\x00\x04\x00\x00\x00Go\x00\x00abc"} {
		if id := goNote([]byte(note), binary.LittleEndian); id != "" {
			t.Errorf("note %q has the ID %q", note, id)
		}
	}
}
