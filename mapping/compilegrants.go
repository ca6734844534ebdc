package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
)

func (c *compiler) compileEntitlements(t *typeUnderWork) {
	for i := range t.doc.Entitlements.entries {
		e := &t.doc.Entitlements.entries[i]
		doc := &e.value
		compiled := &Entitlement{
			Slug:        c.name(e.key, "entitlement"),
			On:          t.ResourceType,
			ReadOnly:    doc.ReadOnly.value,
			Hint:        doc.ReadOnly.hint,
			displayName: c.compileExpr(doc.DisplayName, t.scope, wantText),
			description: c.compileExpr(doc.Description, t.scope, wantText),
		}
		compiled.Purpose = Purpose(c.oneOf(doc.Purpose, "purpose", purposes...))
		if !doc.Purpose.given() {
			compiled.Purpose = PurposeAssignment
		}
		for _, name := range doc.GrantableTo.items {
			switch to := c.resourceType(name); {
			case to == nil:
			case compiled.GrantableToType(to.ID):
				c.addf(name.pos, "%q is given twice", to.ID)
			default:
				compiled.GrantableTo = append(compiled.GrantableTo, to.ResourceType)
			}
		}
		t.Entitlements = append(t.Entitlements, compiled)
	}
}

// entitlement returns the entitlement that TYPE.SLUG names.
func (c *compiler) entitlement(name text) *Entitlement {
	if name.value == "" {
		return nil
	}
	all := map[string]*Entitlement{}
	for _, t := range c.plan.Types {
		for _, e := range t.Entitlements {
			all[e.Name()] = e
		}
	}
	e := all[name.value]
	if e == nil {
		if c.holderBroken(name.value) {
			return nil
		}
		c.addf(name.pos, "there is no entitlement %q%s", name.value, spelling.DidYouMean(name.value, sortedKeys(all)))
		e = all[spelling.Nearest(name.value, sortedKeys(all))]
	}
	return e
}

// holderBroken tells that the type in TYPE.SLUG has entitlements that could not be read.
func (c *compiler) holderBroken(name string) bool {
	id, _, _ := strings.Cut(name, ".")
	t := c.types[id]
	return t != nil && (t.doc.broken || t.doc.Entitlements.broken)
}

func (c *compiler) compileAlso(t *typeUnderWork) {
	for _, doc := range t.doc.Also {
		in := c.resourceType(doc.In)
		if in == nil {
			continue
		}
		if !t.Unpaged() {
			c.addf(doc.pos, "the list of %s is paged, so it is not known which of these it has; \"also\" needs a list in one reply", t.ID)
		}
		if in.ID == doc.In.value && t.ShownIn(in.ResourceType) != nil {
			c.addf(doc.In.pos, "%q is given twice", in.ID)
		}
		compiled := c.compileBinding(in.scope, doc.ID, t.ResourceType)
		like, ok := c.compileLike(t.ResourceType, doc)
		if compiled != nil && ok {
			t.Also = append(t.Also, &Also{In: in.ResourceType, binding: compiled, like: like})
		}
	}
}

// compileLike says which part of a shown resource's id is which part of the id
// of the resource it is like: the one with the same path.
func (c *compiler) compileLike(t *ResourceType, doc also) ([]int, bool) {
	shown, ok := c.partTexts(doc.ID, t)
	written, likeOK := c.partTexts(doc.Like, t)
	if !ok || !likeOK {
		return nil, false
	}
	like := make([]int, len(written))
	for i, w := range written {
		like[i] = -1
		if w == nil {
			continue
		}
		like[i] = slices.IndexFunc(shown, func(s *text) bool { return s != nil && s.value == w.value })
		if like[i] < 0 {
			c.addf(w.pos, "%s is not one of the paths under id, so it is not known from the id which resource this one is like", w.value)
			ok = false
		}
	}
	return like, ok
}

