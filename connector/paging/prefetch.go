package paging

import (
	"context"
)

// prefetchPages is the number of pages requested ahead: enough to keep the requests
// in flight while a batch is stored.
const prefetchPages = 16

// prefetch has the pages of a list in flight, in order.
type prefetch[T any] struct {
	max    int // the most pages in flight
	read   func(ctx context.Context, at Position) (*Page[T], error)
	pages  []*pending[T]
	cancel context.CancelFunc
	ctx    context.Context
}

// pending is a page in flight.
type pending[T any] struct {
	at    Position
	early bool          // requested before the previous page was read
	done  chan struct{} // closed when the rest is set
	page  *Page[T]
	err   error
}

// take returns the page at a token, and requests the following ones.
func (f *prefetch[T]) take(ctx context.Context, r Rules, at Token) (*pending[T], error) {
	if len(f.pages) > 0 && f.pages[0].at != at.position() {
		f.drop()
	}
	if len(f.pages) == 0 {
		f.ask(ctx, at.position(), false)
	}
	for len(f.pages) < f.max {
		last := f.pages[len(f.pages)-1].at
		next, more := at.following(r, last)
		if !more {
			break
		}
		f.ask(ctx, next, true)
	}
	page := f.pages[0]
	select {
	case <-page.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.pages = f.pages[1:]
	return page, page.err
}

func (f *prefetch[T]) ask(ctx context.Context, at Position, early bool) {
	if f.cancel == nil {
		// Requests in flight outlive the call that starts them.
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // drop calls it.
	}
	page := &pending[T]{at: at, early: early, done: make(chan struct{})}
	f.pages = append(f.pages, page)
	go func(ctx context.Context) {
		defer close(page.done)
		page.page, page.err = f.read(ctx, at)
	}(f.ctx)
}

// drop cancels the requests in flight.
func (f *prefetch[T]) drop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.pages, f.cancel = nil, nil
}
