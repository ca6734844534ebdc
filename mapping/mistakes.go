package mapping

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

// mistakeList collects mistakes while a file is read and checked.
type mistakeList struct {
	file string
	all  Mistakes
}

// maxMistakes is how many mistakes are told in one run: with more, the file is
// something else than a mapping.
const maxMistakes = 100

func (l *mistakeList) addf(at pos, format string, args ...any) {
	if len(l.all) >= maxMistakes {
		return
	}
	l.all = append(l.all, Mistake{File: l.file, Line: max(at.line, 1), Col: max(at.col, 1), What: fmt.Sprintf(format, args...)})
}

// sorted returns the mistakes sorted by place, each once.
func (l *mistakeList) sorted() Mistakes {
	slices.SortStableFunc(l.all, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(l.all)
}
