package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileFields(t *typeUnderWork) {
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

func (c *compiler) compileUser(t *typeUnderWork, doc syntax.UserTrait) {
	traitKnown := t.Trait != "" || !t.doc.Trait.Given()
	if doc.Given() && traitKnown && t.Trait != TraitUser {
		c.Addf(doc.Pos, "\"user\" belongs to a type with trait: user")
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

func (c *compiler) compileStatus(t *typeUnderWork, doc syntax.Status) *statusRule {
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
				c.Addf(w.Pos, "%q is not a value of %s in the API%s", w.Value, doc.From.Value, spelling.DidYouMean(w.Value, known))
			}
			if other, twice := rule.of[w.Value]; twice {
				c.Addf(w.Pos, "%q is %s already", w.Value, other)
			}
			rule.of[w.Value] = line.status
		}
	}
	if !given && !doc.Broken {
		c.Addf(doc.Pos, "status needs enabled, pending, disabled or deleted: which of the API's values mean it")
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
