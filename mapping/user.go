package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// User is what is known of a user.
type User = syntax.User

// userField is the compiled expression of one field of User.
type userField struct {
	key   string
	index []int
	want  want
	expr  *expr // nil for a key that is not given
}

// userWants are the kinds of expressions for the types of User's fields.
var userWants = map[reflect.Type]want{
	reflect.TypeFor[string]():    wantText,
	reflect.TypeFor[[]string]():  wantTexts,
	reflect.TypeFor[time.Time](): wantTime,
	reflect.TypeFor[*bool]():     wantTruth,
}

func (c *compiler) compileUser(t *typeBuilder, doc syntax.UserTrait) {
	traitKnown := t.Trait != "" || !t.doc.Trait.Given()
	if doc.Given() && traitKnown && t.Trait != TraitUser {
		c.userWithoutTrait(doc.Pos)
	}
	var compiled []userField
	keys := reflect.ValueOf(doc)
	for i := range keys.NumField() {
		written, ok := keys.Field(i).Interface().(syntax.Text)
		if !ok {
			continue
		}
		key := keys.Type().Field(i)
		value, ok := reflect.TypeFor[User]().FieldByName(key.Name)
		if !ok {
			panic(fmt.Sprintf("mapping: a user has no %s", key.Name))
		}
		f := userField{key: key.Tag.Get("yaml"), index: value.Index, want: userWants[value.Type]}
		f.expr = c.compileExpr(written, t.scope, f.want)
		compiled = append(compiled, f)
	}
	if t.Trait == TraitUser {
		t.fields.user = compiled
	}
}

// user returns what a record says of the user with this id.
func (t *ResourceType) user(v values, id ID) (*User, error) {
	u := &User{}
	for _, f := range t.fields.user {
		if f.expr == nil {
			continue
		}
		switch field := reflect.ValueOf(u).Elem().FieldByIndex(f.index).Addr().Interface().(type) {
		case *string:
			*field = f.expr.text(v)
		case *[]string:
			*field = f.expr.texts(v)
		case *time.Time:
			var err error
			if *field, err = t.timeOf(f.expr, v, id, f.key); err != nil {
				return nil, err
			}
		case **bool:
			is := f.expr.truth(v)
			*field = &is
		}
	}
	u.LoginAliases = slices.DeleteFunc(u.LoginAliases, func(alias string) bool { return alias == u.Login })
	return u, nil
}
