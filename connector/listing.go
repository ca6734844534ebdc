package connector

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// listing is a list that is read page by page in one sync. What it knows can be
// lost: it is found again from what the steps before have kept.
type listing struct {
	*paging.List[listedRecord]
	typ *mapping.ResourceType
	// lock is a channel, so that waiting for it ends with the context.
	lock chan struct{}
	// lost tells that what was read before cannot be found again.
	lost bool
	// last is the step that was read and kept last.
	last *readStep

	mu sync.Mutex
	// memory has the pages that the session store did not take, by step. mu guards it.
	memory map[int]*page
	// rest is the page that was made anew for one that was lost, and restOf its step.
	rest   *page
	restOf int
}

// listedRecord is one record of a list, with its id.
type listedRecord struct {
	id     mapping.ID
	record mapping.Record
}

// stepOfList is what one step has read: records that no step before it had.
type stepOfList struct {
	at      paging.Token
	ids     []mapping.ID
	records []mapping.Record
	told    int           // how many the API told that there are, 0 if it does not tell
	next    *paging.Token // nil at the end
}

func (c *Connector) newListing(t *mapping.ResourceType) *listing {
	return &listing{
		typ:    t,
		lock:   make(chan struct{}, 1),
		memory: map[int]*page{},
		List: paging.New(pageRules(t.List), c.options.Sequential, func(ctx context.Context, at paging.Position) (*paging.Page[listedRecord], error) {
			// What is read ahead is nothing that the call which asks for it waits for.
			ctx = ratelimit.WithWaitObserver(ctx, func(context.Context, ratelimit.WaitEvent) {})
			read, err := c.readPage(ctx, t, positionOf(at), at.Size)
			if err != nil {
				return nil, pageError(err)
			}
			out := newPage[listedRecord](read)
			for i, r := range read.Records {
				id, err := t.IDOf(r)
				if err != nil {
					return nil, lacksID(err)
				}
				out.Records[i], out.Hashes[i] = listedRecord{id, r}, hashOf(id)
			}
			return out, nil
		}),
	}
}

// pageRules are those of a list; a list without pages ends with its first.
func pageRules(l *mapping.List) paging.Rules {
	rules := paging.Rules{Operation: l.Operation.Name, ByCursor: true}
	if p := l.Pages; p != nil {
		rules.Size, rules.ByOffset, rules.ByNumber, rules.ByCursor = p.Size, p.ByOffset(), p.ByNumber(), p.ByCursor()
	}
	return rules
}

func positionOf(at paging.Position) mapping.Position {
	return mapping.Position{Offset: at.Offset, Page: at.Page, Cursor: at.Cursor}
}

// newPage returns a page without its records and hashes, which are for the
// caller to set.
func newPage[T any](read mapping.Page) *paging.Page[T] {
	out := &paging.Page[T]{Records: make([]T, len(read.Records)), Hashes: make([]uint64, len(read.Records)), Next: read.Next}
	if read.TotalTold {
		out.Total = read.Total
	}
	return out
}

// pageError marks the error of a page that can be asked for with fewer records.
func pageError(err error) error {
	if errors.Is(err, transport.ErrTooLarge) {
		return fmt.Errorf("%w (%w)", err, paging.ErrTooLarge)
	}
	return err
}

// listError gives the error of a list its code.
func listError(err error) error {
	var unproved *paging.Error
	switch {
	case !errors.As(err, &unproved):
		return err
	case unproved.Changing:
		return errorf(codes.Aborted, "%w", err)
	}
	return errorf(codes.FailedPrecondition, "%w", err)
}

func hashOf(id mapping.ID) uint64 { return paging.Hash(id.String()) }

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
	l.Restart()
	l.lost, l.last = false, nil
}

// step reads the step at a place, which has to be the one that the list is at.
// After an error it can be tried again.
func (l *listing) step(ctx context.Context, at paging.Token) (*stepOfList, error) {
	batch, err := l.Read(ctx, at)
	if err != nil {
		return nil, listError(err)
	}
	l.lost = false
	out := &stepOfList{at: batch.At, told: batch.Total, next: batch.Next}
	for _, r := range batch.Records {
		out.ids, out.records = append(out.ids, r.id), append(out.records, r.record)
	}
	gone := l.Seen.Len() - out.told
	switch {
	case l.Complete && l.Seen.Len() == 0:
		ctxzap.Extract(ctx).Warn("the API answered with an empty list; check that this is the right project, and what the credentials may read",
			zap.String("resource_type", l.typ.ID), zap.String("operation", l.typ.List.Operation.Name))
	case l.Complete && gone > 0 && out.told > 0:
		ctxzap.Extract(ctx).Info("records were deleted while they were listed; this sync has them as they were read",
			zap.String("resource_type", l.typ.ID), zap.Int("deleted", gone), zap.Int("listed", l.Seen.Len()))
	}
	return out, nil
}

// readPage reads the page of a list at a position, of at most size records; 0
// is the size in the mapping.
func (c *Connector) readPage(ctx context.Context, t *mapping.ResourceType, at mapping.Position, size int) (mapping.Page, error) {
	reply, err := c.call(ctx, t.List.Operation, t.List.Request(at, size))
	if err != nil {
		return mapping.Page{}, err
	}
	return t.List.Read(reply), nil
}
