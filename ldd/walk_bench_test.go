//go:build linux

package ldd

import (
	"os/exec"
	"testing"
)

// benchProgram is a program with more than 100 libraries, where one is installed.
const benchProgram = "/usr/bin/ffmpeg"

// BenchmarkWalkCold walks as a new process would: nothing is remembered.
func BenchmarkWalkCold(b *testing.B) {
	benchmarkWalk(b, func() *Sysroot { return Host() })
}

// BenchmarkWalkWarm walks in a sysroot that has seen all files.
func BenchmarkWalkWarm(b *testing.B) {
	root := Host()
	benchmarkWalk(b, func() *Sysroot { return root })
}

func benchmarkWalk(b *testing.B, root func() *Sysroot) {
	if _, err := Walk(benchProgram, Options{}); err != nil {
		b.Skip(err)
	}
	b.ReportAllocs()
	var c *Closure
	for b.Loop() {
		var err error
		if c, err = Walk(benchProgram, Options{Sysroot: root()}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(c.Objects)), "objects")
}

// BenchmarkLdd is ldd(1) on the same program, as a whole process.
func BenchmarkLdd(b *testing.B) {
	if _, err := exec.LookPath("ldd"); err != nil {
		b.Skip(err)
	}
	for b.Loop() {
		if err := exec.Command("ldd", benchProgram).Run(); err != nil {
			b.Skip(err)
		}
	}
}
