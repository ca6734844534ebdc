package mapping

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
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

// didYouMean returns `; did you mean "x"?` for the option nearest to word, or
// a list of the options when there are few and none is near.
func didYouMean(word string, options []string) string {
	if best := nearest(word, options); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(options) > 0 && len(options) <= 9 {
		return "; it is one of " + strings.Join(options, ", ")
	}
	return ""
}

// nearest returns the option that word is most likely a misspelling of, or "".
// Whoever reports a mistake goes on with it, so that one mistake is one message.
func nearest(word string, options []string) string {
	length := utf8.RuneCountInString(word)
	best, distance := "", min(1+length/3, length-1)
	for _, option := range options {
		if difference := length - utf8.RuneCountInString(option); difference > distance || -difference > distance {
			continue
		}
		d := editDistance(strings.ToLower(word), strings.ToLower(option))
		if d < distance || (d == distance && best == "") {
			best, distance = option, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, substitutions and swaps of
// neighbours that turn a into b.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
