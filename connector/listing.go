package connector

import (
	"context"
	"errors"
	"fmt"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// listing is a list that is read page by page in one sync. If its state is lost, it is
// rebuilt from the cached batches.
type listing struct {
	*paging.List[listedRecord]
	typ *mapping.ResourceType
	// lock is a channel, so that a wait for it ends with the context.
	lock chan struct{}
	// lost reports that earlier batches cannot be found again.
	lost bool
	// last is the last batch that was read and kept.
	last *keptBatch

	mu sync.Mutex
	// memory has the pages that the session store did not take, by batch. mu guards it.
	memory map[int]*page
	// rest is the page rebuilt for a lost one, and restOf its batch.
	rest   *page
	restOf int
}

// listedRecord is one record of a list, with its id, and its resource if that was made
// when the page was read.
type listedRecord struct {
	id       mapping.ID
	record   mapping.Record
	resource *v2.Resource
}

// batch has the records of consecutive requests that no earlier batch had.
type batch struct {
	at      paging.Token
	ids     []mapping.ID
	records []mapping.Record
	// resources are those of the records, nil where not made yet. An answer removes
	// them, since the SDK may change them.
	resources []*v2.Resource
	reported  int           // how many there are by the API, 0 when it does not say
	next      *paging.Token // nil at the end
}

// newListing returns the type's list. With resources, these are made when their page is
// read: ahead of their call, while the SDK stores others.
func (ts *typeSync) newListing(resources bool) *listing {
	t := ts.typ
	return &listing{
		typ:    t,
		lock:   make(chan struct{}, 1),
		memory: map[int]*page{},
		List: paging.New(pageRules(t.List), ts.options.Sequential, func(ctx context.Context, at paging.Position) (*paging.Page[listedRecord], error) {
			// The call that prefetches does not wait for the result.
			ctx = ratelimit.WithWaitObserver(ctx, func(context.Context, ratelimit.WaitEvent) {})
			read, err := ts.readPage(ctx, t, positionOf(at), at.Size)
			if err != nil {
				return nil, pageError(err)
			}
			out := newPage[listedRecord](read)
			for i, r := range read.Records {
				id, err := t.IDOf(r)
				if err != nil {
					return nil, lacksID(err)
				}
				out.Records[i], out.Hashes[i] = listedRecord{id: id, record: r}, hashOf(id)
				if !resources || t.NeedsParent {
					continue
				}
				if made, err := ts.resource(ctx, id, r); err == nil { // The error recurs when the resource is needed.
					out.Records[i].resource = made
				}
			}
			return out, nil
		}),
	}
}

// pageRules returns the rules of a list; one without pages ends with its first.
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

// newPage returns a page without its records and hashes, which the caller sets.
func newPage[T any](read mapping.Page) *paging.Page[T] {
	out := &paging.Page[T]{Records: make([]T, len(read.Records)), Hashes: make([]uint64, len(read.Records)), Next: read.Next}
	if read.HasTotal {
		out.Total = read.Total
	}
	return out
}

// pageError marks the error of a page that can be requested with fewer records.
func pageError(err error) error {
	if errors.Is(err, transport.ErrTooLarge) {
		return fmt.Errorf("%w (%w)", err, paging.ErrTooLarge)
	}
	return err
}

// listError sets the code of a list's error.
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

// enter waits for the lock of the list, and returns what releases it.
func (l *listing) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.lock <- struct{}{}:
		return func() { <-l.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// restart drops what was read.
func (l *listing) restart() {
	l.Restart()
	l.lost, l.last = false, nil
}

// readBatch reads the batch at a place, which has to be the current one of the list. It
// can be called again after an error.
func (l *listing) readBatch(ctx context.Context, at paging.Token) (*batch, error) {
	read, err := l.Read(ctx, at)
	if err != nil {
		return nil, listError(err)
	}
	l.lost = false
	out := &batch{at: read.At, reported: read.Total, next: read.Next}
	for _, r := range read.Records {
		out.ids, out.records, out.resources = append(out.ids, r.id), append(out.records, r.record), append(out.resources, r.resource)
	}
	if l.Complete && l.Short {
		ctxzap.Extract(ctx).Warn("a page had fewer records than were asked for, and another followed: either the API hides records, or pages in the mapping is wrong and some are missing",
			zap.String("resource_type", l.typ.ID), zap.String("operation", l.typ.List.Operation.Name))
	}
	gone := l.Seen.Len() - out.reported
	switch {
	case l.Complete && l.Seen.Len() == 0:
		ctxzap.Extract(ctx).Warn("the API answered with an empty list; check that this is the right project, and what the credentials may read",
			zap.String("resource_type", l.typ.ID), zap.String("operation", l.typ.List.Operation.Name))
	case l.Complete && gone > 0 && out.reported > 0:
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
