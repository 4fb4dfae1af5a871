package check

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
)

// Severity is the weight of a finding.
type Severity string

// The severities. An error is what fails in Lambda; a warning is what may fail,
// or what rests on luck; a notice is good to know.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Notice  Severity = "notice"
)

func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Notice}, s) }

// A Finding is one thing that is wrong with a package.
type Finding struct {
	// ID says what kind of thing: one of [IDs], documented in docs/checks.md.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Object is the file's path in the package, "" for the package as a whole.
	Object string `json:"object,omitempty"`
	// Evidence is what was seen, Fix what to do: one sentence each.
	Evidence string `json:"evidence"`
	Fix      string `json:"fix"`
}

// A Report is the verdict on one package.
type Report struct {
	// Path is the file or directory that was judged; "" for a package that is
	// not written yet.
	Path string `json:"path,omitempty"`
	// Form is "zip", "directory", "file" or "package".
	Form    string `json:"form"`
	Runtime string `json:"runtime"`
	// Arch is Lambda's word, x86_64 or arm64; "" where nothing tells it.
	Arch string `json:"architecture,omitempty"`
	// Files counts regular files, Packed is the zip's size in bytes (0 for other
	// forms) and Unpacked the sum of the files' sizes.
	Files    int   `json:"files"`
	Packed   int64 `json:"packed_size,omitempty"`
	Unpacked int64 `json:"unpacked_size"`
	// Findings are sorted by severity, identifier and object.
	Findings []Finding `json:"findings"`
	// Objects are the ELF files that a dynamic loader would load, by path.
	Objects []Object `json:"objects"`
}

// An Object is an ELF file of the package and where its needs lead.
type Object struct {
	// Path is relative to the package's root.
	Path string `json:"path"`
	// Soname is the DT_SONAME, if any.
	Soname string `json:"soname,omitempty"`
	// Loaded is true where the loader maps the object when the function starts.
	Loaded bool         `json:"loaded"`
	Needs  []Resolution `json:"needs"`
}

// A Resolution says which file the loader takes for a soname.
type Resolution struct {
	Name string `json:"name"`
	// Path is the file in Lambda; "" where there is none.
	Path string `json:"path,omitempty"`
	// From is "package", "runtime" (the table of what the runtime has), "rootfs"
	// or "nowhere".
	From string `json:"from"`
	// How is the loader's rule that led there, such as "DT_RPATH of bootstrap".
	How string `json:"how,omitempty"`
}

// Count returns the number of findings of a severity.
func (r *Report) Count(s Severity) (n int) {
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Failed reports whether the package must not be deployed: there is an error or,
// where strict is true, a warning.
func (r *Report) Failed(strict bool) bool {
	return r.Count(Error) > 0 || strict && r.Count(Warning) > 0
}

// Err returns nil where there is no error among the findings. Else it says the
// first one and how many more there are, and carries its fix as a hint.
func (r *Report) Err() error {
	n := r.Count(Error)
	if n == 0 {
		return nil
	}
	first := r.Findings[0]
	more := ""
	if n > 1 {
		more = fmt.Sprintf(", and %d more errors", n-1)
	}
	return hint.Errorf(first.Fix, "%s%s", first, more)
}

// String returns object, evidence and identifier in one line.
func (f Finding) String() string {
	if f.Object == "" {
		return fmt.Sprintf("%s [%s]", f.Evidence, f.ID)
	}
	return fmt.Sprintf("%s: %s [%s]", f.Object, f.Evidence, f.ID)
}

func (r *Report) finish(target *lambda.Arch) {
	if target != nil {
		r.Arch = target.Terraform()
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(a.Severity.rank()-b.Severity.rank(), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Evidence, b.Evidence))
	})
	r.Findings = slices.Compact(r.Findings)
	slices.SortFunc(r.Objects, func(a, b Object) int { return cmp.Compare(a.Path, b.Path) })
}
