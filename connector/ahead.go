package connector

import (
	"context"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/ratelimit"

	"github.com/conductorone/baton-descope/mapping"
)

// pagesAhead is how many pages of a list are asked for before they are needed:
// enough to keep the requests in flight while the SDK stores a step.
const pagesAhead = 16

// ahead are the pages of a list that are on their way, in the order of the list.
type ahead struct {
	max    int // how many may be on their way
	read   func(ctx context.Context, at mapping.Position) (*sheet, error)
	pages  []*coming
	cancel context.CancelFunc
	ctx    context.Context
}

// coming is a page on its way.
type coming struct {
	at    mapping.Position
	done  chan struct{} // closed when the rest is set
	sheet *sheet
	err   error
	// returned tells that it was taken before, when it did not follow on.
	returned bool
}

// take returns the page at a place, or one that starts a little before it, and
// asks for those that will come after it.
func (a *ahead) take(ctx context.Context, at cursor, pages *mapping.Pages) (*coming, error) {
	overlaps := pages.ByOffset() && !at.Apart
	if !overlaps && len(a.pages) > 0 && a.pages[0].at != at.position() {
		a.drop()
	}
	for len(a.pages) > 0 && a.pages[0].at.Offset+at.Width-1 <= at.Offset && a.pages[0].at != at.position() {
		a.pages = a.pages[1:] // It has nothing that is not read.
	}
	if len(a.pages) == 0 || a.pages[0].at.Offset > at.Offset {
		a.pages = slices.Insert(a.pages, 0, a.ask(ctx, at.position()))
	}
	last := a.pages[len(a.pages)-1].at
	for len(a.pages) < a.max {
		var more bool
		if last, more = at.onward(pages, last); !more {
			break
		}
		a.pages = append(a.pages, a.ask(ctx, last))
	}
	page := a.pages[0]
	select {
	case <-page.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a.pages = a.pages[1:]
	return page, page.err
}

// giveBack puts a page back that does not follow on, for when what is between
// is read. It does so once.
func (a *ahead) giveBack(page *coming) {
	if !page.returned && len(page.sheet.ids) > 0 {
		page.returned = true
		a.pages = slices.Insert(a.pages, 0, page)
	}
}

// ask asks for a page.
func (a *ahead) ask(ctx context.Context, at mapping.Position) *coming {
	if a.cancel == nil {
		// What is read ahead outlives the call that asks for it.
		quiet := ratelimit.WithWaitObserver(context.WithoutCancel(ctx), func(context.Context, ratelimit.WaitEvent) {})
		a.ctx, a.cancel = context.WithCancel(quiet)
	}
	page := &coming{at: at, done: make(chan struct{})}
	go func(ctx context.Context) {
		defer close(page.done)
		page.sheet, page.err = a.read(ctx, at)
	}(a.ctx)
	return page
}

// drop gives up what is on its way.
func (a *ahead) drop() {
	if a.cancel != nil {
		a.cancel()
	}
	a.pages, a.cancel = nil, nil
}

// onward returns the position of the page behind one, and whether it can be
// told before that one is read, and there is such a page.
func (c cursor) onward(pages *mapping.Pages, from mapping.Position) (mapping.Position, bool) {
	switch {
	case pages.ByCursor() || c.Width < 2:
		return from, false
	case pages.ByOffset() && !c.Apart:
		from.Offset += c.Width - 1
		from.Page = from.Offset / pages.Size
		return from, from.Offset+1 < c.Total
	}
	from.Offset += c.Width
	from.Page++
	return from, from.Offset < c.Total
}
