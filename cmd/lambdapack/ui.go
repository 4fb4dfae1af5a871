package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/lambdapack/lambdapack"
	"github.com/lambdapack/lambdapack/internal/hint"
)

// The rules of what the user sees:
//
//   - stdout carries the result alone; all that is here goes to stderr.
//   - On a terminal there is one live line for each function at work, and one
//     that stays for each that is done. Elsewhere: a plain line for each
//     finished step.
//   - "lambdapack: error:", "warning:" and "notice:" begin a message of that
//     weight, in lower case; "  fix:" below it says what to do.
//   - --quiet leaves warnings and errors, --verbose adds the commands that run.
//   - Colour only on a terminal, and never with NO_COLOR or TERM=dumb.

// maxLive bounds the live lines, which must fit a small terminal.
const maxLive = 8

// ui writes messages and progress to stderr.
type ui struct {
	mu             sync.Mutex
	w              io.Writer
	quiet, verbose bool
	live, colour   bool
	width          func() int

	active []lambdapack.Event // of functions at work, in the order they began
	drawn  int                // live lines on the screen
}

func newUI(w io.Writer, env []string) *ui {
	u := &ui{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		u.onTerminal(env, func() int {
			n, _, err := term.GetSize(int(f.Fd()))
			if err != nil || n < 20 {
				n = 80
			}
			return n
		})
	}
	return u
}

func (u *ui) onTerminal(env []string, width func() int) {
	if getenv(env, "TERM") != "dumb" {
		u.live, u.colour, u.width = true, getenv(env, "NO_COLOR") == "", width
	}
}

// progress shows a step of a function.
func (u *ui) progress(e lambdapack.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.quiet {
		return
	}
	if u.live {
		u.progressLive(e)
		return
	}
	if e.Done {
		fmt.Fprintf(u.w, "%s: %s%s\n", e.Function, past[e.Step], detail(e))
	}
}

var (
	past    = map[lambdapack.Step]string{lambdapack.StepCompile: "compiled", lambdapack.StepPackage: "packaged"}
	ongoing = map[lambdapack.Step]string{
		lambdapack.StepCompile: "compiling", lambdapack.StepPackage: "packaging",
		lambdapack.StepUpload: "uploading", lambdapack.StepDownload: "downloading",
	}
)

func detail(e lambdapack.Event) string {
	if e.Detail == "" {
		return ""
	}
	return ", " + e.Detail
}

func (u *ui) progressLive(e lambdapack.Event) {
	var keep []lambdapack.Event
	for _, a := range u.active {
		if a.Function != e.Function {
			keep = append(keep, a)
		}
	}
	u.active = keep
	u.clear()
	switch {
	case e.Done && e.Step == lambdapack.StepPackage:
		fmt.Fprintf(u.w, "%s %s%s\n", u.paint("32", "done"), e.Function, detail(e))
	case !e.Done:
		u.active = append(u.active, e)
	}
	u.draw()
}

func (u *ui) draw() {
	for i, a := range u.active {
		line := fmt.Sprintf("     %s, %s%s", a.Function, ongoing[a.Step], detail(a))
		if i == maxLive-1 && len(u.active) > maxLive {
			line = fmt.Sprintf("     and %d more", len(u.active)-i)
		}
		fmt.Fprintln(u.w, cut(line, u.width()))
		if u.drawn++; u.drawn == maxLive {
			return
		}
	}
}

// clear removes the live lines: up to the first (CUU) and erase below (ED). The
// carriage return is for what the terminal echoes of Ctrl-C.
func (u *ui) clear() {
	if u.drawn > 0 {
		fmt.Fprintf(u.w, "\r\x1b[%dA\x1b[J", u.drawn)
		u.drawn = 0
	}
}

func cut(line string, width int) string {
	if r := []rune(line); len(r) >= width {
		return string(r[:width-1])
	}
	return line
}

// finish removes what is live, before the result or an error.
func (u *ui) finish() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	u.active = nil
}

func (u *ui) trace(line string) {
	if u.verbose {
		u.message("", "+ "+line)
	}
}

func (u *ui) notice(text string) {
	if !u.quiet {
		u.message(u.paint("36", "notice: "), text)
	}
}

func (u *ui) warning(err error) { u.problem(u.paint("33", "warning: "), err) }

func (u *ui) failure(err error) { u.problem(u.paint("31", "error: "), err) }

// problem prints an error, and its fix below.
func (u *ui) problem(weight string, err error) {
	text := strings.TrimRight(err.Error(), "\n")
	if fix := hint.Of(err); fix != "" {
		text += "\n  fix: " + fix
	}
	u.message(weight, text)
}

func (u *ui) message(weight, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	prefix := "lambdapack: "
	if weight == "" {
		prefix = ""
	}
	fmt.Fprintf(u.w, "%s%s%s\n", prefix, weight, strings.TrimRight(text, "\n"))
	u.draw()
}

func (u *ui) paint(code, text string) string {
	if !u.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
