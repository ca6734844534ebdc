package mapping

import (
	"encoding/json"
	"slices"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileStatus(t *typeBuilder, doc syntax.Status) *statusRule {
	rule := &statusRule{from: c.compileExpr(doc.From, t.scope, wantText), of: map[string]Status{}, ignored: map[string]bool{}}
	known := rule.from.enumValues()
	add := func(w syntax.Text, status Status) {
		if w.Value == "" {
			return
		}
		c.checkStatusValue(rule.from, w, doc.From.Value, known)
		if other, twice := rule.of[w.Value]; twice {
			c.statusTwice(w.Pos, w.Value, other)
		}
		if rule.of[w.Value] = status; status == StatusUnknown {
			delete(rule.of, w.Value)
			rule.ignored[w.Value] = true
		}
	}
	for _, line := range []struct {
		status Status
		words  syntax.Words
	}{{StatusEnabled, doc.Enabled}, {StatusPending, doc.Pending}, {StatusDisabled, doc.Disabled}, {StatusDeleted, doc.Deleted}} {
		for _, w := range line.words.Items {
			add(w, line.status)
		}
	}
	given := doc.Enabled.Given() || doc.Pending.Given() || doc.Disabled.Given() || doc.Deleted.Given()
	if !given && !doc.Broken {
		c.statusWithoutValues(doc.Pos)
	}
	for _, e := range doc.Ignored.Entries {
		add(e.Key, StatusUnknown)
	}
	unnamed := slices.DeleteFunc(slices.Clone(known), func(value string) bool { return rule.of[value] != "" || rule.ignored[value] })
	if len(unnamed) > 0 && given {
		c.warnings.valuesNotNamed(doc.From.Pos, doc.From.Value, unnamed)
	}
	return rule
}

// checkStatusValue reports a value that a status never has. Values that are numbers
// are compared as they are read: 0 is no value.
func (c *compiler) checkStatusValue(from *expr, w syntax.Text, path string, known []string) {
	if known != nil && !slices.Contains(known, w.Value) {
		c.notAValue(w.Pos, w.Value, path, known)
		return
	}
	if !from.onlyNumbers() {
		return
	}
	n := json.Number(w.Value)
	f, err := n.Float64()
	switch {
	case err != nil:
		c.notANumber(w.Pos, w.Value, path)
	case f == 0:
		c.zeroIsNoValue(w.Pos, w.Value, path)
	case numberText(n) != w.Value:
		c.notAsRead(w.Pos, w.Value, numberText(n))
	}
}

// onlyNumbers reports whether all values of an expression are numbers.
func (e *expr) onlyNumbers() bool {
	if e == nil || len(e.alternatives) == 0 {
		return false
	}
	return !slices.ContainsFunc(e.alternatives, func(s source) bool { return apitype.KindOf(s.typ) != apitype.KindNumber })
}

// enumValues returns the values that the API document gives for an expression,
// nil when it leaves them open.
func (e *expr) enumValues() []string {
	if e == nil {
		return nil
	}
	var all []string
	for _, s := range e.alternatives {
		values := apitype.EnumValues(s.typ)
		if apitype.KindOf(s.typ) == apitype.KindBool {
			values = []string{"false", "true"}
		}
		if values == nil {
			return nil
		}
		all = append(all, values...)
	}
	return all
}
