package lambdapack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/build"
	"github.com/lambdapack/lambdapack/internal/hint"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// Function is a program to build and package, with all that the command line
// and the config say of it.
type Function struct {
	Name    string
	Target  lambda.Target
	Package build.GoPackage
	Tags    []string
	Ldflags string
	// Env is set for the build, over the environment.
	Env map[string]string
	// Include are files to package, found below IncludeRoot.
	Include     []pack.Include
	IncludeRoot string
	C
}

// Find returns the functions that the options mean, sorted by name:
//   - the patterns' main packages, with what the config says of them, where a
//     pattern may also be the name of one of the config's functions;
//   - without patterns the config's functions, else the program in the
//     directory, else those below ./cmd.
//
// Two functions of one name are an error that says how to name them.
func Find(ctx context.Context, opts Options) ([]Function, error) {
	f := &finder{opts: opts.withDefaults()}
	if err := f.configured(ctx); err != nil {
		return nil, err
	}
	if err := f.patterns(ctx); err != nil {
		return nil, err
	}
	return f.chosen, f.sort()
}

type finder struct {
	opts   Options
	config []Function // of the config, in its order
	chosen []Function
}

// configured resolves the functions of the config. The go command is asked
// once for all that it sees in the same way.
func (f *finder) configured(ctx context.Context) error {
	c := f.opts.Config
	if c == nil {
		return nil
	}
	type view struct {
		tags string
		arch lambda.Arch
	}
	var views []view
	members := map[view][]Function{}
	patterns := map[view][]string{}
	for i := range c.Functions {
		if fc := &c.Functions[i]; f.wanted(fc) {
			fn := f.function(fc)
			v := view{strings.Join(fn.Tags, ","), fn.Target.Arch}
			if members[v] == nil {
				views = append(views, v)
			}
			members[v] = append(members[v], fn)
			patterns[v] = append(patterns[v], fc.Package)
		}
	}
	for _, v := range views {
		fns := members[v]
		each, err := f.goFinder(c.Dir, fns[0].Tags, v.arch).FindEach(ctx, patterns[v])
		if err != nil {
			return err
		}
		for i, fn := range fns {
			if n := len(each[i]); n > 1 {
				return hint.Errorf("name one of them", "function %s of the config: %s matches %d programs, %s and %s among them",
					fn.Name, patterns[v][i], n, each[i][0].ImportPath, each[i][1].ImportPath)
			}
			fn.Package = each[i][0]
			f.config = append(f.config, fn)
		}
	}
	return nil
}

// wanted reports whether a function of the config has to be resolved: not
// where the command line names functions of the config, and not this one.
func (f *finder) wanted(fc *FunctionConfig) bool {
	patterns := f.opts.Patterns
	named := slices.ContainsFunc(patterns, func(p string) bool { return f.opts.Config.Function(p) == nil })
	return len(patterns) == 0 || named || slices.Contains(patterns, fc.Name)
}

func (f *finder) goFinder(dir string, tags []string, arch lambda.Arch) *build.GoFinder {
	return &build.GoFinder{Runner: f.opts.Runner, Env: f.opts.Env, Dir: dir, Tags: tags, Arch: arch, Cache: f.opts.Cache}
}

