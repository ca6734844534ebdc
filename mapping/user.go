package mapping

import (
	"time"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// User is what is known of a user.
type User struct {
	Login        string
	LoginAliases []string
	Email        string
	LastLogin    time.Time
	// MFA and SSO report whether they are set up, nil when the mapping does not say.
	MFA, SSO *bool
}

// userFields are the compiled expressions of a user.
type userFields struct{ login, aliases, email, lastLogin, mfa, sso *expr }

func (c *compiler) compileUser(t *typeBuilder, doc syntax.UserTrait) {
	traitKnown := t.Trait != "" || !t.doc.Trait.Given()
	if doc.Given() && traitKnown && t.Trait != TraitUser {
		c.userWithoutTrait(doc.Pos)
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

// eachExpr calls visit with every expression, nil for one that is not given.
func (f *userFields) eachExpr(visit func(key string, e *expr)) {
	visit("login", f.login)
	visit("login_aliases", f.aliases)
	visit("email", f.email)
	visit("last_login", f.lastLogin)
	visit("mfa", f.mfa)
	visit("sso", f.sso)
}

// user returns what a record says of the user with this id.
func (t *ResourceType) user(v values, id ID) (*User, error) {
	f := t.fields.user
	u := &User{Login: f.login.text(v), Email: f.email.text(v)}
	for _, alias := range f.aliases.texts(v) {
		if alias != u.Login {
			u.LoginAliases = append(u.LoginAliases, alias)
		}
	}
	u.MFA, u.SSO = truthOf(f.mfa, v), truthOf(f.sso, v)
	var err error
	u.LastLogin, err = t.timeOf(f.lastLogin, v, id, "last_login")
	return u, err
}
