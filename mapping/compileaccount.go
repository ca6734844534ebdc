package mapping

import (
	"reflect"
	"slices"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// accountBuilder is the account of a type that is being compiled.
type accountBuilder struct {
	*compiler
	*Account
	of  *typeBuilder
	doc *syntax.Account
	// filled are the names of the fields that a call uses.
	filled map[string]bool
}

// compileAccount compiles how an account of a type is created.
func (c *compiler) compileAccount(t *typeBuilder) {
	doc := &t.doc.Account
	if !doc.Given() {
		return
	}
	if t.Trait != TraitUser {
		c.accountWithoutTrait(doc.Pos)
	}
	for _, other := range c.plan.Types {
		if other.Account != nil {
			c.secondAccount(doc.Pos, other.ID)
		}
	}
	b := &accountBuilder{compiler: c, Account: &Account{}, of: t, doc: doc, filled: map[string]bool{}}
	t.Account = b.Account
	b.startFields()
	b.Find = c.compileCall(findPlace(t.ResourceType, b.head()), &doc.Find.Call)
	b.compileCredentials()
	if doc.Credentials.ForceChange.Given() {
		p := accountPlace("force_change", b.head())
		p.heads[headRecord] = recordHead(t.ResourceType)
		if b.ForceChange = c.compileCall(p, &doc.Credentials.ForceChange.Call); b.ForceChange != nil {
			c.checkMethod(doc.Credentials.ForceChange.Operation.Pos, p.key, b.ForceChange.Operation)
		}
	}
	b.endFields()
}

// startFields compiles what is asked for, but for the kinds of the fields.
func (b *accountBuilder) startFields() {
	for i := range b.doc.Fields.Entries {
		e := &b.doc.Fields.Entries[i]
		b.name(e.Key, "name of an account field")
		b.Fields = append(b.Fields, AccountField{
			Name: e.Key.Value, DisplayName: e.Value.DisplayName.Value, Description: e.Value.Description.Value,
			Placeholder: e.Value.Placeholder.Value, Required: e.Value.Required.Value,
		})
		if e.Value.Required.Value && e.Value.Default.Given() {
			b.requiredWithDefault(e.Value.Default.Pos, e.Key.Value)
		}
	}
}

// head compiles references to the fields, and learns the kinds of these.
func (b *accountBuilder) head() head {
	names := map[string][]string{}
	for _, f := range b.Fields {
		names[f.Name] = nil
	}
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		fits := true
		if _, known := names[ref.rest]; known {
			b.filled[ref.rest] = true
		}
		compiled, ok := givenHead(headAccount, names, func(name, _ string, typ reflect.Type) {
			fits = b.fill(name, typ, ref)
		})(c, ref, into)
		return compiled, ok && fits
	}
}

// fill notes that a field fills a request field of a type. It reports whether a field
// can, and whether this one fills others of the same kind.
func (b *accountBuilder) fill(name string, typ reflect.Type, ref writtenReference) bool {
	kind := fieldKindOf(typ)
	field := &b.Fields[slices.Index(b.FieldNames(), name)]
	switch {
	case kind == "":
		b.fieldDoesNotFit(ref.text.At(ref.offset), ref.whole, typ)
		return false
	case field.Kind != "" && field.Kind != kind:
		b.fieldOfTwoKinds(ref.text.At(ref.offset), ref.whole, kind, field.Kind)
		return false
	}
	field.Kind = kind
	return true
}

// fieldKindOf returns what an account field or an input is that fills a request field of
// a type; empty when none can.
func fieldKindOf(t reflect.Type) FieldKind {
	switch k := apitype.KindOf(t); {
	case k == apitype.KindText || k == apitype.KindTime || k == apitype.KindAny:
		return FieldText
	case k == apitype.KindBool:
		return FieldTruth
	case k == apitype.KindNumber && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return FieldNumber
	case k == apitype.KindList && apitype.KindOf(t.Elem()) == apitype.KindText:
		return FieldTexts
	case k == apitype.KindMap:
		return FieldObject
	}
	return ""
}

