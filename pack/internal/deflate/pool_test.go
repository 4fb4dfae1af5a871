package deflate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var errTest = errors.New("disk on fire")

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

type writer func(p []byte) (int, error)

func (f writer) Write(p []byte) (int, error) { return f(p) }

// failingAfter fails at the n-th call and all after.
func failingAfter(n int) writer {
	return func(p []byte) (int, error) {
		if n--; n < 0 {
			return 0, errTest
		}
		return len(p), nil
	}
}

// settled fails the test where goroutines are left or an encoder is missing.
func settled(t *testing.T, p *Pool, before int) {
	t.Helper()
	if len(p.encoders) != cap(p.encoders) {
		t.Errorf("%d of %d encoders came back", len(p.encoders), cap(p.encoders))
	}
	// A goroutine that has called Done may still be on its last instructions.
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestCompressErrors(t *testing.T) {
	data := noise(7, 4*blockSize+5, 128)
	size := int64(len(data))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		w    io.Writer
		r    io.ReaderAt
		size int64
		want error
		text string
	}{
		{name: "shorter than its size", size: size + 1, want: io.ErrUnexpectedEOF, text: "at offset 2097157"},
		{name: "much shorter", size: size + 3*blockSize, want: io.ErrUnexpectedEOF},
		{name: "empty instead of one byte", r: bytes.NewReader(nil), size: 1, want: io.ErrUnexpectedEOF, text: "at offset 0"},
		{name: "read error in the third block", want: errTest, text: "at offset 1048579", r: readerAt(func(p []byte, off int64) (int, error) {
			if off >= 2*blockSize {
				return 3, errTest
			}
			return len(p), nil
		})},
		{name: "write error at once", w: failingAfter(0), want: errTest},
		{name: "write error later", w: failingAfter(3), want: errTest},
		{name: "cancelled before", ctx: cancelled, want: context.Canceled},
	}
	for _, test := range tests {
		for _, n := range []int{1, 4} {
			t.Run(test.name, func(t *testing.T) {
				p, before := NewPool(n), runtime.NumGoroutine()
				if test.ctx == nil {
					test.ctx = context.Background()
				}
				if test.w == nil {
					test.w = io.Discard
				}
				if test.r == nil {
					test.r = bytes.NewReader(data)
				}
				if test.size == 0 {
					test.size = size
				}
				_, err := p.Compress(test.ctx, test.w, test.r, test.size)
				if !errors.Is(err, test.want) {
					t.Fatalf("error %v, want %v", err, test.want)
				}
				if !strings.Contains(err.Error(), test.text) {
					t.Errorf("error %q does not say %q", err, test.text)
				}
				settled(t, p, before)
			})
		}
	}
}

func TestCompressCancelledMeanwhile(t *testing.T) {
	p, before := NewPool(2), runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var reads int
	r := readerAt(func(p []byte, off int64) (int, error) {
		if reads++; reads == 3 {
			cancel()
		}
		return len(p), nil
	})
	// 1 TiB: it ends in time only if it notices.
	if _, err := p.Compress(ctx, io.Discard, r, 1<<40); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if reads > 3+4*cap(p.encoders) {
		t.Errorf("%d reads, though cancelled at the third", reads)
	}
	settled(t, p, before)
}

// A file that changes while it is read must not make a stream that disagrees
// with its own checksum. So each byte is read once, and in order.
func TestCompressReadsOnce(t *testing.T) {
	const size = 5*blockSize + 9
	var at int64
	var got []byte
	r := readerAt(func(p []byte, off int64) (int, error) {
		if off != at {
			t.Errorf("read at %d, want %d", off, at)
		}
		copy(p, noise(uint64(off)+1, len(p), 0))
		at += int64(len(p))
		got = append(got, p...)
		return len(p), nil
	})
	var out bytes.Buffer
	if _, err := NewPool(4).Compress(context.Background(), &out, r, size); err != nil {
		t.Fatal(err)
	}
	if at != size {
		t.Errorf("read %d bytes, want %d", at, size)
	}
	if !bytes.Equal(inflate(t, out.Bytes()), got) {
		t.Error("the stream holds other bytes than were read")
	}
}

// Many streams on few encoders, of which some fail or are cancelled halfway,
// must neither wait for each other forever nor mix their bytes.
func TestPoolShared(t *testing.T) {
	data := noise(3, 2*blockSize+1000, 200)
	want := sequential(t, data)
	for _, n := range []int{1, 3} {
		p, before := NewPool(n), runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				size, r := int64(len(data)), bytes.NewReader(data)
				switch i % 4 {
				case 0:
					p.Compress(context.Background(), failingAfter(i%3), r, size)
				case 1:
					p.Compress(context.Background(), io.Discard, r, size+10)
				case 2:
					p.Compress(ctx, writer(func(b []byte) (int, error) { cancel(); return len(b), nil }), r, size)
				case 3:
					var chunks [][]byte
					w := writer(func(b []byte) (int, error) {
						chunks = append(chunks, bytes.Clone(b))
						runtime.Gosched()
						return len(b), nil
					})
					if _, err := p.Compress(context.Background(), w, r, size); err != nil {
						t.Error(err)
					}
					if !bytes.Equal(slices.Concat(chunks...), want) {
						t.Error("the stream depends on what else runs")
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("the streams wait for each other")
		}
		cancel()
		<-done
		settled(t, p, before)
	}
}

func TestNewPoolHasOneAtLeast(t *testing.T) {
	for n, want := range map[int]int{-1: 1, 0: 1, 1: 1, 5: 5} {
		if got := cap(NewPool(n).encoders); got != want {
			t.Errorf("NewPool(%d) has %d encoders, want %d", n, got, want)
		}
	}
}
