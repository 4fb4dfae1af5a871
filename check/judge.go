package check

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// A judge holds one package against one target.
type judge struct {
	ctx    context.Context
	opts   Options
	rt     *lambda.Runtime
	arch   *lambda.Arch // nil where nothing tells it
	source *source
	tree   *tree
	report *Report

	sysroot  *ldd.Sysroot
	files    map[string]*ldd.File // the proper ELF files, by name
	closures []*closure
	judged   map[string]bool // objects that are in the report
	libs     map[string]ldd.Virtual
}

// finding returns a finding with the usual severity of its identifier.
func finding(id, object, evidence, fix string) Finding {
	s, ok := severities[id]
	if !ok {
		panic("no such finding: " + id)
	}
	return Finding{ID: id, Severity: s, Object: ldd.Printable(object), Evidence: ldd.Printable(evidence), Fix: ldd.Printable(fix)}
}

func (j *judge) find(id, object, evidence, fix string) {
	j.report.Findings = append(j.report.Findings, finding(id, object, evidence, fix))
}

// findAs is find with another severity than the usual one.
func (j *judge) findAs(s Severity, id, object, evidence, fix string) {
	f := finding(id, object, evidence, fix)
	f.Severity = s
	j.report.Findings = append(j.report.Findings, f)
}

func judgeSource(ctx context.Context, s *source, opts Options) *judge {
	j := &judge{
		ctx: ctx, opts: opts, rt: opts.Runtime, arch: opts.Arch, source: s, tree: newTree(s.items),
		report: &Report{Form: s.form, Packed: s.packed, Findings: append([]Finding{}, s.faults...), Objects: []Object{}},
		files:  map[string]*ldd.File{}, judged: map[string]bool{},
	}
	if j.rt == nil {
		j.rt = lambda.DefaultRuntime()
	}
	j.report.Runtime = j.rt.Name
	return j
}

// verdict judges a package.
func verdict(ctx context.Context, s *source, opts Options) (*Report, error) {
	j := judgeSource(ctx, s, opts)
	j.judgeRuntime()
	j.judgeSizes()
	j.judgeNames()
	j.judgeModes()
	j.judgeLinks()
	if err := j.inspect(); err != nil {
		return nil, err
	}
	j.judgeBootstrap()
	j.judgeMachines()
	j.judgeScripts()
	j.judgeStatic()
	if err := j.judgeLoading(); err != nil {
		return nil, err
	}
	if s.spoiled != nil {
		j.report.Findings = append(j.report.Findings, s.spoiled()...)
	}
	j.report.finish(j.arch)
	return j.report, ctx.Err()
}

// inspect reads the headers of all ELF files, and settles the machine.
func (j *judge) inspect() error {
	root := j.opts.Rootfs
	if root == nil {
		root = ldd.FS(newTree(nil))
	}
	j.sysroot = root.Mount(taskRoot, j.tree)
	var elfs []*item
	for _, i := range j.tree.regular() {
		if i.elf() {
			elfs = append(elfs, i)
		}
	}
	slices.SortStableFunc(elfs, func(a, b *item) int { return cmp.Compare(b.size, a.size) }) // the longest work first
	if err := each(j.ctx, elfs, func(i *item) { j.sysroot.Inspect(inTask(i.name)) }); err != nil {
		return err
	}
	for _, i := range elfs {
		f, err := j.sysroot.Inspect(inTask(i.name)) // remembered
		switch {
		case errors.Is(err, ldd.ErrNotELF) || errors.Is(err, errBudget):
		case err != nil:
			j.broken(i, err)
		default:
			j.files[i.name] = f
		}
	}
	if j.arch == nil {
		j.arch = j.guessArch()
	}
	return nil
}

func (j *judge) broken(i *item, err error) {
	var fe *ldd.FileError
	text := err.Error()
	if errors.As(err, &fe) {
		text = fe.Err.Error()
		if fe.Detail != "" {
			text += ": " + fe.Detail
		}
	}
	s := Warning
	if j.expected(i.name) {
		s = Error
	}
	j.findAs(s, brokenELF, i.name, text, "build or copy the file anew")
}

// guessArch returns the machine of bootstrap, or where that is a script the one
// machine of all programs.
func (j *judge) guessArch() *lambda.Arch {
	if i := j.tree.resolve(j.source.main); i != nil && j.files[i.name] != nil {
		if a, ok := archOf(j.files[i.name]); ok {
			return &a
		}
		return nil
	}
	var found *lambda.Arch
	for _, f := range j.files {
		a, ok := archOf(f)
		if ok && found != nil && *found != a {
			return nil
		}
		if ok {
			found = &a
		}
	}
	return found
}

// archOf returns Lambda's name of a file's machine: Lambda runs 64-bit
// little-endian programs only.
func archOf(f *ldd.File) (lambda.Arch, bool) {
	a, ok := lambda.ArchOfMachine(f.Machine)
	return a, ok && f.Class == 2 && f.Data == 1
}

// expected reports whether a file is one that was put there to be loaded or run:
// it is bootstrap, or stands in a directory that the loader searches.
func (j *judge) expected(name string) bool {
	dir, _, nested := strings.Cut(name, "/")
	return !nested || dir == "lib" && !strings.Contains(name[len("lib/"):], "/")
}

// inTask returns where a file of the package lies in Lambda.
func inTask(name string) string { return taskRoot + "/" + name }

// inPackage returns the name in the package of a path in Lambda.
func inPackage(p string) (string, bool) { return strings.CutPrefix(p, taskRoot+"/") }