func (c *compiler) compileGrants(t *typeUnderWork) {
	for _, doc := range t.doc.Grants {
		e := c.entitlement(doc.Entitlement)
		if e == nil {
			continue
		}
		if !e.GrantableToType(t.ID) && len(e.GrantableTo) > 0 {
			c.addf(doc.Entitlement.pos, "%s can be held by %s, but this rule is in %s", e.Name(), typeNames(e.GrantableTo), t.ID)
		}
		rule := &GrantRule{Entitlement: e, in: t.ResourceType, on: c.compileBinding(t.scope, doc.On, e.On)}
		if doc.Expand.value != "" {
			if rule.Expand = t.Entitlement(doc.Expand.value); rule.Expand == nil && !t.doc.Entitlements.broken && !t.doc.broken {
				var slugs []string
				for _, own := range t.Entitlements {
					slugs = append(slugs, own.Slug)
				}
				c.addf(doc.Expand.pos, "a %s has no entitlement %q%s", t.ID, doc.Expand.value, spelling.DidYouMean(doc.Expand.value, slugs))
			}
		}
		if rule.on != nil {
			t.Grants = append(t.Grants, rule)
		}
	}
}

func (c *compiler) compileAllHolders(t *typeUnderWork) {
	for i, e := range t.Entitlements {
		if doc := &t.doc.Entitlements.entries[i].value.Holders; doc.given() {
			c.compileHolders(t, e, doc)
		}
	}
}

func typeNames(types []*ResourceType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.ID
	}
	return strings.Join(names, ", ")
}

func (c *compiler) compileProvisions(t *typeUnderWork) {
	for i, compiled := range t.Entitlements {
		e := &t.doc.Entitlements.entries[i]
		doc := &e.value
		if compiled.ReadOnly {
			if doc.Grant.given() || doc.Revoke.given() {
				c.addf(doc.ReadOnly.pos, "%s is read_only and has a grant or revoke as well", compiled.Name())
			}
			continue
		}
		if (!doc.Grant.given() || !doc.Revoke.given()) && !doc.broken {
			c.addf(e.key.pos, "%s needs grant and revoke, or read_only: true", compiled.Name())
		}
		if len(compiled.GrantableTo) == 0 {
			continue
		}
		compiled.Grant = c.compileProvision(compiled, &doc.Grant)
		compiled.Revoke = c.compileProvision(compiled, &doc.Revoke)
		if doc.Revoke.Requires.given() {
			c.addf(doc.Revoke.Requires.pos, "requires is for grants: what is revoked was granted")
		}
		for _, holder := range compiled.GrantableTo {
			if compiled.Holders == nil && !c.holds(holder, compiled) {
				c.addf(e.key.pos, "no rule under grants of %s says who holds %s, so a grant could not be checked", holder.ID, compiled.Name())
			}
		}
	}
}

// checkReadable makes sure that a resource that can be granted something can be
// read alone, so that the runtime sees what it holds, before it writes and after.
func (c *compiler) checkReadable(t *typeUnderWork) {
	if t.doc.Get.given() || t.doc.broken || t.Unpaged() {
		return
	}
	for _, other := range c.plan.Types {
		for _, e := range other.Entitlements {
			if e.GrantableToType(t.ID) && !e.ReadOnly && !e.listed() {
				c.addf(t.key.pos, "%s needs \"get\": granting %s reads the %s before", t.ID, e.Name(), t.ID)
				return
			}
		}
	}
}

// listed tells that whether the entitlement is held is seen without the
// holder's own record.
func (e *Entitlement) listed() bool {
	return e.Holders != nil && (e.Grant == nil || e.Grant.Requires == nil)
}

// holds tells whether a rule of the type says who holds e. A rule with a
// mistake in it may be the one.
func (c *compiler) holds(holder *ResourceType, e *Entitlement) bool {
	doc := c.types[holder.ID].doc
	return doc.broken || holder.record == nil || len(doc.Grants) != len(holder.Grants) ||
		slices.ContainsFunc(holder.Grants, func(r *GrantRule) bool { return r.Entitlement == e })
}

