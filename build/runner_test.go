package build

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, tt := range []struct {
		argv []string
		want string
	}{
		{[]string{"go", "build", "-o", "/x/"}, "go build -o /x/"},
		{[]string{"go", "-ldflags=-s -w", ""}, "go '-ldflags=-s -w' ''"},
		{[]string{"it's", "$HOME", "a\nb"}, `'it'\''s' '$HOME' 'a` + "\n" + `b'`},
	} {
		if got := quote(tt.argv); got != tt.want {
			t.Errorf("quote(%q) = %s, want %s", tt.argv, got, tt.want)
		}
	}
}

func TestTraced(t *testing.T) {
	var traced []string
	r := &fake{}
	c := Command{Argv: []string{"go", "a b"}}
	if err := Traced(r, func(s string) { traced = append(traced, s) }).Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if strings.Join(traced, ";") != "go 'a b'" || len(r.commands) != 1 {
		t.Errorf("traced %q, ran %q", traced, r.argvs())
	}
}

func TestExec(t *testing.T) {
	err := Exec{}.Run(t.Context(), Command{Argv: []string{"lambdapack-no-such-program"}})
	if !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v; want exec.ErrNotFound", err)
	}
	var out bytes.Buffer
	if err := (Exec{}).Run(t.Context(), Command{Argv: []string{"go", "env", "GOARCH"}, Env: withEnv(nil, "GOARCH=riscv64"), Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != "riscv64" {
		t.Errorf("the last of a name does not count: %s", got)
	}
	if err := (Exec{}).Run(t.Context(), Command{Argv: []string{"go", "no-such-verb"}}); !failed(err) {
		t.Errorf("%v; want an *exec.ExitError", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Exec{}).Run(ctx, Command{Argv: []string{"go", "version"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want context.Canceled", err)
	}
}
