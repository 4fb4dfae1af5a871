package build

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
)

// ErrNoProgram is what errors.Is finds in an error of [GoFinder] where a
// pattern could be read and there is no program in it.
var ErrNoProgram = errors.New("no program")

type noProgramError struct{ error }

func (e noProgramError) Unwrap() error        { return e.error }
func (e noProgramError) Is(target error) bool { return target == ErrNoProgram }

func noProgram(fix, format string, args ...any) error {
	return noProgramError{hint.Errorf(fix, format, args...)}
}

// unreadable is the error of a package that the go command could not make out.
func unreadable(named string, p GoPackage) error {
	msg := strings.TrimSpace(p.Error.Err)
	if p.Error.Pos != "" && !strings.Contains(msg, p.Error.Pos) {
		msg = p.Error.Pos + ": " + msg
	}
	err := hint.Wrap(fmt.Errorf("reading package %s: %s", named, msg), fixOf(msg))
	if noGoFiles(msg) || strings.Contains(msg, "no Go files in") {
		return noProgramError{err}
	}
	return err
}

// noGoFiles recognises a directory that has Go files, but none for the target:
// the error that a wildcard passes over.
func noGoFiles(msg string) bool {
	return strings.Contains(msg, "build constraints exclude all Go files") || strings.Contains(msg, "no non-test Go files")
}

// fixes are what to do about messages of the go command, by a part of them.
// The last three are Windows' and Unix' words for a path that is not there.
var fixes = []struct{ part, fix string }{
	{"go.mod file not found", "run lambdapack inside a Go module, or name the directory of a package in one"},
	{"does not contain main module", "run lambdapack inside a Go module, or name the directory of a package in one"},
	{"is not in std", "write ./ before a directory; without it the name is an import path"},
	{"build constraints exclude all", "give the tags that its files ask for, with --tags"},
	{"no Go files", "name a directory that holds a Go program"},
	{"directory not found", "name a directory that holds a Go program"},
	{"no such file or directory", "name a directory that holds a Go program"},
	{"cannot find the", "name a directory that holds a Go program"},
}

func fixOf(msg string) string {
	for _, f := range fixes {
		if strings.Contains(msg, f.part) {
			return f.fix
		}
	}
	return ""
}

// missingGo explains a go command that is not there.
func missingGo(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return hint.Errorf("install Go from https://go.dev/dl/ and put its bin directory on PATH", "the go command is not installed: %w", err)
	}
	return err
}

// goFailure makes an error of what the go command printed, without the lines
// that only tell of progress.
func goFailure(doing, stderr string) error {
	var lines []string
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "go: downloading ") {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	if text == "" {
		return fmt.Errorf("%s: the go command failed and said nothing", doing)
	}
	if !strings.Contains(text, "\n") {
		return fmt.Errorf("%s: %s", doing, strings.TrimPrefix(text, "go: "))
	}
	return fmt.Errorf("%s:\n%s", doing, text)
}
