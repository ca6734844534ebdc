package mapping

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileDelete(t *typeBuilder) {
	doc := &t.doc.Delete
	if !doc.Given() {
		return
	}
	t.Delete = c.compileCall(deletePlace(t.ResourceType), &doc.Call)
	if t.Delete != nil {
		c.checkResourceWrite("delete", t, &doc.Call, t.Delete)
	}
}

// checkResourceWrite reports a deletion, or a call of an action, that changes nothing, or
// that could be about another resource. A record names its resource.
func (c *compiler) checkResourceWrite(key string, t *typeBuilder, doc *syntax.Call, call *Call) {
	c.checkMethod(doc.Operation.Pos, key, call.Operation)
	if doc.Broken || !readWhole(doc.With) || len(call.with) != len(doc.With.Entries) || call.NeedsRecord() {
		return
	}
	used := map[int]bool{}
	call.eachValue(func(ref reference) { used[resourcePartOf(ref)] = true })
	if unused := t.partsWithout(used); unused != nil {
		c.whichNotSaid(doc.With.Pos, key, t.ID, unused)
	}
}

func (c *compiler) compileActions(t *typeBuilder) {
	for i := range t.doc.Actions.Entries {
		e := &t.doc.Actions.Entries[i]
		a := c.compileAction(t, e)
		c.checkAction(t, a, e)
		t.Actions = append(t.Actions, a)
	}
}

// checkAction compares an action with those before it.
func (c *compiler) checkAction(t *typeBuilder, a *Action, e *syntax.Entry[syntax.Action]) {
	if a.Kind.OfAccount() {
		for _, other := range c.plan.Types {
			if slices.ContainsFunc(other.Actions, func(b *Action) bool { return b.Kind.OfAccount() && b.Name == a.Name }) {
				c.actionTwice(e.Key.Pos, a.Name, other.ID)
			}
		}
	}
	if a.Kind == ActionDynamic || a.Kind == ActionAccount {
		return
	}
	if same, ok := find(t.Actions, func(b *Action) bool { return b.Kind == a.Kind }); ok {
		c.kindTwice(e.Value.Kind.Pos, string(a.Kind), t.ID, same.Name)
	}
}

// endsWith are the statuses that the kinds of actions name.
var endsWith = map[ActionKind]Status{
	ActionAccountEnable: StatusEnabled, ActionEnable: StatusEnabled,
	ActionAccountDisable: StatusDisabled, ActionDisable: StatusDisabled,
}

func (c *compiler) compileAction(t *typeBuilder, e *syntax.Entry[syntax.Action]) *Action {
	doc := &e.Value
	a := &Action{
		Name:        c.name(e.Key, "name of an action"),
		DisplayName: doc.DisplayName.Value,
		Description: doc.Description.Value,
		Kind:        ActionKind(c.oneOf(doc.Kind, "kind of action", syntax.ActionKinds...)),
		Becomes:     c.compileActionStatus(t, "becomes", doc.Becomes),
		OnlyIf:      c.compileActionStatus(t, "only_if", doc.OnlyIf),
	}
	if a.Kind.OfAccount() && t.Trait != TraitUser {
		c.accountKindWithoutTrait(doc.Kind.Pos, string(a.Kind))
	}
	if status := endsWith[a.Kind]; status != StatusUnknown && a.Becomes != StatusUnknown && a.Becomes != status {
		c.becomesOther(doc.Becomes.Pos, string(a.Kind), a.Becomes)
	}
	inputs := c.compileInputs(t, doc)
	place := actionPlace(t.ResourceType, inputs.keys, inputs.use)
	sure := !doc.Broken
	for i := range doc.Call {
		call := c.compileCall(place, &doc.Call[i].Call)
		if call == nil {
			sure = false
			continue
		}
		c.checkResourceWrite(a.Name, t, &doc.Call[i].Call, call)
		if t.Delete != nil && call.Operation.Name == t.Delete.Operation.Name {
			c.actionCallsDelete(doc.Call[i].Operation.Pos, a.Name, call.Operation.Name, t.ID)
		}
		inputs.checkFields(call)
		sure = sure && len(call.with) == len(doc.Call[i].With.Entries)
		a.Calls = append(a.Calls, call)
	}
	a.Inputs = inputs.end(sure)
	return a
}

