// Package lambdapack builds AWS Lambda functions that are native programs, and
// packages them so that the same sources give the same bytes on every host.
// It is what the command of the same name is made of.
//
// A build goes one way: [Find] makes a [Function] of each pattern and of what
// the config says of it; a builder of package build compiles an executable;
// package pack makes one sorted list of it and of the files to include, and
// writes that as a zip or a directory; the manifest says what was made.
//
// Nothing here prints, reads the environment or ends the process.
package lambdapack

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lambdapack/lambdapack/build"
	"github.com/lambdapack/lambdapack/check"
	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

// Options says what to build and how. Fields that are nil or empty leave the
// matter to the config, and then to the defaults of the command.
type Options struct {
	// Dir is where patterns, includes and the output start from. Empty: the
	// working directory.
	Dir string
	// Patterns are Go package patterns, or names of the config's functions.
	Patterns []string
	Config   *Config

	Arch    *lambda.Arch
	Runtime *lambda.Runtime
	Tags    []string
	Ldflags *string
	Include []pack.Include
	C

	// Image is for the format image.
	Image ImageOptions

	// Output is a directory, or for a single function the path of a .zip file.
	Output string
	// Format is zip where it is empty.
	Format pack.Format
	// Jobs bounds what runs at once; 0 means the number of processors.
	Jobs int
	// Cache is a directory that keeps what makes the next build quicker.
	Cache string
	// Env is the environment of the tools that run, nil for this process's.
	Env []string
	// Runner runs them; nil means build.Exec.
	Runner build.Runner
	// NoCheck packages even what a check says would fail in Lambda.
	NoCheck bool
	// Oracle is a command that asks the host's dynamic loader: ldd.OracleMain
	// with the last argument. Where it is set, the closure of every executable
	// that this host can load is held against the answer.
	Oracle []string
	// Trace, where it is set, is told of each command before it runs, as a
	// shell would take it. Calls may come from several goroutines at once.
	Trace func(string)
	// Progress, where it is set, is told of each step. Calls come one at a time.
	Progress func(Event)
}

// Step is a stage of a function's build.
type Step string

// The stages of a function's build.
const (
	StepCompile Step = "compile"
	StepPackage Step = "package"
	// StepUpload and StepDownload tell how far the transfers of images have
	// come, all together; they are never done.
	StepUpload   Step = "upload"
	StepDownload Step = "download"
)

// Event tells that a function's step begins, or, with Done, that it has ended
// well.
type Event struct {
	Function string
	Step     Step
	Done     bool
	// Detail says what came out of a finished step.
	Detail string
}

// Result is a function that was built and packaged.
type Result struct {
	Function Function
	// Path is where the package is: of an image its reference, by digest where
	// it is in a registry. Of files the path, absolute where Options.Output is and
	// relative to Options.Dir where not.
	Path string
	pack.Written
	// Record is what the manifest says of it.
	Record pack.Record
	// Findings are what a check found that does not fail the build.
	Findings []check.Finding
}

func (o Options) withDefaults() Options {
	if o.Dir == "" {
		o.Dir = "."
	}
	if abs, err := filepath.Abs(o.Dir); err == nil {
		o.Dir = abs
	}
	if o.Config != nil {
		c := *o.Config
		if abs, err := filepath.Abs(c.Dir); err == nil {
			c.Dir = abs
		}
		o.Config = &c
	}
	if o.Cache != "" {
		if abs, err := filepath.Abs(o.Cache); err == nil {
			o.Cache = abs // the go command runs in other directories
		}
	}
	if o.Format == "" {
		o.Format = pack.FormatZip
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Runner == nil {
		o.Runner = build.Exec{}
	}
	if o.Trace != nil {
		o.Runner, o.Trace = build.Traced(o.Runner, o.Trace), nil
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	return o
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Build compiles and packages the functions that the options mean, and returns
// them sorted by name. It takes effect as a whole: where any function fails,
// or the context is cancelled, every package of an earlier run and the
// manifest stay as they were.
func Build(ctx context.Context, opts Options) ([]Result, error) {
	opts = opts.withDefaults()
	functions, err := Find(ctx, opts)
	if err != nil {
		return nil, err
	}
	out, err := opts.outputs(functions)
	if err != nil {
		return nil, err
	}
	p := &pipeline{opts: opts, out: out, pool: pack.NewPool(opts.Jobs)}
	defer p.discard()
	if err := p.prepare(functions); err != nil {
		return nil, err
	}
	if err := p.compile(ctx); err != nil {
		return nil, err
	}
	return p.commit(ctx)
}
