package paging

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAnyList reads seeded lists that change, from APIs with faults. Every run ends
// within a bound of requests, with all records that never changed, or an error.
func TestAnyList(t *testing.T) {
	seeds := uint64(4000)
	if testing.Short() {
		seeds = 500
	}
	complete := 0
	for seed := range seeds {
		if anyList(t, seed) {
			complete++
		}
	}
	if complete < int(seeds)/4 {
		t.Errorf("of %d lists only %d were complete", seeds, complete)
	}
}

// anyList reads the list of a seed, and reports whether it was complete.
func anyList(t *testing.T, seed uint64) bool {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	maybe := func(n int) bool { return random.IntN(n) == 0 }
	rules := []Rules{byOffset, byOffset, byBoth, byNumber, byCursor}[random.IntN(5)]
	rules.Size = 2 + random.IntN(12)
	ids := count(0, random.IntN(90))
	f := &fake{ids: slices.Clone(ids), ignoreOffset: rules.ByNumber && maybe(2)}
	sequential := maybe(2)
	always, ever, created := map[string]bool{}, map[string]bool{}, 0
	for _, id := range ids {
		always[id], ever[id] = true, true
	}
	what := fmt.Sprintf("seed %d, %d records, %+v, ignoring offsets %v, sequential %v", seed, len(ids), rules, f.ignoreOffset, sequential)

	// What the API does to the page.
	if maybe(3) {
		f.cap = 1 + random.IntN(14)
		what += fmt.Sprintf(", cap %d", f.cap)
	}
	honest := true
	switch random.IntN(8) {
	case 0:
		f.total, honest = constant(0), false
		what += ", no total"
	case 1:
		low := random.IntN(len(ids) + 1)
		if low == f.cap {
			low++ // One short page, and a total to match: that is a whole list.
		}
		f.total, honest = func(right int) int { return min(right, low) }, false
		what += fmt.Sprintf(", total at most %d", low)
	case 2:
		f.total = func(right int) int { return right + random.IntN(2) }
		what += ", total too high"
	}
	byPlace := rules.ByOffset && !f.ignoreOffset
	if honest && maybe(6) {
		hidden, first := fmt.Sprint(random.IntN(len(ids)+1)), 1+random.IntN(4)
		f.alter = func(n int, _ Position, page []string) []string {
			switch {
			case n < first:
				return page
			case byPlace || rules.ByCursor:
				return remove(page, hidden)
			}
			return nil
		}
		what += ", hides " + hidden
	}
	if maybe(8) {
		again := 2 + random.IntN(5)
		var last []string
		inner := f.alter
		f.alter = func(n int, at Position, page []string) []string {
			if inner != nil {
				page = inner(n, at, page)
			}
			if n == again {
				return last
			}
			last = page
			return page
		}
		what += fmt.Sprintf(", repeats page %d", again)
	}

	// Changes of the list. A deletion cannot be seen where pages start
	// behind one another, or where there is no order, and something hides it.
	tied := honest && maybe(4)
	if tied {
		f.order = func(ids []string) []string {
			for i := 0; i < len(ids); {
				group := min(len(ids)-i, 1+random.IntN(20))
				random.Shuffle(group, func(a, b int) { ids[i+a], ids[i+b] = ids[i+b], ids[i+a] })
				i += group
			}
			return ids
		}
		what += ", ties"
	}
	deletes := maybe(2) && !tied && f.alter == nil && f.cap != 1 && (byPlace || rules.ByNumber && f.total == nil)
	creates := maybe(2) && (byPlace || !deletes)
	until := random.IntN(30)
	f.before = func(n int, f *fake) {
		if n > until {
			return
		}
		for range random.IntN(3) {
			if deletes && len(f.ids) > 0 {
				gone := f.ids[random.IntN(len(f.ids))]
				delete(always, gone)
				f.ids = remove(f.ids, gone)
			}
			if creates {
				created++
				id := fmt.Sprintf("new %d", created)
				ever[id] = true
				f.ids = append(f.ids, id)
			}
		}
	}
	what += fmt.Sprintf(", deletes %v, creates %v, until request %d", deletes, creates, until)

	got, err := readAll(New(rules, sequential, f.read(rules)))
	fakes.Lock() // What is in flight changes nothing any more.
	defer fakes.Unlock()
	if bound := 3*(200+4*len(ever)) + 60; len(f.asks) > bound {
		t.Errorf("%s: %d requests for %d records", what, len(f.asks), len(ever))
	}
	have := map[string]bool{}
	for _, id := range got {
		if have[id] || !ever[id] {
			t.Errorf("%s: %s is there twice, or never was there", what, id)
		}
		have[id] = true
	}
	if err != nil {
		return false
	}
	maps.DeleteFunc(always, func(id string, _ bool) bool { return have[id] })
	if len(always) > 0 {
		t.Errorf("%s: missing are %v, requests %v", what, slices.Sorted(maps.Keys(always)), f.asks)
	}
	return true
}
