package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"lambdapack": func() { os.Exit(mainCode(scriptNow)) },
	})
}

// scriptNow is the time of a script: a day in LAMBDAPACK_TEST_NOW, which only
// this test binary reads, so that no script's outcome depends on the calendar.
func scriptNow() time.Time {
	t, err := time.Parse(time.DateOnly, os.Getenv("LAMBDAPACK_TEST_NOW"))
	if err != nil {
		panic(err)
	}
	return t
}

// TestScripts runs the specification of the command: one script a subject.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setupScript,
		Cmds:                scriptCommands,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
	})
}

// goCaches are the directories of compiled packages and of modules, which the
// scripts share with the tests: what they compile of the standard library is
// compiled once.
var goCaches = sync.OnceValues(func() ([]string, error) {
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(out), "\r", "")), "\n"), err
})

// setupScript gives a script an environment of its own: nothing of the user's
// settings counts, nothing is downloaded, and nothing is written outside $WORK
// but Go's cache.
func setupScript(env *testscript.Env) error {
	caches, err := goCaches()
	if err != nil {
		return err
	}
	tool, err := exec.LookPath("lambdapack")
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, ".home")
	env.Vars = append(env.Vars,
		"LAMBDAPACK="+tool,
		"LAMBDAPACK_CACHE="+filepath.Join(env.WorkDir, ".cache"),
		"LAMBDAPACK_TEST_NOW=2026-01-01",
		"HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "LocalAppData="+home,
		"GOCACHE="+caches[0], "GOMODCACHE="+caches[1],
		"GOENV=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off",
	)
	return nil
}
