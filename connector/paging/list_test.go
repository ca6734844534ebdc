package paging

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	byOffset = Rules{Operation: "List", Size: 10, ByOffset: true}
	byBoth   = Rules{Operation: "List", Size: 10, ByOffset: true, ByNumber: true}
	byNumber = Rules{Operation: "List", Size: 10, ByNumber: true}
	byCursor = Rules{Operation: "List", Size: 10, ByCursor: true}
)

func constant(n int) func(int) int { return func(int) int { return n } }

func shuffled(seed uint64) func([]string) []string {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(ids []string) []string {
		random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return ids
	}
}

func remove(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id })
}

// TestList: given these pages, these requests and this outcome.
func TestList(t *testing.T) {
	// most is how many requests each of these lists may take: the one that grows as it
	// is read takes the most.
	const most = 1100
	never := 0
	for _, tt := range []struct {
		name  string
		rules Rules
		fake  fake
		asks  string // in their order, "" for any
		want  []string
		// fails is a part of the error. With want besides, pages that are asked for
		// ahead, and so come in any order, may also be that list.
		fails string
	}{
		// By offset: pages overlap by one record.
		{name: "empty", rules: byOffset, asks: "0"},
		{name: "one page", rules: byOffset, fake: fake{ids: count(0, 7)}, asks: "0", want: count(0, 7)},
		{name: "a full page is asked past", rules: byOffset, fake: fake{ids: count(0, 10)}, asks: "0 9", want: count(0, 10)},
		{name: "three pages", rules: byOffset, fake: fake{ids: count(0, 25)}, asks: "0 9 18", want: count(0, 25)},
		{name: "no total", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(0)}, asks: "0 9 18 24", want: count(0, 25)},
		{name: "no total, full pages", rules: byOffset, fake: fake{ids: count(0, 10), total: constant(0)}, asks: "0 9 10", want: count(0, 10)},
		{name: "a total that is too low", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(3)}, asks: "0 9 18 24", want: count(0, 25)},
		{name: "a total capped at a page", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(10)}, want: count(0, 25)},
		{name: "everyone twice, no total", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(0), alter: func(_ int, _ Position, page []string) []string {
			var twice []string
			for _, id := range page {
				twice = append(twice, id, id)
			}
			return twice
		}}, want: count(0, 25)},
		{name: "a cap below the size", rules: byOffset, fake: fake{ids: count(0, 12), cap: 4}, asks: "0 3 6 9", want: count(0, 12)},
		{name: "a cap of one", rules: byOffset, fake: fake{ids: count(0, 4), cap: 1}, asks: "0 1 2 3 4", want: count(0, 4)},
		{name: "a cap of one now and then", rules: byOffset, fake: fake{ids: count(0, 25), alter: func(n int, _ Position, page []string) []string {
			if n == 2 {
				return page[:1]
			}
			return page
		}}, want: count(0, 25)},
		{name: "a cap of one now and then, no total", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(0), alter: func(n int, _ Position, page []string) []string {
			if n == 2 {
				return page[:1]
			}
			return page
		}}, want: count(0, 25)},
		{name: "a size that the API takes for more", rules: Rules{Operation: "List", Size: 1000, ByOffset: true}, fake: fake{ids: count(0, 250), cap: 100}, asks: "0 99 198", want: count(0, 250)},
		{name: "one page is too large", rules: byOffset, fake: fake{ids: count(0, 25), tooLarge: func(ids []string) bool { return len(ids) > 5 && slices.Contains(ids, "12") }}, want: count(0, 25)},
		{name: "two records together are too large", rules: byOffset, fake: fake{ids: count(0, 25), tooLarge: func(ids []string) bool { return slices.Contains(ids, "12") && slices.Contains(ids, "13") }}, want: count(0, 25)},
		{name: "one record with any other is too large", rules: byOffset, fake: fake{ids: count(0, 25), tooLarge: func(ids []string) bool { return len(ids) > 1 && slices.Contains(ids, "12") }}, want: count(0, 25)},
		{name: "a record is too large", rules: byOffset, fake: fake{ids: count(0, 25), tooLarge: func(ids []string) bool { return slices.Contains(ids, "12") }}, fails: "pages.size"},
		{name: "records are deleted and created", rules: byOffset, fake: fake{ids: count(0, 30), before: func(n int, f *fake) {
			if n == 2 {
				f.ids = append(remove(f.ids, "3"), "30")
			}
		}}, want: count(0, 31)},
		{name: "the record of the overlap is deleted", rules: byOffset, fake: fake{ids: count(0, 30), before: func(n int, f *fake) {
			if n == 2 {
				f.ids = remove(f.ids, "9")
			}
		}}, want: count(0, 30)},
		{name: "all that was read is deleted", rules: byOffset, fake: fake{ids: count(0, 30), before: func(n int, f *fake) {
			if n == 2 {
				f.ids = f.ids[10:]
			}
		}}, want: count(0, 30)},
		{name: "a record comes before the others", rules: byOffset, fake: fake{ids: count(0, 30), before: func(n int, f *fake) {
			if n == 2 {
				f.ids = append([]string{"first"}, f.ids...)
			}
		}}, want: append(count(0, 30), "first")},
		{name: "no order", rules: byOffset, fake: fake{ids: count(0, 200), order: shuffled(1)}, want: count(0, 200), fails: "List: "},
		{name: "no order, and one deleted", rules: byOffset, fake: fake{ids: count(0, 200), order: shuffled(2), before: func(n int, f *fake) {
			if n == 5 {
				f.ids = f.ids[1:]
			}
		}}, want: count(1, 200), fails: "List: "},
		{name: "one is hidden, and one deleted", rules: byOffset, fake: fake{ids: count(0, 30), before: func(n int, f *fake) {
			if n == 3 {
				f.ids = f.ids[1:]
			}
		}, alter: func(_ int, _ Position, page []string) []string { return remove(page, "15") }}, fails: "List: "},
		{name: "each search has others", rules: byOffset, fake: fake{ids: count(0, 1000), alter: func(_ int, _ Position, page []string) []string {
			never += 3
			return count(1000+never, 1003+never)
		}}, fails: "does not continue the one before it"},
		{name: "an offset that is taken for a page", rules: byOffset, fake: fake{ids: count(0, 5000), alter: func(_ int, at Position, _ []string) []string {
			return count(min(5000, 10*at.Offset), min(5000, 10*at.Offset+10))
		}}, fails: "does not continue the one before it"},
		{name: "nothing behind a full page, no total", rules: byOffset, fake: fake{ids: count(0, 100), total: constant(0), alter: func(_ int, at Position, page []string) []string {
			if at.Offset > 0 {
				return nil
			}
			return page
		}}, fails: "does not continue the one before it"},
		{name: "nothing behind a cap", rules: byOffset, fake: fake{ids: count(0, 30), alter: func(_ int, at Position, page []string) []string {
			if at.Offset > 0 {
				return nil
			}
			return page
		}}, fails: "reported 30 records but returned none from record 10 on"},
		{name: "a total that is too high", rules: byOffset, fake: fake{ids: count(0, 25), total: constant(26)}, fails: "reported 26 records but returned none from record 26 on"},
		{name: "an ignored offset", rules: byOffset, fake: fake{ids: count(0, 30), ignoreOffset: true}, fails: "ignore the paging fields"},
		{name: "a list that grows as it is read", rules: byOffset, fake: fake{ids: count(0, 10), before: func(_ int, f *fake) {
			f.ids = append(f.ids, count(len(f.ids), len(f.ids)+20)...)
		}}, fails: "grows as quickly"},

		// By number, which an API that ignores the offset falls back to.
		{name: "number: empty", rules: byNumber, asks: "#0"},
		{name: "number: three pages", rules: byNumber, fake: fake{ids: count(0, 25)}, asks: "#0 #1 #2", want: count(0, 25)},
		{name: "number: a full page is asked past", rules: byNumber, fake: fake{ids: count(0, 20)}, asks: "#0 #1 #2", want: count(0, 20)},
		{name: "number: no total", rules: byNumber, fake: fake{ids: count(0, 15), total: constant(0)}, asks: "#0 #1 #2", want: count(0, 15)},
		{name: "number: a total that is too low", rules: byNumber, fake: fake{ids: count(0, 40), total: constant(20)}, want: count(0, 40)},
		{name: "number: a cap", rules: byNumber, fake: fake{ids: count(0, 12), cap: 5}, asks: "#0 #1/5 #2/5", want: count(0, 12)},
		{name: "number: a cap, no total", rules: byNumber, fake: fake{ids: count(0, 12), cap: 5, total: constant(0)}, asks: "#0 #1/5 #2/5 #3/5", want: count(0, 12)},
		{name: "number: a cap, counted in what was asked", rules: byNumber, fake: fake{ids: count(0, 40), alter: func(_ int, at Position, page []string) []string { return page[:min(5, len(page))] }}, want: count(0, 40)},
		{name: "number: hidden records, no total", rules: byNumber, fake: fake{ids: count(0, 25), total: constant(0), alter: func(_ int, _ Position, page []string) []string { return remove(page, "2") }}, asks: "#0 #1/9 #1/10 #2/10 #3/10", want: remove(count(0, 25), "2")},
		{name: "number: too large", rules: byNumber, fake: fake{ids: count(0, 40), tooLarge: func(ids []string) bool { return len(ids) > 5 && slices.Contains(ids, "22") }}, want: count(0, 40)},
		{name: "number: one is deleted", rules: byNumber, fake: fake{ids: count(0, 40), before: func(n int, f *fake) {
			if n == 3 {
				f.ids = remove(f.ids, "3")
			}
		}}, want: count(0, 40)},
		{name: "number: one comes first", rules: byNumber, fake: fake{ids: count(0, 40), before: func(n int, f *fake) {
			if n == 3 {
				f.ids = append([]string{"first"}, f.ids...)
			}
		}}, want: append(count(0, 40), "first")},
		{name: "number: no order", rules: byNumber, fake: fake{ids: count(0, 40), order: shuffled(3)}, want: count(0, 40), fails: "List: "},
		{name: "number: no order, no total", rules: byNumber, fake: fake{ids: count(0, 40), order: shuffled(4), total: constant(0)}, want: count(0, 40), fails: "did not keep their order"},
		{name: "number: an early end", rules: byNumber, fake: fake{ids: count(0, 40), alter: func(_ int, at Position, page []string) []string {
			if at.Page == 2 {
				return nil
			}
			return page
		}}, fails: "reported 40 records but returned none from record 21 on"},
		{name: "number: the same page again and again", rules: byNumber, fake: fake{ids: count(0, 40), alter: func(int, Position, []string) []string { return count(0, 10) }}, fails: "ignore the paging fields"},
		{name: "an ignored offset, by number", rules: byBoth, fake: fake{ids: count(0, 25), ignoreOffset: true}, asks: "#0 #0 #1 #2", want: count(0, 25)},
		{name: "an ignored offset, a cap", rules: byBoth, fake: fake{ids: count(0, 25), ignoreOffset: true, cap: 4}, want: count(0, 25)},
		{name: "an ignored offset, a cap, a total that is too low", rules: byBoth, fake: fake{ids: count(0, 25), ignoreOffset: true, cap: 4, total: constant(8)}, want: count(0, 25)},
		{name: "neither offset nor number", rules: byBoth, fake: fake{ids: count(0, 25), alter: func(int, Position, []string) []string { return count(0, 10) }}, fails: "ignore the paging fields"},

		// By cursor.
		{name: "cursor: empty", rules: byCursor, asks: "@"},
		{name: "cursor: three pages", rules: byCursor, fake: fake{ids: count(0, 25)}, asks: "@ @10 @20", want: count(0, 25)},
		{name: "cursor: too large", rules: byCursor, fake: fake{ids: count(0, 25), tooLarge: func(ids []string) bool { return len(ids) > 5 }}, want: count(0, 25)},
		{name: "cursor: its own page", rules: byCursor, fake: fake{ids: count(0, 25), name: func(int, int) string { return "10" }}, fails: "its own page"},
		{name: "cursor: a circle", rules: byCursor, fake: fake{ids: count(0, 70), name: func(_, end int) string {
			if end == 70 {
				return "20"
			}
			return fmt.Sprint(end)
		}}, fails: "the list never ends"},
		{name: "cursor: the same page", rules: byCursor, fake: fake{ids: count(0, 25), alter: func(int, Position, []string) []string { return count(0, 10) }}, fails: "ignore the paging fields"},
		{name: "cursor: empty pages for ever", rules: byCursor, fake: fake{ids: count(0, 25), alter: func(int, Position, []string) []string { return nil }, name: func(n, _ int) string { return fmt.Sprint(n) }}, fails: "returned nothing new"},
		{name: "cursor: one is left out", rules: byCursor, fake: fake{ids: count(0, 25), alter: func(_ int, _ Position, page []string) []string { return remove(page, "12") }}, fails: "reported 25 records but returned 24 different ones in 3 readings"},
		{name: "cursor: one is left out at first", rules: byCursor, fake: fake{ids: count(0, 25), alter: func(n int, _ Position, page []string) []string {
			if n < 4 {
				return remove(page, "12")
			}
			return page
		}}, asks: "@ @10 @20 @ @10 @20", want: count(0, 25)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sequential := range []bool{true, false} {
				f := tt.fake
				got, err := readAll(New(tt.rules, sequential, f.read(tt.rules)))
				fakes.Lock()
				asked, requests := strings.Join(f.asks, " "), len(f.asks)
				fakes.Unlock()
				if requests > most {
					t.Errorf("sequential %v: %d requests", sequential, requests)
				}
				if tt.fails != "" && (err != nil || sequential || tt.want == nil) {
					if err == nil || !strings.Contains(err.Error(), tt.fails) {
						t.Errorf("sequential %v: %d records, %v after %v\nwant %s", sequential, len(got), err, asked, tt.fails)
					}
					if known := new(Error); !errors.As(err, &known) && !errors.Is(err, ErrTooLarge) {
						t.Errorf("%T", err)
					}
					continue
				}
				if err != nil {
					t.Errorf("sequential %v: %v after %v", sequential, err, asked)
					continue
				}
				for _, id := range tt.want {
					if !slices.Contains(got, id) {
						t.Errorf("sequential %v: %s is missing after %v", sequential, id, asked)
					}
				}
				if len(got) != len(tt.want) {
					t.Errorf("sequential %v: %d records, want %d: %v", sequential, len(got), len(tt.want), got)
				}
				if sequential && tt.asks != "" && asked != tt.asks {
					t.Errorf("requests %s, want %s", asked, tt.asks)
				}
			}
		})
	}
}

