package lambdapack

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/pack"
)

// defaultOutput is the directory of packages, where none is named.
const defaultOutput = "dist"

// outputs is where the packages of a run go.
type outputs struct {
	// dir holds the manifest and, unless file is set, the packages.
	dir string
	// file is the path of a single function's zip.
	file string
	base string // what relative results are relative to
	// start is where the run does, and the paths of images.
	start string
}

// outputs reads the output option, and sees whether it can be. Several
// functions that would go to one file are an error.
func (o *Options) outputs(functions []Function) (outputs, error) {
	out, base, display := o.Output, o.Dir, o.Dir
	if out == "" && o.Config != nil && o.Config.Output != "" {
		out, base = o.Config.Output, o.Config.Dir
	}
	if out == "" {
		out = defaultOutput
	}
	if filepath.IsAbs(out) {
		base, display = "", ""
	}
	full := filepath.Join(base, out)
	if !strings.EqualFold(filepath.Ext(out), ".zip") {
		return outputs{dir: full, base: display, start: o.Dir}.check(o.Format, functions)
	}
	if o.Format != pack.FormatZip {
		return outputs{}, hint.Errorf("name a directory", "the output %s is a zip, and the format is %s", out, o.Format)
	}
	if len(functions) > 1 {
		return outputs{}, hint.Errorf("name a directory, or one function", "the output %s is one file, and there are %d functions", out, len(functions))
	}
	return outputs{dir: filepath.Dir(full), file: full, base: display, start: o.Dir}.check(o.Format, functions)
}

// check looks for what stands in the way of the packages. A directory where a
// directory goes is the writer's matter: it may be an earlier package.
func (o outputs) check(format pack.Format, functions []Function) (outputs, error) {
	for dir := o.dir; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return o, hint.Errorf("name another, or remove the file", "the output directory %s is a file", o.shown(dir))
		}
		if err == nil || dir == filepath.Dir(dir) {
			break
		}
	}
	for _, f := range functions {
		if path := o.path(f.Name, format); format == pack.FormatZip && isDir(path) {
			return o, hint.Errorf("remove it, or name another output", "the output %s is a directory, and its name says that it is a zip", o.shown(path))
		}
	}
	return o, nil
}

// path returns where a function's package goes.
func (o outputs) path(name string, format pack.Format) string {
	switch {
	case o.file != "":
		return o.file
	case format == pack.FormatZip:
		return filepath.Join(o.dir, name+".zip")
	}
	return filepath.Join(o.dir, name)
}

// shown returns a path as results have it.
func (o outputs) shown(path string) string {
	if o.base == "" {
		return path
	}
	if rel, err := filepath.Rel(o.base, path); err == nil {
		return rel
	}
	return path
}

// fromManifest returns a path that starts where the run does as the manifest
// has it. An absolute one stays so.
func (o outputs) fromManifest(path string) string {
	if !filepath.IsAbs(path) {
		if rel, err := filepath.Rel(o.dir, filepath.Join(o.start, path)); err == nil {
			path = rel
		}
	}
	return filepath.ToSlash(path)
}

func (o outputs) manifest() string { return filepath.Join(o.dir, pack.ManifestName) }