// patterns resolves those of the command line, or their defaults.
func (f *finder) patterns(ctx context.Context) error {
	patterns := f.opts.Patterns
	if len(patterns) == 0 {
		if len(f.config) > 0 {
			f.chosen = f.config
			return nil
		}
		return f.defaults(ctx)
	}
	for _, p := range patterns {
		if i := slices.IndexFunc(f.config, func(fn Function) bool { return fn.Name == p }); i >= 0 {
			f.choose(f.config[i])
			patterns = slices.DeleteFunc(slices.Clone(patterns), func(s string) bool { return s == p })
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	return f.find(ctx, patterns)
}

// defaults looks for a program here, then below ./cmd.
func (f *finder) defaults(ctx context.Context) error {
	here := f.find(ctx, []string{"."})
	if !errors.Is(here, build.ErrNoProgram) {
		return here
	}
	if isDir(filepath.Join(f.opts.Dir, "cmd")) {
		return f.find(ctx, []string{"./cmd/..."})
	}
	return here
}

func (f *finder) find(ctx context.Context, patterns []string) error {
	plain := f.function(&FunctionConfig{})
	pkgs, err := f.goFinder(f.opts.Dir, plain.Tags, plain.Target.Arch).Find(ctx, patterns)
	if err != nil {
		return f.suggest(err, patterns)
	}
	for _, p := range pkgs {
		fn := plain
		fn.Name, fn.Package = p.ExecName(), p
		known := false
		for _, c := range f.config {
			if c.Package.Dir == p.Dir {
				f.choose(c)
				known = true
			}
		}
		if !known {
			f.choose(fn)
		}
	}
	return nil
}

// suggest adds the names of the config to an error, where a pattern looks like
// one of them, misspelt.
func (f *finder) suggest(err error, patterns []string) error {
	isName := validName
	if f.opts.Config == nil || len(f.opts.Config.Functions) == 0 || !slices.ContainsFunc(patterns, isName) {
		return err
	}
	var names []string
	for _, fc := range f.opts.Config.Functions {
		names = append(names, fc.Name)
	}
	return hint.Wrap(err, fmt.Sprintf("name a function of %s (%s), or write ./ before a directory", ConfigName, strings.Join(names, ", ")))
}

// choose adds a function once.
func (f *finder) choose(fn Function) {
	twice := slices.ContainsFunc(f.chosen, func(o Function) bool {
		return o.Name == fn.Name && o.Package.Dir == fn.Package.Dir
	})
	if !twice {
		f.chosen = append(f.chosen, fn)
	}
}

// function lays the command line over a function of the config, and that over
// the whole config.
func (f *finder) function(fc *FunctionConfig) Function {
	o, c := &f.opts, f.opts.Config
	if c == nil {
		c = &Config{}
	}
	fn := Function{
		Name: fc.Name,
		Target: lambda.Target{
			Arch:    *cmp.Or(o.Arch, fc.Arch, c.Arch, new(lambda.Arch)),
			Runtime: cmp.Or(o.Runtime, fc.Runtime, c.Runtime, lambda.DefaultRuntime()),
		},
		Tags: fc.Tags, Ldflags: fc.Ldflags, Env: fc.Env,
		Include: fc.Include, IncludeRoot: c.Dir,
	}
	if o.Tags != nil {
		fn.Tags = o.Tags
	}
	if o.Ldflags != nil {
		fn.Ldflags = *o.Ldflags
	}
	if o.Include != nil {
		fn.Include, fn.IncludeRoot = o.Include, o.Dir
	}
	fn.C = o.C.over(fc.C)
	if fn.Sysroot != "" && o.Sysroot == "" {
		fn.Sysroot = inDir(c.Dir, fn.Sysroot)
	} else if fn.Sysroot != "" {
		fn.Sysroot = inDir(o.Dir, fn.Sysroot)
	}
	return fn
}

// sort orders the functions by name, and rejects two that would be written to
// one file.
func (f *finder) sort() error {
	slices.SortFunc(f.chosen, func(a, b Function) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Package.ImportPath, b.Package.ImportPath))
	})
	byName := map[string]Function{}
	for _, fn := range f.chosen {
		if !validName(fn.Name) {
			return hint.Errorf(fmt.Sprintf("name it in %s", ConfigName), "%s cannot be a function's name: want letters, digits, '-', '_' and '.'", fn.Name)
		}
		if other, ok := byName[strings.ToLower(fn.Name)]; ok {
			return hint.Errorf(fmt.Sprintf("name them in %s:\n    functions:\n      first:\n        package: %s\n      second:\n        package: %s",
				ConfigName, other.Package.ImportPath, fn.Package.ImportPath),
				"two functions are called %s: %s and %s", fn.Name, other.Package.ImportPath, fn.Package.ImportPath)
		}
		byName[strings.ToLower(fn.Name)] = fn
	}
	return nil
}
