package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

const (
	// lambdaZip is AWS's own packager for Go functions, at a fixed version.
	lambdaZip = "github.com/aws/aws-lambda-go/cmd/build-lambda-zip@v1.55.1"
	// packVerb makes this program package one file: bench pack FILE ZIP.
	packVerb = "pack"
)

// goFlags and goEnv are those that lambdapack builds with.
var (
	goFlags = []string{"-trimpath", "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w"}
	goEnv   = append([]string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64"}, lambda.ARM64.GoBaseline())
)

// packageOne is what lambdapack does once the program is there, with nothing
// remembered of a run before.
func packageOne(program, zip string) error {
	target := lambda.Target{Arch: lambda.ARM64, Runtime: lambda.DefaultRuntime()}
	p, err := pack.New(target, []pack.File{{Name: lambda.Bootstrap, Path: program}}, lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	_, err = p.WriteZip(context.Background(), zip, pack.ZipOptions{Pool: pack.NewPool(runtime.GOMAXPROCS(0))})
	return err
}

// packaging compares ways from one program to a zip.
func (b *bench) packaging() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	program, out := b.path("one", lambda.Bootstrap), b.path("one", "x.zip")
	if err := b.prepareProgram(program); err != nil {
		return err
	}
	process := func(name string, argv ...string) *tool {
		return &tool{
			name:    name,
			prepare: func() error { return os.RemoveAll(out) },
			measure: func() (cost, error) { return command{argv: argv, dir: filepath.Dir(program)}.run(b.ctx) },
		}
	}
	ours := process("lambdapack", self, packVerb, program, out)
	infoZip := process("zip -X", "zip", "-q", "-X", out, lambda.Bootstrap)
	aws := process("build-lambda-zip", b.path("bin", "build-lambda-zip"), "-o", out, program)
	tools := []*tool{ours, infoZip, aws}
	sizes := map[*tool]int64{}
	for _, t := range tools { // also warms the caches of files
		if err := alternate([]*tool{t}, 1); err != nil {
			return err
		}
		info, err := os.Stat(out)
		if err != nil {
			return err
		}
		sizes[t], t.costs = info.Size(), nil
	}
	if err := alternate(tools, b.runs); err != nil {
		return err
	}
	b.reportPackaging(program, tools, sizes)
	return nil
}

func (b *bench) prepareProgram(program string) error {
	build := append(append([]string{"go", "build"}, goFlags...), "-o", program, ".")
	for _, c := range []command{
		{argv: build, dir: filepath.Join(b.root, "examples", "api"), env: goEnv},
		{argv: []string{"go", "install", lambdaZip}, env: []string{"CGO_ENABLED=0", "GOBIN=" + b.path("bin")}},
	} {
		if _, err := c.run(b.ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) reportPackaging(program string, tools []*tool, sizes map[*tool]int64) {
	info, _ := os.Stat(program)
	ours, infoZip, aws := tools[0], tools[1], tools[2]
	fmt.Printf("\nFrom a program of %.1f MB for arm64 to a zip: whole processes, median of %d\n", float64(info.Size())/1e6, b.runs)
	w := newTable()
	w.row("", "time", "of ours", "CPU", "bytes", "of zip's")
	for _, t := range tools {
		m := t.median()
		w.row(t.name, seconds(m.wall), times(ratio(m.wall, ours.median().wall)), seconds(m.cpu),
			sizes[t], times(float64(sizes[t])/float64(sizes[infoZip])))
	}
	w.Flush()
	zipRatio := ratio(infoZip.median().wall, ours.median().wall)
	awsRatio := ratio(aws.median().wall, ours.median().wall)
	sizeRatio := float64(sizes[ours]) / float64(sizes[infoZip])
	aim(zipRatio >= 6, "zip -X takes %.2f times as long (aim: 6 on two cores)", zipRatio)
	aim(awsRatio >= 3, "build-lambda-zip takes %.2f times as long (aim: 3 on two cores)", awsRatio)
	aim(sizeRatio <= 1.05, "the size is %.1f%% over that of zip -X (aim: at most 5%%)", 100*(sizeRatio-1))
}
