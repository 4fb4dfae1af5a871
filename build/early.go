package build

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// early hands over executables while go build is still at work on others. The
// go command links in its work directory and then renames the executable, or,
// where it was up to date, sets its modification time; either is seen here as a
// new time, and both leave the file complete. On Windows, and where the work
// directory is on another file system, it copies instead: there nothing is
// handed over early.
type early struct {
	g     *Go
	dir   string
	ready func(Artifact)
	seen  map[string]fs.FileInfo // by path: as it was before, and then as it was handed over
	done  map[string]bool        // by path: handed over
}

// interval is how often finished executables are looked for.
const interval = 50 * time.Millisecond

func (g *Go) watch(dir string, ready func(Artifact)) *early {
	e := &early{g: g, dir: dir, ready: ready, seen: map[string]fs.FileInfo{}, done: map[string]bool{}}
	for _, f := range g.Functions {
		e.seen[e.path(f)], _ = os.Stat(e.path(f))
	}
	return e
}

func (e *early) path(f GoFunction) string { return filepath.Join(e.dir, f.Package.ExecName()) }

// run looks until the context ends.
func (e *early) run(ctx context.Context) {
	if runtime.GOOS == "windows" {
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.look()
		}
	}
}

func (e *early) look() {
	for _, f := range e.g.Functions {
		path := e.path(f)
		info, err := os.Stat(path)
		if err != nil || e.done[path] || same(info, e.seen[path]) {
			continue
		}
		e.seen[path], e.done[path] = info, true
		e.ready(e.g.artifact(f.Name, path))
	}
}

// finish hands over the rest, and makes sure that what went before is still
// what it was.
func (e *early) finish() error {
	for _, f := range e.g.Functions {
		path := e.path(f)
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("compiling %s: go build left no executable: %w", f.Name, err)
		}
		if !e.done[path] {
			e.done[path] = true
			e.ready(e.g.artifact(f.Name, path))
		} else if !same(info, e.seen[path]) {
			return fmt.Errorf("compiling %s: %s changed after it was complete; is another program writing there?", f.Name, path)
		}
	}
	return nil
}

func same(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
