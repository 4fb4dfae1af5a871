package ldd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// A Native is the real dynamic loader's answer about a file.
type Native struct {
	Paths   []string `json:"paths"`             // libraries and the loader itself, sorted
	Missing bool     `json:"missing,omitempty"` // the loader found a library missing; Paths may be incomplete
	Detail  string   `json:"detail,omitempty"`  // what the loader said about it
}

// ErrNoOracle says that this host has no dynamic loader to ask.
var ErrNoOracle = errors.New("asking the native loader works on linux only")

// An Oracle asks the real dynamic loader through a child process, so that its
// environment can be empty without touching this one's: the loader obeys
// LD_LIBRARY_PATH, LD_PRELOAD and more, and u-root's pkg/ldd passes on the
// environment of the process that it is part of.
type Oracle struct {
	// Command begins the child's arguments; the file is appended. The child
	// calls [OracleMain] with its last argument: usually this very executable
	// and a hidden verb.
	Command []string
	// Run runs a command with exactly the given environment and returns its
	// standard output. Nil: os/exec.
	Run func(ctx context.Context, argv, env []string) ([]byte, error)
}

// List returns the loader's answer about a file of the host, which must have been
// built in this run: the loader maps it, and a hostile file may make the loader
// do anything.
func (o Oracle) List(ctx context.Context, file string) (Native, error) {
	if len(o.Command) == 0 {
		return Native{}, errors.New("asking the native loader: no command")
	}
	run := o.Run
	if run == nil {
		run = runClean
	}
	argv := append(o.Command[:len(o.Command):len(o.Command)], file)
	out, err := run(ctx, argv, []string{"LC_ALL=C"})
	if err != nil {
		return Native{}, fmt.Errorf("asking the native loader about %s: %w", file, err)
	}
	var n Native
	if err := json.Unmarshal(out, &n); err != nil {
		return Native{}, fmt.Errorf("asking the native loader about %s: reading the answer: %w", file, err)
	}
	return n, nil
}

// OracleMain is the child's side of [Oracle]: it asks the loader about a file and
// writes the answer as JSON.
func OracleMain(w io.Writer, file string) error {
	n, err := NativeList(file)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(n)
}

func runClean(ctx context.Context, argv, env []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && stderr.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}
