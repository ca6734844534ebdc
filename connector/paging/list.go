package paging

import (
	"context"
	"errors"
	"fmt"
)

// Limits of a batch.
const (
	batchRecords  = 1000
	batchRequests = 10
)

// ErrTooLarge is wrapped by the error of a page that exceeds the limit of a reply.
var ErrTooLarge = errors.New("the page is too large")

// List is a list read in batches. It is not safe for concurrent use.
type List[T any] struct {
	// Seen has the ids of the batches so far.
	Seen IDSet
	// At is the number of the batch that the list is at.
	At int
	// Complete reports that the list was read to its end, with Seen as its ids.
	Complete bool
	// Short reports that a page by number had fewer records than were asked for, that
	// another followed, and that no total proves the list complete. Some APIs filter
	// pages after they cut them; with others, the rules are wrong.
	Short bool

	rules    Rules
	prefetch prefetch[T]
	// now has the ids of the reading with this number, if it is not the first.
	reading int
	now     IDSet
}

// Batch is the result of some requests in a row.
type Batch[T any] struct {
	// At is the place where it starts.
	At Token
	// Records are those that no earlier batch had.
	Records []T
	// Total is how many records the API reported, 0 when it reports none.
	Total int
	// Requests is the number of pages read, without those in flight.
	Requests int
	// Next is the place of the next batch, nil at the end.
	Next *Token
}

// New returns a list. If sequential, pages are not prefetched.
func New[T any](rules Rules, sequential bool, read func(context.Context, Position) (*Page[T], error)) *List[T] {
	pages := prefetchPages
	if sequential {
		pages = 1
	}
	return &List[T]{rules: rules, prefetch: prefetch[T]{max: pages, read: read}}
}

// Restart forgets what was read.
func (l *List[T]) Restart() {
	l.Drop()
	l.Seen, l.At, l.Complete, l.Short, l.reading, l.now = IDSet{}, 0, false, false, 0, IDSet{}
}

// Clone returns an independent copy.
func (l *List[T]) Clone() *List[T] {
	c := *l
	c.prefetch = prefetch[T]{max: l.prefetch.max, read: l.prefetch.read}
	c.Seen, c.now = l.Seen.clone(), l.now.clone()
	return &c
}

// Drop cancels the requests in flight.
func (l *List[T]) Drop() { l.prefetch.drop() }

// Read reads the batch at a token, which has to be the current batch of the list.
// After an error it can be retried.
func (l *List[T]) Read(ctx context.Context, at Token) (*Batch[T], error) {
	if at.Reading != l.reading {
		// The ids of this reading are lost, so it starts over.
		at = Token{Batch: at.Batch, Reading: at.Reading, Numbered: at.Numbered}
		l.reading, l.now = at.Reading, IDSet{}
	}
	out := &Batch[T]{At: at}
	have := &l.Seen
	if l.reading > 0 {
		have = &l.now
	}
	fresh := map[uint64]bool{}
	known := func(hash uint64) bool { return fresh[hash] || have.Has(hash) }
	for here, requests := at, 0; ; requests++ {
		if requests >= batchRequests || requests > 0 && len(out.Records)+here.PageLen > batchRecords {
			out.Next = &here
			break
		}
		out.Requests++
		page, next, err := l.page(ctx, here, known)
		if err != nil {
			l.Drop()
			if requests == 0 {
				return nil, err
			}
			out.Next = &here // Keep what was read; the next batch returns the error, if it lasts.
			break
		}
		l.Short = l.Short || next.used && here.afterShort(l.rules, len(page.Hashes))
		here = next.next
		out.Total = here.Total
		for i := 0; next.used && i < len(page.Hashes); i++ {
			hash := page.Hashes[i]
			if known(hash) {
				continue
			}
			fresh[hash] = true
			if !l.Seen.Has(hash) {
				out.Records = append(out.Records, page.Records[i])
			}
		}
		if next.end {
			if out.Next, err = here.finish(l.rules, have.Len()+len(fresh)); err != nil {
				return nil, err
			}
			break
		}
	}
	for hash := range fresh {
		l.Seen.Add(hash)
		if l.reading > 0 {
			l.now.Add(hash)
		}
	}
	l.At, l.Complete = at.Batch+1, out.Next == nil
	if out.Next != nil {
		out.Next.Batch = l.At
	}
	return out, nil
}

// page reads the page at a token, and returns the step after it. A page that is
// too large is read again with fewer records.
func (l *List[T]) page(ctx context.Context, at Token, known func(uint64) bool) (*Page[T], step, error) {
	read, err := l.prefetch.take(ctx, l.rules, at)
	if errors.Is(err, ErrTooLarge) {
		l.Drop()
		smaller, ok := at.smaller(l.rules)
		if !ok {
			return nil, step{}, fmt.Errorf("%w; it has one record, so pages.size cannot make it smaller", err)
		}
		return &Page[T]{}, step{next: smaller}, nil
	}
	if err != nil {
		return nil, step{}, err
	}
	next, err := advance(l.rules, at, read.page, read.early, known)
	if err == nil && !next.used {
		l.Drop()
	}
	return read.page, next, err
}