// TestEndlessList: a list of ever new pages ends at the maximum number of pages.
func TestEndlessList(t *testing.T) {
	f := fake{ids: count(0, 25)}
	_, err := New(byCursor, true, f.read(byCursor)).Read(t.Context(), Token{New: maxPages})
	if err == nil || !strings.Contains(err.Error(), "has no end after 1000001 pages") {
		t.Error(err)
	}
}

// TestEndlessRewinds: a list is given up after twelve rewinds, however long it is.
func TestEndlessRewinds(t *testing.T) {
	strange := &Page[string]{Records: count(0, 10), Total: 1_000_000}
	for _, id := range strange.Records {
		strange.Hashes = append(strange.Hashes, Hash(id))
	}
	never := func(uint64) bool { return false }
	at := Token{Offset: 900_000, Total: 1_000_000, PageLen: 10, Tail: Hash("before"), New: 100_000}
	for back := range 13 {
		next, err := advance(byOffset, at, strange, false, never)
		if last := back == 12; last != (err != nil) {
			t.Fatalf("after %d steps back: %v", back, err)
		}
		at = next.next
	}
}

// TestShortPages: a page that is shorter than asked for and not the last is reported
// where no total proves the list complete.
func TestShortPages(t *testing.T) {
	shorter := func(_ int, at Position, page []string) []string {
		if at.Page == 1 {
			return page[:7]
		}
		return page
	}
	for _, tt := range []struct {
		name  string
		rules Rules
		fake  fake
		want  bool
	}{
		{"one in the middle", byNumber, fake{ids: count(0, 35), alter: shorter, total: constant(0)}, true},
		{"only the last", byNumber, fake{ids: count(0, 35), total: constant(0)}, false},
		{"all by a cap", byNumber, fake{ids: count(0, 35), cap: 4, total: constant(0)}, false},
		{"with the right total", byNumber, fake{ids: count(0, 28), total: constant(25), alter: shorter}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, sequential := range []bool{true, false} {
				f := tt.fake
				l := New(tt.rules, sequential, f.read(tt.rules))
				if _, err := readAll(l); err != nil {
					t.Fatal(err)
				}
				if l.Short != tt.want {
					t.Errorf("sequential %v: %v", sequential, l.Short)
				}
			}
		})
	}
}
