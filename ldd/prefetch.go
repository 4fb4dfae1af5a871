package ldd

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// prefetch reads, beside the walk, the files that the walk will probably ask for,
// so that two processors share the waiting. It works from the last need to the
// first, while the walk goes from the first to the last. It only fills the
// sysroot's memory: the walk's results do not depend on it. The function that it
// returns ends it.
func (w *walker) prefetch(root *Object) (stop func()) {
	names := slices.Clone(root.Needed)
	if len(names) == 0 {
		return func() {}
	}
	s, steps := w.searcher, w.order(root)
	var stopped atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		seen := map[string]bool{}
		for len(names) > 0 && !stopped.Load() {
			name := names[len(names)-1]
			names = names[:len(names)-1]
			if seen[name] || strings.Contains(name, "/") {
				continue
			}
			seen[name] = true
			s.candidates(steps, root, name, func(p string, _ Resolution) bool {
				f, err := w.root.Inspect(p)
				if err == nil {
					names = append(names, f.Needed...)
				}
				return err != nil && !stopped.Load()
			})
		}
	})
	return func() {
		stopped.Store(true)
		wg.Wait()
	}
}
