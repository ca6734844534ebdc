package mapping

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// values are what the expressions of a resource type are evaluated on.
type values struct {
	record reflect.Value
	parent reflect.Value // the parent's record; the zero Value without one
}

// expr is an expression: alternatives, of which the first with a value counts,
// or a template of text with expressions in it.
type expr struct {
	alternatives []source
	template     []piece
}

// source is one path, from the record or from its parent's.
type source struct {
	*path
	parent bool
	first  bool // only the first value of a list
}

// piece is a part of a template: text, an expression, or a group of pieces
// that is left out when an expression in it has no value.
type piece struct {
	text  string
	expr  *expr
	group []piece
}

func (s source) root(v values) reflect.Value {
	if s.parent {
		return v.parent
	}
	return v.record
}

// text returns the expression's value as text, "" for no value.
func (e *expr) text(v values) string {
	if e == nil {
		return ""
	}
	if e.template != nil {
		text, _ := fill(e.template, v)
		return text
	}
	for _, s := range e.alternatives {
		var found string
		s.each(s.root(v), func(value reflect.Value) bool {
			found, _ = visibleText(value)
			return found == ""
		})
		if found != "" {
			return found
		}
	}
	return ""
}

// fill writes a template. It reports whether every expression directly in it had a value.
func fill(pieces []piece, v values) (string, bool) {
	var b strings.Builder
	whole := true
	for _, p := range pieces {
		switch {
		case p.group != nil:
			if text, ok := fill(p.group, v); ok {
				b.WriteString(text)
			}
		case p.expr != nil:
			text := p.expr.text(v)
			whole = whole && text != ""
			b.WriteString(text)
		default:
			b.WriteString(p.text)
		}
	}
	return b.String(), whole
}

// texts returns all the expression's values as text.
func (e *expr) texts(v values) []string {
	if e == nil {
		return nil
	}
	var found []string
	for _, s := range e.alternatives {
		s.each(s.root(v), func(value reflect.Value) bool {
			if text, ok := visibleText(value); ok {
				found = append(found, text)
			}
			return !s.first || found == nil
		})
		if found != nil {
			break
		}
	}
	return found
}

// truth reports whether any alternative is true.
func (e *expr) truth(v values) bool {
	for _, s := range e.alternatives {
		if value := indirect(s.leaf.get(s.root(v))); value.IsValid() && value.Kind() == reflect.Bool && value.Bool() {
			return true
		}
	}
	return false
}

// plain returns the expression's value as a profile holds it, nil for none.
// false counts when no alternative has another value.
func (e *expr) plain(v values) any {
	if e.template != nil {
		if text, _ := fill(e.template, v); text != "" {
			return text
		}
		return nil
	}
	var found any
	for _, s := range e.alternatives {
		value := s.plain(v)
		if value != nil {
			found = value
		}
		if value != nil && value != false {
			break
		}
	}
	return found
}

func (s source) plain(v values) any {
	if !s.list() {
		if value := plainValue(s.leaf.get(s.root(v))); value != 0.0 {
			return value
		}
		return nil
	}
	var items []any
	s.each(s.root(v), func(value reflect.Value) bool {
		if item := plainValue(value); item != nil {
			items = append(items, item)
		}
		return !s.first || items == nil
	})
	switch {
	case items == nil:
		return nil
	case s.first:
		return items[0]
	}
	return items
}

// time returns the expression's value as a time, the zero time for none.
// Numbers are Unix seconds, or milliseconds from 100,000,000,000 on (as
// seconds that is the year 5138).
func (e *expr) time(v values) (time.Time, error) {
	for _, s := range e.alternatives {
		value := indirect(s.leaf.get(s.root(v)))
		if value.IsValid() {
			if t, ok := value.Interface().(time.Time); ok && !t.IsZero() {
				return t.UTC(), nil
			}
		}
		text, ok := scalarText(value)
		if !ok {
			continue
		}
		return parseTime(text)
	}
	return time.Time{}, nil
}

// parseTime reads a time. One after the year 9999 is a mistake in the unit.
func parseTime(s string) (time.Time, error) {
	const firstMillisecond, end = 1e11, 253402300800
	t, err := time.Parse(time.RFC3339, s)
	if number, notNumber := strconv.ParseFloat(s, 64); notNumber == nil {
		seconds := number
		if math.Abs(number) >= firstMillisecond {
			seconds = number / 1000
		}
		if math.Abs(seconds) < end {
			whole, fraction := math.Modf(seconds)
			t, err = time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3), nil
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time (Unix seconds or milliseconds, or RFC 3339)", s)
	}
	return t.UTC(), nil
}
