package ldd

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteDot writes the closure as a Graphviz digraph: a node an object, an edge a
// need. Missing names are red and dashed, virtual objects dashed.
func WriteDot(w io.Writer, c *Closure) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "digraph closure {\n\trankdir=LR;\n\tnode [shape=box];\n")
	id, missing := c.nodes()
	for i, o := range c.Objects {
		style := ""
		switch {
		case o == c.Root:
			style = ", style=bold"
		case o.Virtual():
			style = ", style=dashed"
		}
		fmt.Fprintf(b, "\tn%d [label=%s, tooltip=%s%s];\n", i, dotQuote(o.Label()), dotQuote(o.Path), style)
	}
	for i, name := range missing {
		fmt.Fprintf(b, "\tm%d [label=%s, color=red, style=dashed];\n", i, dotQuote(name))
	}
	for i, o := range c.Objects {
		for _, n := range o.Needs {
			if to := id(n); to != "" {
				fmt.Fprintf(b, "\tn%d -> %s;\n", i, to)
			}
		}
	}
	fmt.Fprint(b, "}\n")
	return b.Flush()
}

// dotQuote makes a double-quoted DOT string. Backslashes are doubled, because
// labels give meaning to sequences such as \N and \l.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(Printable(s)) + `"`
}

// WriteMermaid writes the closure as a Mermaid flowchart.
func WriteMermaid(w io.Writer, c *Closure) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "flowchart LR\n")
	id, missing := c.nodes()
	for i, o := range c.Objects {
		fmt.Fprintf(b, "  n%d[\"%s\"]\n", i, mermaidText(o.Label()))
	}
	for i, name := range missing {
		fmt.Fprintf(b, "  m%d[\"%s (not found)\"]:::missing\n", i, mermaidText(name))
	}
	for i, o := range c.Objects {
		for _, n := range o.Needs {
			if to := id(n); to != "" {
				fmt.Fprintf(b, "  n%d --> %s\n", i, to)
			}
		}
	}
	if len(missing) > 0 {
		fmt.Fprint(b, "  classDef missing stroke:#c00,stroke-dasharray:4\n")
	}
	return b.Flush()
}

// mermaidText escapes a label for Mermaid: every character that could end the
// quotes, begin markup or be read as an entity becomes a numeric entity.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range Printable(s) {
		if strings.ContainsRune("\"#&;<>[]{}()|\\`*~%$", r) {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
