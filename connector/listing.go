package connector

import (
	"context"
	"sync"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/mapping"
)

// What a step of a list holds at most: so many records, of so many pages.
const (
	stepRecords = 1000
	stepPages   = 10
)

// listing is a list that is read page by page in one sync. It goes from step to
// step and proves on the way that it misses nothing, see turn.go. What it knows
// can be lost: it is found again from what the steps before have kept.
type listing struct {
	typ *mapping.ResourceType
	// lock is a channel, so that waiting for it ends with the context.
	lock  chan struct{}
	ahead ahead

	seen idSet
	// at is the number of the step that seen goes up to.
	at int
	// whole tells that the list has ended, with seen as its ids and at as the
	// number of its steps.
	whole bool
	// lost tells that what was read before cannot be found again.
	lost bool
	// last is the step that was read and kept last.
	last *stepOfList

	mu sync.Mutex
	// memory has the pages that the session store did not take, by step. mu guards it.
	memory map[int]*keptPage
	// rest is the page that was made anew for one that was lost, and restOf its step.
	rest   *keptPage
	restOf int
}

// stepOfList is what one step has read: records that no step before it had.
type stepOfList struct {
	at      cursor
	ids     []mapping.ID
	records []mapping.Record
	told    int     // how many the API told that there are, 0 if it does not tell
	next    *cursor // nil at the end
}

func (c *Connector) newListing(t *mapping.ResourceType) *listing {
	pages := pagesAhead
	if c.options.Sequential {
		pages = 1
	}
	return &listing{
		typ:    t,
		lock:   make(chan struct{}, 1),
		memory: map[int]*keptPage{},
		ahead: ahead{max: pages, read: func(ctx context.Context, at mapping.Position) (*sheet, error) {
			return c.readSheet(ctx, t, at)
		}},
	}
}

// enter waits until the list is this caller's, and returns what gives it back.
func (l *listing) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.lock <- struct{}{}:
		return func() { <-l.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// restart forgets what was read.
func (l *listing) restart() {
	l.ahead.drop()
	l.seen, l.at, l.whole, l.lost, l.last = idSet{}, 0, false, false, nil
}

// step reads the step at a place, which has to be the one that the list is at.
// After an error it can be tried again.
func (l *listing) step(ctx context.Context, at cursor) (*stepOfList, error) {
	out := &stepOfList{at: at}
	fresh := map[uint64]bool{}
	known := func(hash uint64) bool { return fresh[hash] || l.seen.has(hash) }
	here := at
	for pages := 0; ; pages++ {
		if pages >= stepPages || len(out.ids)+here.Width > stepRecords && pages > 0 {
			out.next = &here
			break
		}
		page, next, follows, err := l.page(ctx, here, known)
		if err != nil {
			l.ahead.drop()
			if pages == 0 {
				return nil, err
			}
			out.next = &here // What was read is kept; the next step meets the error again, or was stopped.
			break
		}
		for i, hash := range page.hashes {
			if follows && !known(hash) {
				fresh[hash] = true
				out.ids, out.records = append(out.ids, page.ids[i]), append(out.records, page.page.Records[i])
			}
		}
		out.told = here.Total
		if page.page.TotalTold {
			out.told = page.page.Total
		}
		if next == nil {
			if out.next, err = here.finish(l.typ.List.Operation.Name, l.seen.count+len(fresh), out.told); err != nil {
				return nil, err
			}
			break
		}
		here = *next
	}
	for hash := range fresh {
		l.seen.add(hash)
	}
	l.at, l.whole, l.lost = at.Step+1, out.next == nil, false
	if l.whole && l.seen.count == 0 {
		ctxzap.Extract(ctx).Warn("the API answered with an empty list; check that this is the right project, and what the credentials may read",
			zap.String("resource_type", l.typ.ID), zap.String("operation", l.typ.List.Operation.Name))
	}
	if out.next != nil {
		out.next.Step = l.at
	} else if gone := l.seen.count - out.told; gone > 0 && out.told > 0 {
		ctxzap.Extract(ctx).Info("records were deleted while they were listed; this sync has them as they were read",
			zap.String("resource_type", l.typ.ID), zap.Int("deleted", gone), zap.Int("listed", l.seen.count))
	}
	return out, nil
}

// page reads the page at a place, and tells what follows from it.
func (l *listing) page(ctx context.Context, at cursor, known func(uint64) bool) (*sheet, *cursor, bool, error) {
	for {
		page, err := l.ahead.take(ctx, at, l.typ.List.Pages)
		if err != nil {
			return nil, nil, false, err
		}
		if page.returned && !known(page.sheet.hashes[0]) {
			continue // What it starts with is gone by now.
		}
		here := at
		here.Offset, here.Page = page.at.Offset, page.at.Page
		next, follows, err := here.turn(l.typ.List, page.sheet, known)
		if err == nil && !follows {
			l.ahead.giveBack(page)
		}
		return page.sheet, next, follows, err
	}
}

// readSheet reads one page of a list.
func (c *Connector) readSheet(ctx context.Context, t *mapping.ResourceType, at mapping.Position) (*sheet, error) {
	page, err := c.readPage(ctx, t, at, 0)
	if err != nil {
		return nil, err
	}
	out := &sheet{page: page, ids: make([]mapping.ID, len(page.Records)), hashes: make([]uint64, len(page.Records))}
	for i, r := range page.Records {
		if out.ids[i], err = t.IDOf(r); err != nil {
			return nil, lacksID(err)
		}
		out.hashes[i] = hashOf(out.ids[i])
	}
	return out, nil
}
