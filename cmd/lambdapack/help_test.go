package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelp walks all commands. Each says what it is for in one line, gives two
// or more examples whose flags exist, and fits a terminal of 80 columns.
func TestHelp(t *testing.T) {
	t.Parallel()
	root := newRoot()
	commands := append([]*cobra.Command{root}, root.Commands()...)
	if len(commands) < 6 {
		t.Fatalf("only %d commands", len(commands))
	}
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		name := c.CommandPath()
		if c.Short == "" || strings.Contains(c.Short, "\n") || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the purpose %q is not one line without a full stop", name, c.Short)
		}
		if n := len(strings.Split(c.Example, "\n")); n < 2 {
			t.Errorf("%s: %d examples, want 2 or more", name, n)
		}
		if c.HasSubCommands() != (c == root) {
			t.Errorf("%s: this test looks at one level of commands", name)
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			checkExample(t, line)
		}
		checkWidth(t, name, helpOf(t, c))
	}
}

func newRoot() *cobra.Command {
	root := (&app{}).rootCommand()
	root.InitDefaultHelpCmd()
	return root
}

// helpOf runs a command with --help.
func helpOf(t *testing.T, c *cobra.Command) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), environment{
		args: append(strings.Fields(c.CommandPath())[1:], "--help"), stdout: &stdout, stderr: &stderr,
		userCacheDir: func() (string, error) { return "", errors.New("none") }, now: time.Now,
	})
	if code != exitDone || stderr.Len() > 0 || !strings.Contains(stdout.String(), c.Example) {
		t.Errorf("%s --help: exit code %d, stderr %q", c.CommandPath(), code, &stderr)
	}
	return stdout.String()
}

func checkWidth(t *testing.T, name, help string) {
	t.Helper()
	for line := range strings.SplitSeq(help, "\n") {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%s --help: %d columns: %s", name, n, line)
		}
	}
}

// checkExample parses the command line of an example, less what the shell does
// with it.
func checkExample(t *testing.T, line string) {
	t.Helper()
	_, words, ok := strings.Cut(line, "lambdapack ")
	if !ok {
		t.Errorf("example %q is no lambdapack command", line)
		return
	}
	words, _, _ = strings.Cut(words, " > ")
	words, _, _ = strings.Cut(words, " | ")
	words = strings.TrimSuffix(words, ")")
	c, rest, err := newRoot().Find(strings.Fields(words))
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if err == nil && c.Args != nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	if err != nil {
		t.Errorf("example %q: %v", line, err)
	}
}
