package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/internal/spelling"
)

func (c *compiler) compileFields(t *typeUnderWork) {
	doc := t.doc
	t.fields.name = c.compileExpr(doc.Name, t.scope, wantText)
	t.fields.description = c.compileExpr(doc.Description, t.scope, wantText)
	t.fields.createdAt = c.compileExpr(doc.CreatedAt, t.scope, wantTime)
	if doc.Status.given() {
		t.fields.status = c.compileStatus(t, doc.Status)
	}
	c.compileUser(t, doc.User)
	for _, e := range doc.Profile.entries {
		if compiled := c.compileExpr(e.value, t.scope, wantPlain); compiled != nil {
			t.fields.profile = append(t.fields.profile, profileField{e.key.value, compiled})
		}
	}
}

func (c *compiler) compileUser(t *typeUnderWork, doc userTrait) {
	traitKnown := t.Trait != "" || !t.doc.Trait.given()
	if doc.given() && traitKnown && t.Trait != TraitUser {
		c.addf(doc.pos, "\"user\" belongs to a type with trait: user")
	}
	compiled := &userFields{
		login:     c.compileExpr(doc.Login, t.scope, wantText),
		aliases:   c.compileExpr(doc.LoginAliases, t.scope, wantTexts),
		email:     c.compileExpr(doc.Email, t.scope, wantText),
		lastLogin: c.compileExpr(doc.LastLogin, t.scope, wantTime),
		mfa:       c.compileExpr(doc.MFA, t.scope, wantTruth),
		sso:       c.compileExpr(doc.SSO, t.scope, wantTruth),
	}
	if t.Trait == TraitUser {
		t.fields.user = compiled
	}
}

func (c *compiler) compileStatus(t *typeUnderWork, doc status) *statusRule {
	rule := &statusRule{from: c.compileExpr(doc.From, t.scope, wantText), of: map[string]Status{}}
	known := rule.from.enumValues()
	given := false
	for _, line := range []struct {
		status Status
		words  words
	}{{StatusEnabled, doc.Enabled}, {StatusPending, doc.Pending}, {StatusDisabled, doc.Disabled}, {StatusDeleted, doc.Deleted}} {
		for _, w := range line.words.items {
			given = true
			if w.value == "" {
				continue
			}
			if known != nil && !slices.Contains(known, w.value) {
				c.addf(w.pos, "%q is not a value of %s in the API%s", w.value, doc.From.value, spelling.DidYouMean(w.value, known))
			}
			if other, twice := rule.of[w.value]; twice {
				c.addf(w.pos, "%q is %s already", w.value, other)
			}
			rule.of[w.value] = line.status
		}
	}
	if !given && !doc.broken {
		c.addf(doc.pos, "status needs enabled, pending, disabled or deleted: which of the API's values mean it")
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
		values := enumValues(s.typ)
		if values == nil {
			return nil
		}
		all = append(all, values...)
	}
	return all
}
