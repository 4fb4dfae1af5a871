package ldd

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	uroot "github.com/u-root/u-root/pkg/ldd"
)

// NativeList asks the real dynamic loader, through u-root's pkg/ldd, which
// libraries it would map for a file of the host. The loader runs in the
// environment of this process; [Oracle] gives it a clean one. It is meant for
// files that were built in this run only.
//
// What u-root does not report is not in the answer: libraries that are needed by
// a path with a slash.
func NativeList(file string) (Native, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return Native{}, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return Native{}, err
	}
	paths, err := uroot.List(real)
	var exit *exec.ExitError
	if errors.As(err, &exit) && strings.Contains(err.Error(), "error while loading shared libraries") {
		return Native{Missing: true, Detail: lastLine(err.Error())}, nil
	}
	if err != nil {
		return Native{}, fmt.Errorf("asking the native loader about %s: %w", file, err)
	}
	n := Native{}
	for _, p := range paths {
		if p == "not" { // from "libx.so => not found"
			n.Missing = true
			continue
		}
		n.Paths = append(n.Paths, p)
	}
	slices.Sort(n.Paths)
	return n, nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
