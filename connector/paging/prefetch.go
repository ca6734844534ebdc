package paging

import (
	"context"
)

// prefetchPages is how many pages of a list are asked for before they are
// needed: enough to keep the requests in flight while a batch is stored.
const prefetchPages = 16

// prefetch has the pages of a list that are on their way, in their order.
type prefetch[T any] struct {
	max    int // how many may be on their way
	read   func(ctx context.Context, at Position) (*Page[T], error)
	pages  []*pending[T]
	cancel context.CancelFunc
	ctx    context.Context
}

// pending is a page on its way.
type pending[T any] struct {
	at    Position
	early bool          // it was asked for before the page before it was read
	done  chan struct{} // closed when the rest is set
	page  *Page[T]
	err   error
}

// take returns the page at a place, and asks for those that will come after it.
func (f *prefetch[T]) take(ctx context.Context, r Rules, at Token) (*pending[T], error) {
	if len(f.pages) > 0 && f.pages[0].at != at.position() {
		f.drop()
	}
	if len(f.pages) == 0 {
		f.ask(ctx, at.position(), false)
	}
	for len(f.pages) < f.max {
		last := f.pages[len(f.pages)-1].at
		next, more := at.onward(r, last)
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
		// What is on its way outlives the call that asks for it.
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // drop calls it.
	}
	page := &pending[T]{at: at, early: early, done: make(chan struct{})}
	f.pages = append(f.pages, page)
	go func(ctx context.Context) {
		defer close(page.done)
		page.page, page.err = f.read(ctx, at)
	}(f.ctx)
}

// drop gives up what is on its way.
func (f *prefetch[T]) drop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.pages, f.cancel = nil, nil
}
