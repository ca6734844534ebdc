package mapping

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Narrowing is a fixed field of a list's request that may leave records out.
type Narrowing struct {
	// Field is the request field, and Value its value as JSON.
	Field, Value string
	// Reason says why they are left out; it is empty when the mapping gives none.
	Reason string
}

var (
	// sortField matches request fields that order a list, in small letters and
	// without separators.
	sortField = regexp.MustCompile(`^(sort|order)|(sort|order)(by)?$|^(direction|ascending|descending|asc|desc)$`)
	// addingField matches those that add something when they are true.
	addingField = regexp.MustCompile(`^(with|include|expand|embed)`)
)

// compileNarrowed returns the fixed fields of a list's request that may leave records
// out: all but those that the API requires, that sort, that add, and that a switch of the
// connector sets. It warns of one without a reason.
func (c *compiler) compileNarrowed(l *List, doc *syntax.List) []Narrowing {
	fixed, fields := l.fixedSources(), apitype.RequestFields(l.Operation)
	var all []Narrowing
	for _, e := range doc.Request.Entries {
		at := slices.IndexFunc(fixed, func(s Source) bool { return s.Key == e.Key.Value })
		field, _ := apitype.Find(fields, e.Key.Value)
		if at < 0 || field.Required || !mayNarrow(e.Key.Value, e.Value.Node) {
			continue
		}
		n := Narrowing{Field: fixed[at].Key, Value: fixed[at].From}
		for _, reason := range doc.Narrowed.Entries {
			if reason.Key.Value == n.Field {
				n.Reason = reason.Value.Value
			}
		}
		if n.Reason == "" && !doc.Narrowed.Broken {
			c.warnings.narrowedWithoutReason(e.Key.Pos, l.Operation.Name, n)
		}
		all = append(all, n)
	}
	for _, e := range doc.Narrowed.Entries {
		var names []string
		for _, s := range fixed {
			names = append(names, s.Key)
		}
		if !slices.Contains(names, e.Key.Value) && !doc.Request.Broken {
			c.notNarrowed(e.Key.Pos, e.Key.Value, names)
		}
	}
	return all
}

func mayNarrow(field string, value *yaml.Node) bool {
	name := plainName(field)
	switched := value.Kind == yaml.ScalarNode && strings.HasPrefix(value.Value, syntax.OptionPrefix)
	var sent bool
	adds := value.Decode(&sent) == nil && sent && addingField.MatchString(name)
	return !switched && !adds && !sortField.MatchString(name)
}
