package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/lambdapack/lambdapack/ldd"
)

// TextOptions say how [WriteText] writes. The zero value writes plain text.
type TextOptions struct {
	// Colour marks severities with the colours of a terminal.
	Colour bool
	// Verbose adds where each soname of each object leads, and leaves out none of
	// many findings of one kind.
	Verbose bool
}

// maxAlike bounds the findings of one kind that are shown.
const maxAlike = 10

// textWidth is the width that text is wrapped at, for a terminal of 80 columns.
const textWidth = 79

// WriteText writes a report for people: what was judged, the findings grouped by
// severity, and a line that counts them.
func WriteText(w io.Writer, r *Report, opts TextOptions) error {
	t := &textWriter{b: bufio.NewWriter(w), TextOptions: opts}
	t.wrap(r.title(), "", "  ")
	for _, s := range []Severity{Error, Warning, Notice} {
		t.group(r, s)
	}
	if opts.Verbose {
		t.resolutions(r)
	}
	fmt.Fprintf(t.b, "\n%s\n", t.summary(r))
	return t.b.Flush()
}

type textWriter struct {
	TextOptions
	b *bufio.Writer
}

// title says what was judged, and as what.
func (r *Report) title() string {
	what := ldd.Printable(r.Path)
	if what == "" {
		what = "package"
	}
	text := what + ": " + r.Form + " for " + r.Runtime
	if r.Arch != "" {
		text += " " + r.Arch
	}
	switch {
	case r.Form == "file":
		text += ", " + megabytes(r.Unpacked)
	case r.Packed > 0:
		text += fmt.Sprintf(", %s, %s packed, %s unpacked", count(r.Files, "file"), megabytes(r.Packed), megabytes(r.Unpacked))
	default:
		text += fmt.Sprintf(", %s, %s", count(r.Files, "file"), megabytes(r.Unpacked))
	}
	return text
}

func megabytes(n int64) string {
	if n < 100<<10 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var severityColours = map[Severity]string{Error: "31", Warning: "33", Notice: "36"}

func (t *textWriter) group(r *Report, s Severity) {
	if r.Count(s) == 0 {
		return
	}
	fmt.Fprintf(t.b, "\n%s\n", t.paint(severityColours[s], string(s)+"s"))
	shown, fix := map[string]int{}, ""
	for i, f := range r.Findings {
		if f.Severity != s {
			continue
		}
		if shown[f.ID]++; shown[f.ID] <= maxAlike || t.Verbose {
			t.finding(f, f.Fix == fix)
			fix = f.Fix
		}
		last := i == len(r.Findings)-1 || r.Findings[i+1].ID != f.ID || r.Findings[i+1].Severity != s
		if more := shown[f.ID] - maxAlike; last && more > 0 && !t.Verbose {
			fmt.Fprintf(t.b, "  %s  and %d more, which --verbose and --json show\n", t.paint("1", f.ID), more)
		}
	}
}

// finding writes one finding; the fix that stands above it already is not said
// again.
func (t *textWriter) finding(f Finding, fixed bool) {
	head := "  " + t.paint("1", f.ID)
	if f.Object != "" {
		head += "  " + f.Object
	}
	fmt.Fprintln(t.b, head)
	t.wrap(f.Evidence, "    ", "    ")
	if fixed {
		fmt.Fprintln(t.b, "    fix: as above")
		return
	}
	t.wrap("fix: "+f.Fix, "    ", "         ")
}

// resolutions lists the way of each soname.
func (t *textWriter) resolutions(r *Report) {
	fmt.Fprintf(t.b, "\n%s\n", t.paint("1", "resolutions"))
	for _, o := range r.Objects {
		note := ""
		if !o.Loaded {
			note = "  (not loaded at the start)"
		}
		fmt.Fprintf(t.b, "  %s%s\n", o.Path, note)
		for _, n := range o.Needs {
			if n.From == "nowhere" {
				fmt.Fprintf(t.b, "    %s => %s\n", n.Name, t.paint("31", "not found"))
				continue
			}
			fmt.Fprintf(t.b, "    %s => %s\n", n.Name, n.Path)
			t.wrap(n.From+", "+n.How, "        ", "        ")
		}
		if len(o.Needs) == 0 {
			fmt.Fprintln(t.b, "    needs nothing")
		}
	}
}

func (t *textWriter) summary(r *Report) string {
	errors, warnings, notices := r.Count(Error), r.Count(Warning), r.Count(Notice)
	if errors+warnings+notices == 0 {
		return t.paint("32", "nothing found")
	}
	text := fmt.Sprintf("%s, %s, %s", count(errors, "error"), count(warnings, "warning"), count(notices, "notice"))
	switch {
	case errors > 0:
		return t.paint("31", text)
	case warnings > 0:
		return t.paint("33", text)
	}
	return text
}

func (t *textWriter) paint(code, text string) string {
	if !t.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// wrap writes a text in lines that fit. A word that does not fit stays whole, so
// that paths can be copied.
func (t *textWriter) wrap(text, first, rest string) {
	line, indent := first, first
	for word := range strings.FieldsSeq(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			fmt.Fprintln(t.b, line)
			line, indent = rest, rest
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(t.b, line)
}
