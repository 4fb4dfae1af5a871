//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A go command that never ends its builds, and says when one has begun.
const slowGo = `#!/bin/sh
if [ "$1" = build ]; then
	: >"$SLOW_GO_BEGAN"
	exec sleep 60
fi
exec "$REAL_GO" "$@"
`

// TestInterruptCompile pins that Ctrl-C ends the compiler, and leaves what an
// earlier run has made.
func TestInterruptCompile(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir, dist := interruptible(t)
			realGo, err := exec.LookPath("go")
			if err != nil {
				t.Fatal(err)
			}
			bin, began := t.TempDir(), filepath.Join(t.TempDir(), "began")
			if err := os.WriteFile(filepath.Join(bin, "go"), []byte(slowGo), 0o755); err != nil {
				t.Fatal(err)
			}
			c := process(t, dir, "build", "./...")
			c.Env = append(c.Env, "PATH="+bin+":"+os.Getenv("PATH"), "REAL_GO="+realGo, "SLOW_GO_BEGAN="+began)
			interrupt(t, c, sig, dist, func() bool { _, err := os.Stat(began); return err == nil })
		})
	}
}

// TestInterruptPackage pins the same for a zip that is half written.
func TestInterruptPackage(t *testing.T) {
	t.Parallel()
	dir, dist := interruptible(t)
	big, err := os.Create(filepath.Join(dir, "big.bin"))
	if err != nil {
		t.Fatal(err)
	}
	defer big.Close()
	if err := big.Truncate(200 << 20); err != nil {
		t.Fatal(err)
	}
	c := process(t, dir, "build", "--include", "big.bin", "-j", "1", "./a")
	interrupt(t, c, syscall.SIGINT, dist, func() bool {
		temps, _ := filepath.Glob(filepath.Join(dist, ".*.tmp-*"))
		return len(temps) > 0
	})
}

// interruptible is a module that was built, and has changed since.
func interruptible(t *testing.T) (dir, dist string) {
	t.Helper()
	dir = t.TempDir()
	writeTree(t, dir, map[string]string{"go.mod": "module example.com/m\n\ngo 1.21\n", "a/main.go": emptyProgram, "b/main.go": emptyProgram})
	succeed(t, process(t, dir, "build", "./..."))
	writeTree(t, dir, map[string]string{"a/main.go": "package main\n\nfunc main() { println() }\n"})
	return dir, filepath.Join(dir, "dist")
}

// interrupt starts a process, sends it the signal once it has got somewhere,
// and checks how it ends.
func interrupt(t *testing.T, c *exec.Cmd, sig os.Signal, dist string, somewhere func() bool) {
	t.Helper()
	before := snapshot(t, dist)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); c.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); !somewhere(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			c.Process.Kill()
			t.Fatalf("it got nowhere\n%s", &stderr)
		}
	}
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(9 * time.Second): // the runner kills after 10
		c.Process.Kill()
		t.Fatalf("it goes on\n%s", &stderr)
	}
	if code := c.ProcessState.ExitCode(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q", &stdout)
	}
	want := "lambdapack: error: interrupted; the previous output is as it was\n"
	if !strings.HasSuffix(stderr.String(), want) || strings.Count(stderr.String(), "error:") != 1 {
		t.Errorf("stderr %q, want %q at its end", &stderr, want)
	}
	unharmed(t, dist, before)
}
