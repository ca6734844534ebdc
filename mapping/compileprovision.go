package mapping

import (
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileProvisions(t *typeBuilder) {
	for i, compiled := range t.Entitlements {
		e := &t.doc.Entitlements.Entries[i]
		doc := &e.Value
		if compiled.ReadOnly {
			if doc.Grant.Given() || doc.Revoke.Given() {
				c.readOnlyAndProvisioned(doc.ReadOnly.Pos, compiled.Name())
			}
			continue
		}
		if (!doc.Grant.Given() || !doc.Revoke.Given()) && !doc.Broken {
			c.notProvisioned(e.Key.Pos, compiled.Name())
		}
		if len(compiled.GrantableTo) == 0 {
			continue
		}
		compiled.Grant = c.compileProvision(compiled, &doc.Grant)
		compiled.Revoke = c.compileProvision(compiled, &doc.Revoke)
		if doc.Revoke.Requires.Given() {
			c.requiresOfRevoke(doc.Revoke.Requires.Pos)
		}
		for _, holder := range compiled.GrantableTo {
			if compiled.Holders == nil && !c.holds(holder, compiled) {
				c.cannotCheckGrant(e.Key.Pos, holder.ID, compiled.Name())
			}
		}
	}
}

// checkReadable verifies that a resource that can be granted something can be
// read alone, so that the runtime sees what it holds, before it writes and after.
func (c *compiler) checkReadable(t *typeBuilder) {
	if t.doc.Get.Given() || t.doc.Broken || t.Unpaged() {
		return
	}
	for _, other := range c.plan.Types {
		for _, e := range other.Entitlements {
			if e.GrantableToType(t.ID) && !e.ReadOnly && !e.listed() {
				c.getMissing(t.key.Pos, t.ID, e.Name())
				return
			}
		}
	}
}

// listed reports whether the list of holders suffices to verify a grant, without the
// holder's own record.
func (e *Entitlement) listed() bool {
	return e.Holders != nil && (e.Grant == nil || e.Grant.Requires == nil)
}

// holds reports whether a rule of the type says who holds e. A rule with a
// mistake in it may be the one.
func (c *compiler) holds(holder *ResourceType, e *Entitlement) bool {
	doc := c.types[holder.ID].doc
	return doc.Broken || holder.record == nil || len(doc.Grants) != len(holder.Grants) ||
		slices.ContainsFunc(holder.Grants, func(r *GrantRule) bool { return r.Entitlement == e })
}

func (c *compiler) compileProvision(e *Entitlement, doc *syntax.Provision) *Provision {
	op := c.operation(doc.Operation)
	if op == nil {
		return nil
	}
	f := c.fill(op)
	f.unsure = doc.Broken || doc.With.Broken
	p := &Provision{Operation: op, request: c.compileRequest(f, doc.Request)}
	p.OnlyIfNeeded = c.oneOf(doc.Write, "value of write", syntax.WriteTimes...) == syntax.WriteNeeded
	for _, w := range doc.With.Entries {
		if filled, ok := c.compileWith(e, f, w); ok {
			p.with = append(p.with, filled)
		}
	}
	f.checkRequired(doc.With.Pos, "with")
	if doc.Principal.Given() {
		for _, holder := range e.GrantableTo {
			p.principal = c.compileRecord(op, doc.Principal, doc.Pos, holder)
		}
	}
	if doc.Requires.Given() {
		p.Requires = c.compileRequirement(e, doc.Requires)
	}
	return p
}

func (c *compiler) compileWith(e *Entitlement, f *requestBuilder, w syntax.Entry[syntax.Words]) (filledField, bool) {
	to, ok := f.field(w.Key)
	if !ok || !c.takesID(to, w.Key) {
		// Report mistakes in the values too.
		for _, ref := range w.Value.Items {
			c.idPart(e, ref)
		}
		return filledField{}, false
	}
	filled := filledField{name: to.Name, index: to.Index, required: to.Required, list: apitype.KindOf(to.Type) == apitype.KindList}
	if filled.list != w.Value.List && len(w.Value.Items) > 0 {
		if filled.list {
			c.listWanted(w.Value.Pos, to.Name, w.Value.Values())
		} else {
			c.oneValueWanted(w.Value.Pos, to.Name)
		}
		return filled, false
	}
	for _, ref := range w.Value.Items {
		from, ok := c.idPart(e, ref)
		if !ok {
			return filled, false
		}
		filled.from = append(filled.from, from)
	}
	return filled, true
}

// idPart compiles principal.PART or resource.PART.
func (c *compiler) idPart(e *Entitlement, ref syntax.Text) (idPart, bool) {
	if ref.Value == "" {
		return idPart{}, false
	}
	head, part, dotted := strings.Cut(ref.Value, ".")
	holders := []*ResourceType{e.On}
	switch {
	case head == "resource" && dotted:
	case head == "principal" && dotted:
		holders = e.GrantableTo
	default:
		c.neitherPrincipalNorResource(ref.Pos, ref.Value, head)
		return idPart{}, false
	}
	index := -1
	for _, t := range holders {
		at := slices.Index(t.Parts, part)
		switch {
		case len(t.Parts) == 0: // Its id has a mistake of its own.
			return idPart{}, false
		case at < 0:
			c.notKnownWhenGranting(ref.Pos, ref.Value, t.ID, t.Parts)
			return idPart{}, false
		case index >= 0 && at != index:
			c.differentParts(ref.Pos, ref.Value, holders)
			return idPart{}, false
		}
		index = at
	}
	return idPart{principal: head == "principal", part: index}, true
}

func (c *compiler) compileRequirement(e *Entitlement, doc syntax.Requirement) *Requirement {
	required := c.entitlement(doc.Entitlement)
	if required == nil {
		return nil
	}
	for _, holder := range e.GrantableTo {
		// One that can be granted to the holder is reported where it is defined.
		if (required.ReadOnly || !required.GrantableToType(holder.ID)) && !c.holds(holder, required) {
			c.cannotBeRequired(doc.Entitlement.Pos, holder.ID, required.Name())
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
				c.requirementOnPrincipal(w.Pos, w.Value)
			}
			part = from.part
		}
		r.parts = append(r.parts, part)
	}
	return r
}
