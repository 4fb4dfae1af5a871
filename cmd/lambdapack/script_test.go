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
	home, err := homeVars(filepath.Join(env.WorkDir, ".home"))
	if err != nil {
		return err
	}
	env.Vars = append(append(env.Vars, home...),
		"LAMBDAPACK="+tool,
		"LAMBDAPACK_CACHE="+filepath.Join(env.WorkDir, ".cache"),
		"LAMBDAPACK_TEST_NOW=2026-01-01",
		"GOCACHE="+caches[0], "GOMODCACHE="+caches[1],
		"GOENV=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off",
	)
	return nil
}

// homeVars makes a home directory and returns what leads programs to it. Go's
// telemetry is off there, since it goes on writing after go has ended.
func homeVars(home string) ([]string, error) {
	for _, config := range []string{".config", "Library/Application Support"} {
		dir := filepath.Join(home, filepath.FromSlash(config), "go", "telemetry")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "mode"), []byte("off\n"), 0o644); err != nil {
			return nil, err
		}
	}
	config := filepath.Join(home, ".config")
	return []string{
		"HOME=" + home, "USERPROFILE=" + home, "XDG_CONFIG_HOME=" + config, "AppData=" + config,
		"XDG_CACHE_HOME=" + filepath.Join(home, ".cache"), "LocalAppData=" + filepath.Join(home, ".cache"),
	}, nil
}
