package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lambdapack/lambdapack/internal/atomicfile"
)

// A memo keeps what the go command said, to be used instead of asking again
// while nothing that the answer depends on has changed: the command itself, its
// environment and every file it has read, by length and modification time, as
// the go command's own index of packages does it. `go build` always runs; only
// the questions around it are saved, which cost more than it does where
// nothing is to be compiled.
type memo struct {
	path     string   // empty: nothing is kept
	settings []string // where `go env -w` may write
}

// settled is how old the youngest input must be: a file that was written just
// now could be written again within the same tick of the file system's clock.
const settled = 2 * time.Second

// inputs are the files that an answer depends on.
type inputs struct {
	Files []string `json:"files"` // themselves, or that they are not there
	Dirs  []string `json:"dirs"`  // the Go files in them
	Trees []string `json:"trees"` // the Go files in them and below
}

type memoFile struct {
	Inputs inputs `json:"inputs"`
	State  string `json:"state"`
	Answer string `json:"answer"`
}

// openMemo returns the memo of a question, asked with an environment. Flags
// that make the go command read yet other files leave it without one.
func openMemo(cache string, env []string, question ...string) memo {
	if cache == "" {
		return memo{}
	}
	var m memo
	h := sha256.New()
	enc := json.NewEncoder(h)
	enc.Encode(question)
	for _, kv := range withEnv(env) {
		name, value, _ := strings.Cut(kv, "=")
		if name == "GOFLAGS" && (strings.Contains(value, "-modfile") || strings.Contains(value, "-overlay")) {
			return memo{}
		}
		if settings, ok := goReads(name, value); ok {
			enc.Encode(kv)
			m.settings = append(m.settings, settings...)
		}
	}
	if tool, err := exec.LookPath("go"); err == nil {
		if real, err := filepath.EvalSymlinks(tool); err == nil {
			enc.Encode(statLine(real))
		}
	}
	m.path = filepath.Join(cache, "list", hex.EncodeToString(h.Sum(nil)[:16])+".json")
	return m
}

// goReads reports whether the go command's answers depend on a variable ("go
// help environment"), and names the files that it leads to: those of `go env
// -w`, which are in the user's configuration directory (os.UserConfigDir).
func goReads(name, value string) (settings []string, ok bool) {
	switch name {
	case "PATH", "CC", "CXX":
		return nil, true
	case "GOENV":
		return []string{value}, true
	case "XDG_CONFIG_HOME", "AppData":
		return []string{filepath.Join(value, "go", "env")}, true
	case "HOME":
		return []string{
			filepath.Join(value, ".config", "go", "env"),
			filepath.Join(value, "Library", "Application Support", "go", "env"),
		}, true
	}
	return nil, strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_")
}

// recall returns the answer, and false where there is none that still holds.
func (m memo) recall() (string, bool) {
	if m.path == "" {
		return "", false
	}
	data, err := os.ReadFile(m.path)
	if err != nil {
		return "", false
	}
	var f memoFile
	if json.Unmarshal(data, &f) != nil {
		return "", false
	}
	state, _ := f.Inputs.state()
	return f.Answer, state == f.State
}

// keep stores an answer, best effort.
func (m memo) keep(in inputs, answer string) {
	if m.path == "" {
		return
	}
	in.Files = append(in.Files, m.settings...)
	state, youngest := in.state()
	if time.Since(youngest) < settled {
		return
	}
	data, err := json.Marshal(memoFile{in, state, answer})
	if err == nil {
		atomicfile.WriteFile(m.path, data, 0o644)
	}
}

// state digests the inputs as they are, and tells the time of the youngest.
func (in *inputs) state() (digest string, youngest time.Time) {
	h := sha256.New()
	note := func(path string, info fs.FileInfo) {
		fmt.Fprintf(h, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		if info.ModTime().After(youngest) {
			youngest = info.ModTime()
		}
	}
	for _, path := range in.Files {
		if info, err := os.Stat(path); err == nil {
			note(path, info)
		} else {
			fmt.Fprintf(h, "%q absent\n", path)
		}
	}
	for _, dir := range in.Dirs {
		goFiles(dir, note)
	}
	for _, tree := range in.Trees {
		filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return nil
			}
			if name := d.Name(); path != tree && (name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")) {
				return fs.SkipDir // as "go help packages" says
			}
			fmt.Fprintf(h, "%q\n", path)
			goFiles(path, note)
			return nil
		})
	}
	return hex.EncodeToString(h.Sum(nil)), youngest
}

// goFiles notes the Go files and the go.mod of a directory.
func goFiles(dir string, note func(string, fs.FileInfo)) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") && e.Name() != "go.mod" {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil {
			note(filepath.Join(dir, e.Name()), info)
		}
	}
}

func statLine(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
}

// moduleFiles are the files that decide which version of which module is used
// in a directory: its module's own, and a workspace's at or above it.
func moduleFiles(dir string) []string {
	files := []string{
		filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"), filepath.Join(dir, "vendor", "modules.txt"),
	}
	for d := dir; ; d = filepath.Dir(d) {
		files = append(files, filepath.Join(d, "go.work"), filepath.Join(d, "go.work.sum"))
		if d == filepath.Dir(d) {
			return files
		}
	}
}
