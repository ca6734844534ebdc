package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing wrong with a mapping file, at its place.
type Mistake struct {
	File string
	Line int
	Col  int
	// What says what is wrong and, where that is known, what would be right.
	What string
}

func (m Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Col, m.What)
}

// Mistakes are all the mistakes of one file, sorted by place.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Collector collects mistakes while a file is read and checked.
type Collector struct {
	File string
	All  Mistakes
}

// maxMistakes is how many mistakes are told in one run: with more, the file is
// something else than a mapping.
const maxMistakes = 100

// Addf adds a mistake at a place, unless there are too many already.
func (l *Collector) Addf(at Pos, format string, args ...any) {
	if len(l.All) >= maxMistakes {
		return
	}
	l.All = append(l.All, Mistake{File: l.File, Line: max(at.line, 1), Col: max(at.col, 1), What: fmt.Sprintf(format, args...)})
}

// Sorted returns the mistakes sorted by place, each once.
func (l *Collector) Sorted() Mistakes {
	slices.SortStableFunc(l.All, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(l.All)
}
