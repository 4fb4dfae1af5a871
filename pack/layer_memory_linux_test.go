package pack_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/pack"
)

func init() { children["large layer"] = layerOfLargeFile }

func layerOfLargeFile() error {
	if err := writeLargeFile("large"); err != nil {
		return err
	}
	p, err := pack.New(target(lambda.ARM64), append(content(nil), pack.File{Name: "large", Path: "large"}), lambda.MaxUnpacked)
	if err != nil {
		return err
	}
	l, err := p.Layer(everything)
	if err != nil {
		return err
	}
	if _, err := l.Key(context.Background()); err != nil {
		return err
	}
	out, err := os.Create("layer")
	if err != nil {
		return err
	}
	defer out.Close()
	g, err := l.WriteGzip(context.Background(), out, pack.NewPool(8))
	if err != nil {
		return err
	}
	if g.Size < largeFile/2 {
		return fmt.Errorf("%d bytes: the content was not what it should be", g.Size)
	}
	return printPeak()
}

func TestMemoryOfLargeLayer(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("takes seconds, and the race detector has memory of its own")
	}
	kb, err := strconv.Atoi(child(t, "large layer", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB resident at most", kb>>10)
	if kb<<10 > maxMemory {
		t.Errorf("a layer of %d MiB took %d MiB of memory, over %d", largeFile>>20, kb>>10, maxMemory>>20)
	}
}
