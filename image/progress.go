package image

import (
	"io"
	"sync"
)

// Direction says which way bytes go.
type Direction string

// The directions of a transfer.
const (
	Download Direction = "download"
	Upload   Direction = "upload"
)

// Transfer tells how far the transfers of a client have come. Bytes that are
// sent again after a failure are not counted twice.
type Transfer struct {
	Direction Direction
	// Done and Total are bytes. Total grows as more transfers begin; what the
	// other side has already is not in it.
	Done, Total int64
}

// progress adds up transfers and reports them one at a time.
type progress struct {
	report func(Transfer)

	mu  sync.Mutex
	sum map[Direction]*Transfer
}

func (p *progress) add(d Direction, done, total int64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sum == nil {
		p.sum = map[Direction]*Transfer{}
	}
	t, ok := p.sum[d]
	if !ok {
		t = &Transfer{Direction: d}
		p.sum[d] = t
	}
	t.Done += done
	t.Total += total
	p.report(*t)
}

// counted is one attempt to transfer something.
type counted struct {
	io.ReadCloser
	p     *progress
	d     Direction
	count int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	if n > 0 {
		c.count += int64(n)
		c.p.add(c.d, int64(n), 0)
	}
	return n, err
}

// undo takes back what was counted, for another attempt.
func (c *counted) undo() {
	c.p.add(c.d, -c.count, 0)
	c.count = 0
}
