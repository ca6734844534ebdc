package paging

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// fakes guards all fake lists: what is asked for ahead may come late.
var fakes sync.Mutex

// fake is a list at an API: ids in an order, and how the API pages them.
type fake struct {
	ids  []string
	asks []string // the requests, "offset" or "#page" or "cursor", with "/size"

	ignoreOffset bool
	cap          int // the most records a page, 0 for none
	tooLarge     func(ids []string) bool
	// order returns the order of this request; nil for that of ids.
	order func(ids []string) []string
	// total returns the total to report; nil for the right one.
	total func(right int) int
	// before changes the list before a request is answered, n from 1.
	before func(n int, f *fake)
	// alter changes what a page holds.
	alter func(n int, at Position, page []string) []string
	// name returns the next cursor; nil for that of the rules.
	name func(n int, next int) string
}

func (f *fake) read(r Rules) func(context.Context, Position) (*Page[string], error) {
	return func(_ context.Context, at Position) (*Page[string], error) {
		fakes.Lock()
		defer fakes.Unlock()
		asked := at.Size
		if asked == 0 {
			asked = r.Size
		}
		size := asked
		if f.cap > 0 {
			size = min(size, f.cap)
		}
		start, ask := at.Offset, fmt.Sprint(at.Offset)
		switch {
		case r.ByCursor:
			start = 0
			if at.Cursor != "" {
				if _, err := fmt.Sscan(at.Cursor, &start); err != nil {
					return nil, err
				}
			}
			ask = "@" + at.Cursor
		case r.ByNumber && (!r.ByOffset || f.ignoreOffset):
			start, ask = at.Page*size, fmt.Sprintf("#%d", at.Page)
		case f.ignoreOffset:
			start = 0
		}
		if at.Size != 0 {
			ask += fmt.Sprintf("/%d", at.Size)
		}
		f.asks = append(f.asks, ask)
		n := len(f.asks)
		if f.before != nil {
			f.before(n, f)
		}
		ids := f.ids
		if f.order != nil {
			ids = f.order(slices.Clone(ids))
		}
		start = min(start, len(ids))
		end := min(len(ids), start+size)
		page := slices.Clone(ids[start:end])
		if f.tooLarge != nil && f.tooLarge(page) {
			return nil, fmt.Errorf("body: %w", ErrTooLarge)
		}
		if f.alter != nil {
			page = f.alter(n, at, page)
		}
		out := &Page[string]{Records: page, Total: len(ids)}
		if f.total != nil {
			out.Total = f.total(len(ids))
		}
		if end < len(ids) {
			out.Next = fmt.Sprint(end)
		}
		if f.name != nil {
			out.Next = f.name(n, end)
		}
		for _, id := range page {
			out.Hashes = append(out.Hashes, Hash(id))
		}
		return out, nil
	}
}

// readAll reads a whole list, and returns its ids in the order they came.
func readAll(l *List[string]) ([]string, error) {
	var ids []string
	for at := (&Token{}); at != nil; {
		batch, err := l.Read(context.Background(), *at)
		if err != nil {
			return ids, err
		}
		ids = append(ids, batch.Records...)
		at = batch.Next
	}
	return ids, nil
}

func count(from, to int) []string {
	var ids []string
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprint(i))
	}
	return ids
}
