package hint

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestOf(t *testing.T) {
	inner := Errorf("create it", "reading x: %w", fs.ErrNotExist)
	outer := fmt.Errorf("building: %w", inner)
	if got := Of(outer); got != "create it" {
		t.Errorf("Of(outer) = %q, want the inner fix", got)
	}
	if got := Of(Wrap(outer, "look here")); got != "look here" {
		t.Errorf("Of = %q, want the fix nearest to the surface", got)
	}
	if !errors.Is(outer, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
	if Wrap(nil, "x") != nil {
		t.Error("Wrap(nil) is an error")
	}
	if Of(errors.New("x")) != "" {
		t.Error("a fix from nowhere")
	}
}
