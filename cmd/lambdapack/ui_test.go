package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lambdapack/lambdapack"
	"github.com/lambdapack/lambdapack/internal/hint"
)

// screen shows what a terminal would, of the few controls that ui uses.
func screen(t *testing.T, out string) []string {
	t.Helper()
	lines, row, col := []string{""}, 0, 0
	control := regexp.MustCompile("^\x1b\\[([0-9]*)([AJm])")
	for out != "" {
		switch m := control.FindStringSubmatch(out); {
		case m != nil && m[2] == "A":
			n, _ := strconv.Atoi(m[1])
			row -= n
			out = out[len(m[0]):]
		case m != nil && m[2] == "J":
			lines = append(lines[:row:row], lines[row][:min(col, len(lines[row]))])
			out = out[len(m[0]):]
		case m != nil: // colour
			out = out[len(m[0]):]
		case out[0] == '\r':
			col, out = 0, out[1:]
		case out[0] == '\n':
			if row, col, out = row+1, 0, out[1:]; row == len(lines) {
				lines = append(lines, "")
			}
		case out[0] == 0x1b:
			t.Fatalf("unknown control %q", out[:min(8, len(out))])
		default:
			line := lines[row] + strings.Repeat(" ", max(0, col-len(lines[row])))
			lines[row] = line[:col] + out[:1] + line[min(col+1, len(line)):]
			col, out = col+1, out[1:]
		}
	}
	return lines
}

// terminal is a ui on a terminal of 40 columns.
func terminal(env ...string) (*ui, *bytes.Buffer) {
	var out bytes.Buffer
	u := newUI(&out, env)
	u.onTerminal(env, func() int { return 40 })
	return u, &out
}

func event(function string, step lambdapack.Step, done bool, detail string) lambdapack.Event {
	return lambdapack.Event{Function: function, Step: step, Done: done, Detail: detail}
}

func checkScreen(t *testing.T, out *bytes.Buffer, want ...string) {
	t.Helper()
	got := screen(t, out.String())
	if strings.Join(got, "\n") != strings.Join(want, "\n")+"\n" {
		t.Errorf("screen\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLive(t *testing.T) {
	u, out := terminal()
	u.progress(event("a", lambdapack.StepCompile, false, ""))
	u.progress(event("b", lambdapack.StepCompile, false, ""))
	checkScreen(t, out, "     a, compiling", "     b, compiling")
	u.progress(event("a", lambdapack.StepCompile, true, ""))
	u.progress(event("a", lambdapack.StepPackage, false, ""))
	checkScreen(t, out, "     b, compiling", "     a, packaging")
	u.progress(event("a", lambdapack.StepPackage, true, "1.0 MB"))
	checkScreen(t, out, "done a, 1.0 MB", "     b, compiling")

	u.warning(errors.New("look"))
	checkScreen(t, out, "done a, 1.0 MB", "lambdapack: warning: look", "     b, compiling")
	out.WriteString("^C") // the terminal's echo
	u.finish()
	u.failure(hint.Errorf("wait", "too soon"))
	checkScreen(t, out, "done a, 1.0 MB", "lambdapack: warning: look", "lambdapack: error: too soon", "  fix: wait")
}

func TestLiveManyAndLong(t *testing.T) {
	u, out := terminal()
	for i := range 20 {
		u.progress(event(fmt.Sprintf("function-%02d-%s", i, strings.Repeat("x", 60)), lambdapack.StepCompile, false, ""))
	}
	lines := screen(t, out.String())
	if len(lines) != maxLive+1 || strings.TrimSpace(lines[maxLive-1]) != "and 13 more" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for _, l := range lines {
		if len(l) >= 40 {
			t.Errorf("%d columns wrap in a terminal of 40: %s", len(l), l)
		}
	}
}

func TestColour(t *testing.T) {
	for _, tt := range []struct {
		env    string
		colour bool
	}{{"", true}, {"NO_COLOR=", true}, {"NO_COLOR=1", false}, {"TERM=dumb", false}, {"TERM=xterm", true}} {
		u, out := terminal(tt.env)
		u.failure(errors.New("oh"))
		if got := strings.Contains(out.String(), "\x1b["); got != tt.colour {
			t.Errorf("%q: colour %v", tt.env, got)
		}
	}
	var out bytes.Buffer
	u := newUI(&out, nil)
	u.failure(errors.New("oh"))
	u.progress(event("a", lambdapack.StepCompile, false, ""))
	u.progress(event("a", lambdapack.StepCompile, true, ""))
	if got := out.String(); got != "lambdapack: error: oh\na: compiled\n" {
		t.Errorf("off a terminal: %q", got)
	}
}

func TestQuiet(t *testing.T) {
	u, out := terminal()
	u.quiet = true
	u.progress(event("a", lambdapack.StepCompile, false, ""))
	u.notice("n")
	u.trace("t")
	u.warning(errors.New("w"))
	checkScreen(t, out, "lambdapack: warning: w")
}

func TestWrap(t *testing.T) {
	for in, want := range map[string]string{
		"one two three four":        "one two \n  three \n  four",
		"one two\nthree fours":      "one two\nthree \n  fours",
		"  fix: one two":            "  fix: one \n    two",
		"a-word-longer-than-a-line": "a-word-longer-than-a-line",
		"short":                     "short",
	} {
		if got := wrap(in, 10); got != want {
			t.Errorf("wrap(%q) = %q, want %q", in, got, want)
		}
	}
}
