package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

const (
	checkedSize  = 50e6 // bytes of the zip that is checked
	librarySize  = 50e6 // of which before compression libraries
	readableSize = 20e6 // and text
)

// check measures lambdapack check on a great package.
func (b *bench) check() error {
	lambdapack, err := b.lambdapack()
	if err != nil {
		return err
	}
	zip := b.path("checked", "function.zip")
	files, size, err := b.generatePackage(zip)
	if err != nil {
		return err
	}
	// Libraries of the host may need a newer glibc than Lambda's: that is found.
	c := command{argv: []string{lambdapack, "check", zip}, findings: true}
	t := &tool{name: "lambdapack check", measure: func() (cost, error) { return c.run(b.ctx) }}
	if err := alternate([]*tool{t}, b.runs); err != nil {
		return err
	}
	fmt.Printf("\nCheck of a zip of %.1f MB with %d files: whole process, median of %d\n", float64(size)/1e6, files, b.runs)
	w := newTable()
	w.row("", "time", "CPU")
	m := t.median()
	w.row(t.name, seconds(m.wall), seconds(m.cpu))
	w.Flush()
	aim(m.wall < 300*time.Millisecond, "the check takes %.3f s (aim: below 0.3 s on two cores)", m.wall.Seconds())
	return nil
}

// generatePackage writes a zip of about checkedSize: a Go program, the libraries
// of the host's greatest program, text, and as much noise as is missing.
func (b *bench) generatePackage(zip string) (files int, size int64, err error) {
	arch, err := lambda.ParseArch(runtime.GOARCH)
	if err != nil {
		return 0, 0, err
	}
	program := b.path("checked", lambda.Bootstrap)
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + runtime.GOARCH, arch.GoBaseline()}
	argv := append(append([]string{"go", "build"}, goFlags...), "-o", program, ".")
	if _, err := (command{argv: argv, dir: filepath.Join(b.root, "examples", "api"), env: env}).run(b.ctx); err != nil {
		return 0, 0, err
	}
	all := []pack.File{{Name: lambda.Bootstrap, Path: program}, {Name: "data/events.json", Data: readable()}}
	libraries, err := someLibraries()
	if err != nil {
		return 0, 0, err
	}
	all = append(all, libraries...)
	if size, err = b.writePackage(zip, arch, all); err != nil {
		return 0, 0, err
	}
	all = append(all, pack.File{Name: "data/noise.bin", Data: noise(int(max(0, checkedSize-size)))})
	size, err = b.writePackage(zip, arch, all)
	return len(all), size, err
}

func (b *bench) writePackage(zip string, arch lambda.Arch, files []pack.File) (int64, error) {
	p, err := pack.New(lambda.Target{Arch: arch, Runtime: lambda.DefaultRuntime()}, files, lambda.MaxUnpacked)
	if err != nil {
		return 0, err
	}
	if _, err := p.WriteZip(context.WithoutCancel(b.ctx), zip, pack.ZipOptions{Pool: pack.NewPool(runtime.GOMAXPROCS(0))}); err != nil {
		return 0, err
	}
	info, err := os.Stat(zip)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// someLibraries returns libraries in the order of loading until they are enough.
func someLibraries() (files []pack.File, err error) {
	c, err := greatest()
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, o := range c.Objects[1:] {
		info, err := os.Stat(o.RealPath)
		if err != nil {
			return nil, err
		}
		if total += info.Size(); total > librarySize {
			break
		}
		files = append(files, pack.File{Name: "lib/" + o.Label(), Path: o.RealPath})
	}
	return files, nil
}

// readable returns text that shrinks as logs and JSON do.
func readable() []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; b.Len() < readableSize; i++ {
		fmt.Fprintf(&b, "{\"id\": %d, \"user\": %q, \"amount\": %d}\n", i, fmt.Sprintf("user-%x", r.Uint32()), r.IntN(10000))
	}
	return b.Bytes()
}

// noise returns bytes that do not shrink.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}