// compileActionStatus returns the status that a key names, which the type has to have.
func (c *compiler) compileActionStatus(t *typeBuilder, key string, written syntax.Text) Status {
	status := Status(c.oneOf(written, "value of "+key, syntax.ActionStatuses...))
	if status == StatusUnknown || t.doc.Status.Broken {
		return status
	}
	if rule := t.fields.status; rule != nil {
		for _, means := range rule.of {
			if means == status {
				return status
			}
		}
	}
	c.statusNotThere(written.Pos, key, string(status), t.ID)
	return status
}

// secretName matches the names of what must not be in a log.
var secretName = regexp.MustCompile(`(?i)passw|passcode|passphrase|secret|token|credential|(api|private|access)[_-]?key`)

// inputs are what an action asks for, while its calls are compiled.
type inputs struct {
	*compiler
	doc  *syntax.Action
	keys map[string][]string // by name; nil for what is no object with keys
	used map[string][]reflect.Type
}

func (c *compiler) compileInputs(t *typeBuilder, doc *syntax.Action) *inputs {
	in := &inputs{compiler: c, doc: doc, keys: map[string][]string{}, used: map[string][]reflect.Type{}}
	for _, e := range doc.Inputs.Entries {
		name := e.Key.Value
		c.name(e.Key, "name of an input")
		in.keys[name] = nil
		if e.Value.Object.Given() {
			in.keys[name] = e.Value.Object.Values()
		}
		switch {
		case name == t.ID+"_id":
			c.inputIsResource(e.Key.Pos, name, t.ID)
		case secretName.MatchString(name):
			c.secretInput(e.Key.Pos, "input."+name)
		}
		for _, key := range e.Value.Object.Items {
			if secretName.MatchString(key.Value) {
				c.secretInput(key.Pos, "input."+name+"."+key.Value)
			}
		}
	}
	return in
}

// use notes that an input, or a key of it, fills a request field of a type.
func (in *inputs) use(name, key string, typ reflect.Type) {
	name = strings.TrimSuffix(name+"."+key, ".")
	in.used[name] = append(in.used[name], typ)
}

// checkFields reports secrets that inputs fill, whatever the inputs are called.
func (in *inputs) checkFields(call *Call) {
	call.eachSecretGiven(func(field string, given givenReference) {
		if e, ok := find(in.doc.Inputs.Entries, func(e syntax.Entry[syntax.Input]) bool { return e.Key.Value == given.name }); ok {
			in.secretInput(e.Key.Pos, given.String()+" fills "+field+", which")
		}
	})
}

// eachSecretGiven calls visit with each request field that is called like a secret and
// that the caller fills, unless what the caller gives is called so too.
func (c *Call) eachSecretGiven(visit func(field string, given givenReference)) {
	c.eachField(func(field string, ref reference) {
		for _, r := range eachOf(ref) {
			given, ok := r.(givenReference)
			if ok && secretName.MatchString(field) && !secretName.MatchString(given.String()) {
				visit(field, given)
			}
		}
	})
}

// end returns the inputs. If sure, what no call uses is a mistake.
func (in *inputs) end(sure bool) []*Input {
	var all []*Input
	for _, e := range in.doc.Inputs.Entries {
		doc := &e.Value
		compiled := &Input{
			Name: e.Key.Value, DisplayName: doc.DisplayName.Value, Description: doc.Description.Value,
			Placeholder: doc.Placeholder.Value, Required: doc.Required.Value,
		}
		all = append(all, compiled)
		if !doc.Object.Given() {
			compiled.Kind = in.kind(e.Key, e.Key.Value, sure)
			continue
		}
		compiled.Kind, compiled.Keys = FieldObject, doc.Object.Values()
		if in.used[e.Key.Value] != nil {
			in.objectNotUsedWhole(e.Key.Pos, e.Key.Value)
		}
		for _, key := range doc.Object.Items {
			in.kind(key, e.Key.Value+"."+key.Value, sure)
		}
	}
	return all
}

// kind returns what an input, or a key of one, has to be for the fields that it fills.
func (in *inputs) kind(at syntax.Text, name string, sure bool) FieldKind {
	var first FieldKind
	for _, typ := range in.used[name] {
		kind := fieldKindOf(typ)
		switch {
		case kind == "":
			in.cannotBeAskedFor(at.Pos, name, typ)
			return first
		case first == "":
			first = kind
		case kind != first:
			in.inputOfTwoKinds(at.Pos, name, first.described(), kind.described())
			return first
		}
	}
	if sure && in.used[name] == nil {
		in.inputNotUsed(at.Pos, name)
	}
	return first
}
