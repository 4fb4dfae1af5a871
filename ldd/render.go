package ldd

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Printable returns s as it may be shown on a terminal: control characters,
// characters that change the direction of text, and invalid UTF-8 are escaped as
// in a Go string.
func Printable(s string) string {
	if printableASCII(s) {
		return s
	}
	plain := func(r rune) bool { return r != unicode.ReplacementChar && unicode.IsPrint(r) }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	q := strconv.Quote(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

// printableASCII answers for nearly every name without looking into tables.
func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// WriteList writes one object a line: the name asked for, an arrow and the path
// in the sysroot, as ldd(1) does; then what is missing. The root is left out.
func WriteList(w io.Writer, c *Closure) error {
	b := bufio.NewWriter(w)
	for _, o := range c.Objects[1:] {
		for _, part := range []string{Printable(o.firstName()), " => ", Printable(o.Path), virtualMark(o), "\n"} {
			b.WriteString(part)
		}
	}
	for _, m := range c.Missing {
		fmt.Fprintf(b, "%s => not found%s\n", Printable(m.Name), causeMark(m))
	}
	return b.Flush()
}

// firstName returns the name under which the object was first asked for.
func (o *Object) firstName() string {
	if len(o.Names) > 0 {
		return o.Names[0]
	}
	return o.Label()
}

func virtualMark(o *Object) string {
	if o.Virtual() {
		return " (virtual)"
	}
	return ""
}

func causeMark(m *Missing) string {
	if m.Cause == nil {
		return ""
	}
	return " (" + Printable(m.Cause.Error()) + ")"
}

// WriteTree writes the closure as a tree that shows the needs of each object
// once, where it is first loaded, breadth first as the loader loads: elsewhere
// an object with needs of its own is marked "(*)". Missing names are marked
// "not found", excluded ones "excluded".
func WriteTree(w io.Writer, c *Closure) error {
	t := treeWriter{b: bufio.NewWriter(w), expandAt: map[*Object]*Need{}}
	t.plan(c.Root)
	fmt.Fprintln(t.b, Printable(c.Root.Path))
	t.needs(c.Root, "")
	return t.b.Flush()
}

type treeWriter struct {
	b        *bufio.Writer
	expandAt map[*Object]*Need // the edge below which an object's needs are shown
}

// plan picks for each object the edge that is nearest to the root.
func (t *treeWriter) plan(root *Object) {
	t.expandAt[root] = &Need{}
	for queue := []*Object{root}; len(queue) > 0; queue = queue[1:] {
		for _, n := range queue[0].Needs {
			if n.Object != nil && t.expandAt[n.Object] == nil {
				t.expandAt[n.Object] = n
				queue = append(queue, n.Object)
			}
		}
	}
}

func (t *treeWriter) needs(o *Object, indent string) {
	for i, n := range o.Needs {
		branch, below := "├── ", "│   "
		if i == len(o.Needs)-1 {
			branch, below = "└── ", "    "
		}
		fmt.Fprintf(t.b, "%s%s%s%s\n", indent, branch, Printable(n.Name), t.result(n))
		if n.Object != nil && t.expandAt[n.Object] == n {
			t.needs(n.Object, indent+below)
		}
	}
}

// result describes where a need led to.
func (t *treeWriter) result(n *Need) string {
	switch {
	case n.Excluded:
		return " (excluded)"
	case n.Object == nil:
		return " => not found"
	}
	text := virtualMark(n.Object)
	if n.Name != n.Object.Path {
		text = " => " + Printable(n.Object.Path) + text
	}
	if t.expandAt[n.Object] != n && len(n.Object.Needs) > 0 {
		text += " (*)"
	}
	return text
}

// nodes numbers the objects and the names that lead nowhere, for graphs.
func (c *Closure) nodes() (id func(*Need) string, missing []string) {
	number := map[*Object]int{}
	for i, o := range c.Objects {
		number[o] = i
	}
	for _, m := range c.Missing {
		missing = append(missing, m.Name)
	}
	return func(n *Need) string {
		if n.Object != nil {
			return fmt.Sprintf("n%d", number[n.Object])
		}
		if i := slices.Index(missing, n.Name); i >= 0 {
			return fmt.Sprintf("m%d", i)
		}
		return ""
	}, missing
}
