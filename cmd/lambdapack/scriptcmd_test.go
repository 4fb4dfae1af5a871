package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are the words that scripts have beyond testscript's own.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	// exits CODE PROGRAM [ARG ...] runs a program that must exit with CODE.
	"exits": exits,
	// sparse SIZE FILE makes a file of zeros that takes no room on the disk.
	"sparse": sparse,
	// noise SIZE FILE makes a file that does not compress, the same each time.
	"noise": noise,
	// modes FILE ... prints permissions and names.
	"modes": modes,
	// unzip FILE prints permissions and names of a zip's entries, in its order.
	"unzip": unzip,
	// age FILE ... sets modification times to 2001.
	"age": age,
	// [!] aged FILE ... checks that they still are.
	"aged": aged,
	// capture NAME sets a variable to what the last command printed.
	"capture": capture,
	// registry starts a registry and sets REGISTRY to its host and port.
	"registry": startRegistry,
	// changes prints what changed that registry since the last time.
	"changes": registryChanges,
	// [!] tagged REPO:TAG prints the digest that a tag of it means.
	"tagged": tagged,
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// sized reads SIZE FILE.
func sized(ts *testscript.TestScript, args []string) (int64, *os.File) {
	if len(args) != 2 {
		ts.Fatalf("usage: size file")
	}
	size, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	return size, f
}

func sparse(ts *testscript.TestScript, _ bool, args []string) {
	size, f := sized(ts, args)
	defer f.Close()
	ts.Check(f.Truncate(size))
}

func noise(ts *testscript.TestScript, _ bool, args []string) {
	size, f := sized(ts, args)
	defer f.Close()
	buf := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(buf)
	_, err := f.Write(buf)
	ts.Check(err)
}

func modes(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%04o %s\n", info.Mode().Perm(), filepath.ToSlash(name))
	}
}

func unzip(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: unzip file")
	}
	r, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	for _, f := range r.File {
		fmt.Fprintf(ts.Stdout(), "%04o %s\n", f.Mode().Perm(), f.Name)
	}
}

func capture(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: capture name")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

var agedTime = time.Date(2001, time.February, 3, 4, 5, 6, 0, time.UTC)

func age(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		ts.Check(os.Chtimes(ts.MkAbs(name), agedTime, agedTime))
	}
}

func aged(ts *testscript.TestScript, neg bool, args []string) {
	old := func(name string) bool {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		return info.ModTime().Equal(agedTime)
	}
	i := slices.IndexFunc(args, func(name string) bool { return old(name) == neg })
	switch {
	case i >= 0 && neg:
		ts.Fatalf("%s was not written again", args[i])
	case i >= 0:
		ts.Fatalf("%s was written again", args[i])
	}
}
