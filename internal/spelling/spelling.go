// Package spelling finds the word that a misspelt one stands for.
//
//	return fmt.Errorf("there is no %q%s", word, spelling.DidYouMean(word, words))
package spelling

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DidYouMean returns `; did you mean "x"?` for the option nearest to word, or
// a list of the options when there are few and none is near.
func DidYouMean(word string, options []string) string {
	if best := Nearest(word, options); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(options) > 0 && len(options) <= 9 {
		return "; it is one of " + strings.Join(options, ", ")
	}
	return ""
}

// Nearest returns the option that word is most likely a misspelling of, or "".
// Letter case does not count.
func Nearest(word string, options []string) string {
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
