package mapping

import (
	"fmt"
	"slices"
	"strings"
)

func (c *compiler) compileEntitlements(t *typeUnderWork) {
	for i := range t.doc.Entitlements.entries {
		e := &t.doc.Entitlements.entries[i]
		doc := &e.value
		compiled := &Entitlement{
			Slug:        e.key.value,
			On:          t.ResourceType,
			Purpose:     Purpose(doc.Purpose.value),
			ReadOnly:    doc.ReadOnly.value,
			Hint:        doc.ReadOnly.hint,
			displayName: c.compileExpr(doc.DisplayName, t.scope, wantText),
			description: c.compileExpr(doc.Description, t.scope, wantText),
		}
		if !idPattern.MatchString(compiled.Slug) {
			c.add(e.key.pos, "the entitlement %q is not made of small letters, digits, - and _", compiled.Slug)
		}
		c.oneOf(doc.Purpose, "purpose", string(PurposeAssignment), string(PurposePermission), string(PurposeOwnership))
		if !doc.Purpose.given() {
			compiled.Purpose = PurposeAssignment
		}
		for _, name := range doc.GrantableTo.items {
			if to := c.resourceType(name); to != nil {
				compiled.GrantableTo = append(compiled.GrantableTo, to.ResourceType)
			}
		}
		t.Entitlements = append(t.Entitlements, compiled)
	}
}

// entitlement returns the entitlement that TYPE.SLUG names.
func (c *compiler) entitlement(name text) *Entitlement {
	if !name.given() || name.value == "" {
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
		c.add(name.pos, "there is no entitlement %q%s", name.value, didYouMean(name.value, sortedKeys(all)))
		e = all[nearest(name.value, sortedKeys(all))]
	}
	return e
}

func (c *compiler) compileAlso(t *typeUnderWork) {
	doc := t.doc.Also
	if !doc.given() {
		return
	}
	in := c.resourceType(doc.In)
	if in == nil {
		return
	}
	if !t.Whole() {
		c.add(doc.pos, "the list of %s is paged, so it is not known which of these it has; \"also\" needs a list in one reply", t.ID)
	}
	compiled := c.compileBinding(in.scope, boundSet{doc.ID, t.ResourceType}, boundSet{doc.Like, t.ResourceType})
	if compiled != nil {
		t.Also = &Also{In: in.ResourceType, parts: len(t.Parts), binding: compiled}
	}
}

func (c *compiler) compileGrants(t *typeUnderWork) {
	for _, doc := range t.doc.Grants {
		e := c.entitlement(doc.Entitlement)
		if e == nil {
			continue
		}
		if !e.GrantableToType(t.ID) && len(e.GrantableTo) > 0 {
			c.add(doc.Entitlement.pos, "%s can be held by %s, but this rule is in %s", e.Name(), typeNames(e.GrantableTo), t.ID)
		}
		rule := &GrantRule{Entitlement: e, on: c.compileBinding(t.scope, boundSet{doc.On, e.On})}
		if doc.Expand.given() {
			if rule.Expand = t.Entitlement(doc.Expand.value); rule.Expand == nil {
				var slugs []string
				for _, own := range t.Entitlements {
					slugs = append(slugs, own.Slug)
				}
				c.add(doc.Expand.pos, "a %s has no entitlement %q%s", t.ID, doc.Expand.value, didYouMean(doc.Expand.value, slugs))
			}
		}
		if rule.on != nil {
			t.Grants = append(t.Grants, rule)
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
				c.add(doc.ReadOnly.pos, "%s is read_only and has a grant or revoke as well", compiled.Name())
			}
			continue
		}
		if !doc.Grant.given() || !doc.Revoke.given() {
			c.add(e.key.pos, "%s needs grant and revoke, or read_only: true", compiled.Name())
			continue
		}
		if len(compiled.GrantableTo) == 0 {
			continue
		}
		compiled.Grant = c.compileProvision(compiled, &doc.Grant)
		compiled.Revoke = c.compileProvision(compiled, &doc.Revoke)
		for _, holder := range compiled.GrantableTo {
			c.checkHolder(holder, compiled, e.key.pos)
		}
	}
}

// checkHolder makes sure that the runtime can see whether a holder holds an
// entitlement, before it writes and after.
func (c *compiler) checkHolder(holder *ResourceType, e *Entitlement, where pos) {
	if !c.holds(holder, e) {
		c.add(where, "no rule under grants of %s says who holds %s, so a grant could not be checked", holder.ID, e.Name())
	}
	if !c.types[holder.ID].doc.Get.given() && !holder.Whole() {
		c.add(where, "granting %s reads the %s before, so %s needs \"get\"", e.Name(), holder.ID, holder.ID)
	}
}

// holds tells whether a rule of the type says who holds e. A rule with a
// mistake in it may be the one.
func (c *compiler) holds(holder *ResourceType, e *Entitlement) bool {
	return len(c.types[holder.ID].doc.Grants) != len(holder.Grants) ||
		slices.ContainsFunc(holder.Grants, func(r *GrantRule) bool { return r.Entitlement == e })
}

func (c *compiler) compileProvision(e *Entitlement, doc *provision) *Provision {
	op := c.operation(doc.Operation)
	if op == nil {
		return nil
	}
	p := &Provision{Operation: op, request: c.compileRequest(op, doc.Request)}
	for _, w := range doc.With.entries {
		if f, ok := c.compileWith(e, p, w); ok {
			p.with = append(p.with, f)
		}
	}
	c.checkRequired(op, doc.With.pos, append(doc.With.keys(), doc.Request.keys()...))
	if doc.Principal.given() {
		p.principal = c.compileRecord(op, doc.Principal, e.GrantableTo[0])
	}
	if doc.Requires.given() {
		p.Requires = c.compileRequirement(e, doc.Requires)
	}
	return p
}

func (c *compiler) compileWith(e *Entitlement, p *Provision, w entry[words]) (filledField, bool) {
	f, ok := c.requestField(p.Operation, w.key)
	if !ok {
		return filledField{}, false
	}
	filled := filledField{name: f.name, index: f.index, required: f.required, list: kindOfType(f.typ) == kindList}
	if filled.list != w.value.list {
		wanted := "is one value, not a list"
		if filled.list {
			wanted = fmt.Sprintf("is a list; write [%s]", strings.Join(w.value.values(), ", "))
		}
		c.add(w.value.pos, "%s %s", f.name, wanted)
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
	head, part, _ := strings.Cut(ref.value, ".")
	holders := []*ResourceType{e.On}
	switch head {
	case "resource":
	case "principal":
		holders = e.GrantableTo
	default:
		c.add(ref.pos, "%q is neither principal.PART nor resource.PART%s", ref.value, didYouMean(head, []string{"principal", "resource"}))
		return idPart{}, false
	}
	index := -1
	for _, t := range holders {
		at := slices.Index(t.Parts, part)
		switch {
		case at < 0:
			c.add(ref.pos, "%s is not known when granting: only the id of a %s is (%s)", ref.value, t.ID, strings.Join(t.Parts, ", "))
			return idPart{}, false
		case index >= 0 && at != index:
			c.add(ref.pos, "%s is not the same part of the ids of %s", ref.value, typeNames(holders))
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
		if !c.holds(holder, required) {
			c.add(doc.Entitlement.pos, "no rule under grants of %s says who holds %s, so it cannot be required", holder.ID, required.Name())
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
				c.add(w.pos, "%s: what is required is on the resource; write resource.PART", w.value)
			}
			part = from.part
		}
		r.parts = append(r.parts, part)
	}
	return r
}
