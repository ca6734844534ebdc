package syntax

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// Mistake is one thing wrong with a mapping file, at its place.
type Mistake struct {
	File string
	Line int
	Col  int
	// What says what is wrong and, where that is known, what would be right.
	What string
}

func (m Mistake) Error() string { return m.Place() + ": " + m.What }

// Place returns where it is: FILE:LINE:COL.
func (m Mistake) Place() string { return fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Col) }

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

// maxMistakes is how many mistakes are reported in one run: with more, the file is
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

// HasNoValue reports a key or an entry that is null or nothing; what names it.
func (l *Collector) HasNoValue(at Pos, what string) { l.Addf(at, "%s has no value", what) }

// IsNot reports a value of the wrong kind.
func (l *Collector) IsNot(at Pos, what, wanted, found string) {
	l.Addf(at, "%s is %s, not %s", what, wanted, found)
}

// OddNumber reports a number in a form that programs read in different ways.
func (l *Collector) OddNumber(at Pos, what, value string) {
	l.Addf(at, "%s is %s, a number that can be read in several ways; write it in digits, without a leading 0", what, value)
}

// GivenTwice reports the second of two keys or entries that are the same.
func (l *Collector) GivenTwice(at Pos, name string) { l.Addf(at, "%q is given twice", name) }

func (l *Collector) withdrawnKey(at Pos, name, instead string) {
	l.Addf(at, "%q is not a key any more: %s", name, instead)
}

// otherWords are keys that other languages have, and what a mapping has instead.
var otherWords = map[string]string{
	"when":      noConditions,
	"if":        noConditions,
	"unless":    noConditions,
	"where":     noConditions,
	"condition": noConditions,
	"filter":    noConditions,
	"method":    anOperation,
	"url":       anOperation,
	"uri":       anOperation,
	"endpoint":  anOperation,
	"headers":   anOperation,
	"body":      fixedFields,
	"query":     fixedFields,
	"params":    fixedFields,
}

const (
	noConditions = "a mapping has no conditions; what is not to be synced is left out by the request of the list, with a reason under narrowed"
	anOperation  = "how a request is sent follows from its operation in the API document"
	fixedFields  = "fixed fields of a request, wherever they are sent, are under request"
)

func (l *Collector) unknownKey(at Pos, name string, keys []string) {
	if instead := otherWords[strings.ToLower(name)]; instead != "" {
		l.Addf(at, "unknown key %q: %s", name, instead)
		return
	}
	l.Addf(at, "unknown key %q%s", name, spelling.DidYouMean(name, keys))
}

func (l *Collector) keyMissing(at Pos, what, key, meaning string) {
	l.Addf(at, "%s needs %q: %s", what, key, meaning)
}

func (l *Collector) empty(at Pos, what string) { l.Addf(at, "%s is empty", what) }

func (l *Collector) emptyList(at Pos, what string) { l.Addf(at, "%s is an empty list", what) }

func (l *Collector) fileTooLarge(size int) {
	l.Addf(Pos{}, "the file has %d bytes; a mapping has at most %d", size, maxFileSize)
}

func (l *Collector) fileEmpty() { l.Addf(Pos{}, "the file is empty") }

func (l *Collector) secondDocument(at Pos) {
	l.Addf(at, "a second YAML document; a mapping is one")
}

func (l *Collector) notUTF8(at Pos) { l.Addf(at, "the file is not UTF-8 from here on") }

func (l *Collector) badCharacter(at Pos, r rune) {
	l.Addf(at, "the character %U is not allowed in YAML", r)
}

func (l *Collector) tooDeep(at Pos) { l.Addf(at, "nested more than %d levels deep", maxDepth) }

func (l *Collector) textTooLong(at Pos, length int) {
	l.Addf(at, "a text of %d bytes; a mapping has at most %d", length, maxText)
}

func (l *Collector) alias(at Pos, name string) {
	l.Addf(at, "aliases (*%s) are not supported; write the value out", name)
}

func (l *Collector) anchor(at Pos, name string) {
	l.Addf(at, "anchors (&%s) are not supported; write the value out", name)
}

func (l *Collector) tag(at Pos, name string) { l.Addf(at, "tags (%s) are not supported", name) }

func (l *Collector) mergeKey(at Pos) {
	l.Addf(at, "merge keys (<<) are not supported; write the values out")
}

// inPlainWords says what usually is behind the parser's complaints.
var inPlainWords = map[string]string{
	"did not find expected key":                       "this is not a key of the table above it; is it indented like its neighbours?",
	"did not find expected '-' indicator":             "this is not an entry of the list above it; is it indented like its neighbours?",
	"did not find expected ',' or ']'":                `a "[" is not closed, or a comma is missing`,
	"did not find expected ',' or '}'":                `a "{" is not closed, or a comma is missing`,
	"found unexpected end of stream":                  "a quote is not closed",
	"mapping values are not allowed in this context":  `": " is not expected here; is the line before complete, and does a text with ": " have quotes?`,
	"could not find expected ':'":                     `a key without ": " behind it`,
	"found character that cannot start any token":     "a text that starts with this character needs quotes; tabs cannot indent",
	"found a tab character that violates indentation": "tabs cannot indent; use spaces",
	"found unknown escape character":                  `a text in double quotes has an escape that only JSON has, such as \/: write "/" without the backslash, and a backslash as \\`,
	"found invalid Unicode character escape code":     `a text has a character in two escapes, as JSON writes it (\ud83d\ude00): write the character itself`,
	"found incompatible YAML document":                withoutDirectives,
	"found unknown directive name":                    withoutDirectives,
	"found duplicate %YAML directive":                 withoutDirectives,
	"did not find expected <document start>":          withoutDirectives,
}

const withoutDirectives = "lines that start with % are not supported; remove them, and the line --- behind them"

// InPlainWords says what usually is behind a complaint of the YAML parser, the complaint
// itself where that is not known.
func InPlainWords(complaint string) string { return cmp.Or(inPlainWords[complaint], complaint) }

// notYAML reports a complaint of the YAML parser.
func (l *Collector) notYAML(at Pos, complaint string) {
	l.Addf(at, "not YAML: %s", InPlainWords(complaint))
}