// compileCredentials compiles the call that creates the account, once for each
// credential.
func (b *accountBuilder) compileCredentials() {
	type written struct {
		kind CredentialKind
		doc  syntax.Credential
	}
	doc := &b.doc.Credentials
	var all []written
	for _, w := range []written{{NoPassword, doc.NoPassword}, {RandomPassword, doc.RandomPassword}} {
		if w.doc.Given() {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(x, y written) int {
		if x.doc.Before(y.doc.Pos) {
			return -1
		}
		return 1
	})
	if len(all) == 0 && !doc.Broken {
		all = []written{{kind: NoPassword}}
		if doc.Given() {
			b.noCredential(doc.Pos)
		}
	}
	for _, w := range all {
		if create := b.compileCreate(w.kind, &w.doc); create != nil {
			b.Credentials = append(b.Credentials, Credential{w.kind, create})
		}
	}
}

// compileCreate compiles create with what a credential adds. What is wrong with create
// itself is the same each time, and reported once.
func (b *accountBuilder) compileCreate(kind CredentialKind, more *syntax.Credential) *Call {
	p, doc := accountPlace("create", b.head()), &b.doc.Create.Call
	call, builder := b.startCall(p, doc)
	if call == nil {
		return nil
	}
	if more.Given() {
		builder.place.heads = map[string]head{headAccount: p.heads[headAccount]}
		if kind == RandomPassword {
			builder.place.heads[headPassword] = passwordHead()
		}
		builder.unsure = builder.unsure || more.Broken
		call.fixed = append(call.fixed, b.compileRequest(builder, more.Request)...)
		call.with = append(call.with, builder.arguments(&builder.fieldSet, more.With)...)
	}
	builder.end()
	b.checkMethod(doc.Operation.Pos, p.key, call.Operation)
	b.compileCreated(call.Operation)
	if doc.Record.Given() {
		call.record = b.compileRecord(p.key, call.Operation, doc.Record, doc.Pos, b.of.ResourceType)
	}
	compiled := len(call.with) == len(doc.With.Entries)+len(more.With.Entries)
	if kind == RandomPassword && !more.Broken && compiled && !call.sendsPassword() {
		b.passwordNotSent(more.Pos)
	}
	return call
}

// compileCreated compiles the path to whether an account is new.
func (b *accountBuilder) compileCreated(op *api.Operation) {
	written := b.doc.Create.Created
	if written.Value == "" {
		return
	}
	p, mistake := compilePath(written.Value, op.Reply, "a reply of "+op.Name)
	switch {
	case mistake != nil:
		b.wrongPath(written.At(mistake.offset), mistake)
	case len(p.lists) > 0 || apitype.KindOf(p.typ) != apitype.KindBool:
		b.notWanted(written.Pos, written.Value, p.describe(), "a truth value")
	default:
		b.created = p.leaf
	}
}

// sendsPassword reports whether a request of the call has the new password.
func (c *Call) sendsPassword() bool {
	sends := false
	c.eachReference(func(r reference) {
		_, isPassword := r.(passwordReference)
		sends = sends || isPassword
	})
	return sends
}

// endFields checks that each field is used, and compiles the defaults, whose kinds are
// known by now.
func (b *accountBuilder) endFields() {
	unsure := b.doc.Find.Broken || b.doc.Create.Broken || b.doc.Credentials.Broken || b.Find == nil || len(b.Credentials) == 0
	for i := range b.Fields {
		f, e := &b.Fields[i], &b.doc.Fields.Entries[i]
		if !b.filled[f.Name] && !unsure {
			b.fieldNotUsed(e.Key.Pos, f.Name)
		}
		b.checkSecrets(e.Key.Pos, f.Name)
		if e.Value.Default.Node != nil && f.Kind != "" {
			f.Default = b.compileDefault(f.Kind, e.Value.Default)
		}
	}
}

// checkSecrets reports a secret that somebody would have to give: ConductorOne keeps and
// shows what it asks for.
func (b *accountBuilder) checkSecrets(at syntax.Pos, field string) {
	if secretName.MatchString(field) {
		b.secretField(at, "account."+field)
	}
	for _, call := range b.calls() {
		call.eachSecretGiven(func(into string, given givenReference) {
			if given.name == field {
				b.secretField(at, given.String()+" fills "+into+", which")
			}
		})
	}
}

// fieldTypes are what the defaults of account fields are, by kind.
var fieldTypes = map[FieldKind]reflect.Type{
	FieldText: reflect.TypeFor[string](), FieldTruth: reflect.TypeFor[bool](), FieldNumber: reflect.TypeFor[int64](),
	FieldTexts: reflect.TypeFor[[]string](), FieldObject: reflect.TypeFor[map[string]any](),
}

func (b *accountBuilder) compileDefault(kind FieldKind, written syntax.Literal) any {
	value := reflect.New(fieldTypes[kind]).Elem()
	switch {
	case isOption(written.Node):
		b.IsNot(written.Pos, "default", kind.described(), syntax.KindOf(written.Node))
		return nil
	case !b.setLiteral(written.Node, value, "default"):
		return nil
	}
	return value.Interface()
}
