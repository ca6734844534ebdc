package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileFields(t *typeBuilder) {
	doc := t.doc
	t.fields.name = c.compileExpr(doc.Name, t.scope, wantText)
	t.fields.description = c.compileExpr(doc.Description, t.scope, wantText)
	t.fields.createdAt = c.compileExpr(doc.CreatedAt, t.scope, wantTime)
	if doc.Status.Given() {
		t.fields.status = c.compileStatus(t, doc.Status)
	}
	c.compileUser(t, doc.User)
	for _, e := range doc.Profile.Entries {
		if compiled := c.compileExpr(e.Value, t.scope, wantPlain); compiled != nil {
			t.fields.profile = append(t.fields.profile, profileField{e.Key.Value, compiled})
		}
	}
}

func (c *compiler) compileStatus(t *typeBuilder, doc syntax.Status) *statusRule {
	rule := &statusRule{from: c.compileExpr(doc.From, t.scope, wantText), of: map[string]Status{}}
	known := rule.from.enumValues()
	given := false
	for _, line := range []struct {
		status Status
		words  syntax.Words
	}{{StatusEnabled, doc.Enabled}, {StatusPending, doc.Pending}, {StatusDisabled, doc.Disabled}, {StatusDeleted, doc.Deleted}} {
		for _, w := range line.words.Items {
			given = true
			if w.Value == "" {
				continue
			}
			if known != nil && !slices.Contains(known, w.Value) {
				c.notAValue(w.Pos, w.Value, doc.From.Value, known)
			}
			if other, twice := rule.of[w.Value]; twice {
				c.statusTwice(w.Pos, w.Value, other)
			}
			rule.of[w.Value] = line.status
		}
	}
	if !given && !doc.Broken {
		c.statusWithoutValues(doc.Pos)
	}
	return rule
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
		if values == nil {
			return nil
		}
		all = append(all, values...)
	}
	return all
}
