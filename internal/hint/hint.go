// Package hint attaches to an error the line that says how to fix it. The
// command prints the error and, below it, the fix; a program that uses the
// library finds the fix with [Of] and decides for itself.
package hint

import (
	"errors"
	"fmt"
)

type hinted struct {
	error
	fix string
}

func (h *hinted) Unwrap() error { return h.error }

// Wrap returns err with a fix, a sentence in the imperative. It returns nil
// where err is nil.
func Wrap(err error, fix string) error {
	if err == nil {
		return nil
	}
	return &hinted{err, fix}
}

// Errorf returns an error that carries fix. The format takes %w as fmt.Errorf does.
func Errorf(fix, format string, args ...any) error {
	return &hinted{fmt.Errorf(format, args...), fix}
}

// Of returns the fix nearest to the surface of err, and "" where there is none.
func Of(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.fix
	}
	return ""
}