func (c *compiler) compileProvision(e *Entitlement, doc *provision) *Provision {
	op := c.operation(doc.Operation)
	if op == nil {
		return nil
	}
	f := c.fill(op)
	f.unsure = doc.broken || doc.With.broken
	p := &Provision{Operation: op, request: c.compileRequest(f, doc.Request)}
	p.OnlyIfNeeded = c.oneOf(doc.Write, "time to write", writeTimes...) == writeNeeded
	for _, w := range doc.With.entries {
		if filled, ok := c.compileWith(e, f, w); ok {
			p.with = append(p.with, filled)
		}
	}
	f.checkRequired(doc.With.pos, "with")
	if doc.Principal.given() {
		for _, holder := range e.GrantableTo {
			p.principal = c.compileRecord(op, doc.Principal, doc.pos, holder)
		}
	}
	if doc.Requires.given() {
		p.Requires = c.compileRequirement(e, doc.Requires)
	}
	return p
}

func (c *compiler) compileWith(e *Entitlement, f *filling, w entry[words]) (filledField, bool) {
	to, ok := f.field(w.key)
	if !ok || !c.takesID(to, w.key) {
		// What is wrong with the values is worth knowing all the same.
		for _, ref := range w.value.items {
			c.idPart(e, ref)
		}
		return filledField{}, false
	}
	filled := filledField{name: to.name, index: to.index, required: to.required, list: kindOfType(to.typ) == kindList}
	if filled.list != w.value.list && len(w.value.items) > 0 {
		wanted := "is one value, not a list"
		if filled.list {
			wanted = fmt.Sprintf("is a list; write [%s]", strings.Join(w.value.values(), ", "))
		}
		c.addf(w.value.pos, "%s %s", to.name, wanted)
		return filled, false
	}
	for _, ref := range w.value.items {
		from, ok := c.idPart(e, ref)
		if !ok {
			return filled, false
		}
		filled.from = append(filled.from, from)
	}
	return filled, true
}

// idPart compiles principal.PART or resource.PART.
func (c *compiler) idPart(e *Entitlement, ref text) (idPart, bool) {
	if ref.value == "" {
		return idPart{}, false
	}
	head, part, dotted := strings.Cut(ref.value, ".")
	holders := []*ResourceType{e.On}
	switch {
	case head == "resource" && dotted:
	case head == "principal" && dotted:
		holders = e.GrantableTo
	default:
		c.addf(ref.pos, "%q is neither principal.PART nor resource.PART%s", ref.value, spelling.DidYouMean(head, []string{"principal", "resource"}))
		return idPart{}, false
	}
	index := -1
	for _, t := range holders {
		at := slices.Index(t.Parts, part)
		switch {
		case len(t.Parts) == 0: // Its id has a mistake of its own.
			return idPart{}, false
		case at < 0:
			c.addf(ref.pos, "%s is not known when granting: only the id of a %s is (%s)", ref.value, t.ID, strings.Join(t.Parts, ", "))
			return idPart{}, false
		case index >= 0 && at != index:
			c.addf(ref.pos, "%s is not the same part of the ids of %s", ref.value, typeNames(holders))
			return idPart{}, false
		}
		index = at
	}
	return idPart{principal: head == "principal", part: index}, true
}

func (c *compiler) compileRequirement(e *Entitlement, doc requirement) *Requirement {
	required := c.entitlement(doc.Entitlement)
	if required == nil {
		return nil
	}
	for _, holder := range e.GrantableTo {
		// One that can be granted to the holder is reported where it is defined.
		if (required.ReadOnly || !required.GrantableToType(holder.ID)) && !c.holds(holder, required) {
			c.addf(doc.Entitlement.pos, "no rule under grants of %s says who holds %s, so it cannot be required", holder.ID, required.Name())
		}
	}
	written, ok := c.partTexts(doc.On, required.On)
	if !ok {
		return nil
	}
	r := &Requirement{Entitlement: required}
	for _, w := range written {
		part := -1
		if w != nil {
			from, ok := c.idPart(e, *w)
			if ok && from.principal {
				c.addf(w.pos, "%s: what is required is on the resource; write resource.PART", w.value)
			}
			part = from.part
		}
		r.parts = append(r.parts, part)
	}
	return r
}
