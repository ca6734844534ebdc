package mapping

import (
	"slices"
	"strings"

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
		compiled.Grant = c.compileProvision(grantKey, compiled, &doc.Grant)
		compiled.Revoke = c.compileProvision(revokeKey, compiled, &doc.Revoke)
		if g, r := compiled.Grant, compiled.Revoke; g != nil && r != nil && g.whole && r.whole && g.sameAs(&r.Call) {
			c.revokesAsGranted(doc.Revoke.Operation.Pos, compiled.Name())
		}
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

// checkReadable verifies that a resource that something can be done with can be read
// alone, so that the runtime sees what it is and holds, before it writes and after.
func (c *compiler) checkReadable(t *typeBuilder) {
	if t.doc.Get.Given() || t.doc.Broken || t.Unpaged() {
		return
	}
	switch {
	case t.doc.Delete.Given():
		c.getMissing(t.key.Pos, t.ID, "it is deleted")
		return
	case len(t.doc.Actions.Entries) > 0:
		c.getMissing(t.key.Pos, t.ID, "an action is invoked on it")
		return
	}
	for _, other := range c.plan.Types {
		for _, e := range other.Entitlements {
			if e.GrantableToType(t.ID) && !e.ReadOnly && !e.listed() {
				c.getMissing(t.key.Pos, t.ID, e.Name()+" is granted")
				return
			}
		}
	}
}

// listed reports whether the list of holders suffices to verify a grant, without the
// holder's own record.
func (e *Entitlement) listed() bool {
	return e.Holders != nil && (e.Grant == nil || e.Grant.Requires == nil && !e.Grant.NeedsRecord()) && (e.Revoke == nil || !e.Revoke.NeedsRecord())
}

// holds reports whether a rule of the type says who holds e. A rule with a
// mistake in it may be the one.
func (c *compiler) holds(holder *ResourceType, e *Entitlement) bool {
	doc := c.types[holder.ID].doc
	return doc.Broken || holder.record == nil || len(doc.Grants) != len(holder.Grants) ||
		slices.ContainsFunc(holder.Grants, func(r *GrantRule) bool { return r.Entitlement == e })
}

func (c *compiler) compileProvision(key string, e *Entitlement, doc *syntax.Provision) *Provision {
	written := doc.Call
	written.Record = doc.Principal
	before := len(c.All)
	call := c.compileCall(provisionPlace(key, e), &written)
	if call == nil {
		return nil
	}
	p := &Provision{Call: *call}
	p.whole = len(c.All) == before && len(call.with) == len(doc.With.Entries) && readWhole(doc.With)
	if p.whole {
		c.checkWrite(key, e, doc, call)
	}
	p.AlsoGrants = c.compileAlong(e, doc.AlsoGrants)
	p.AlsoRevokes = c.compileAlong(e, doc.AlsoRevokes)
	p.OnlyIfNeeded = c.oneOf(doc.Write, "value of write", syntax.WriteTimes...) == syntax.WriteNeeded
	if doc.Requires.Given() {
		p.Requires = c.compileRequirement(e, doc.Requires)
	}
	return p
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
			part = c.resourcePart(e, *w)
		}
		r.parts = append(r.parts, part)
	}
	return r
}

// compileAlong compiles what comes or goes with the grants of e.
func (c *compiler) compileAlong(e *Entitlement, docs []syntax.Along) []*Along {
	var all []*Along
	for _, doc := range docs {
		other := c.entitlement(doc.Entitlement)
		if other == nil || len(other.On.Parts) == 0 {
			continue
		}
		if !slices.ContainsFunc(e.GrantableTo, func(holder *ResourceType) bool { return c.holds(holder, other) }) {
			c.notCompared(doc.Entitlement.Pos, typeNames(e.GrantableTo), other.Name())
		}
		a := &Along{Entitlement: other, parts: slices.Repeat([]int{-1}, len(other.On.Parts))}
		on := doc.On.Parts.Entries
		if doc.On.Single.Value != "" {
			if len(a.parts) > 1 {
				c.idHasParts(doc.On.Pos, other.On.ID, other.On.Parts)
				continue
			}
			on = []syntax.Entry[syntax.Text]{{Key: syntax.Text{Value: other.On.Parts[0]}, Value: doc.On.Single}}
		}
		for _, part := range on {
			at := slices.Index(other.On.Parts, part.Key.Value)
			if at < 0 {
				c.noPart(part.Key.Pos, other.On.ID, part.Key.Value, other.On.Parts)
			} else if part.Value.Value != "" {
				a.parts[at] = c.resourcePart(e, part.Value)
			}
		}
		all = append(all, a)
	}
	return all
}

// resourcePart returns the part of the resource's id that resource.PART names.
func (c *compiler) resourcePart(e *Entitlement, written syntax.Text) int {
	head, rest, _ := strings.Cut(written.Value, ".")
	switch head {
	case headResource:
		part, _ := c.partOf(writtenReference{text: written, whole: written.Value, rest: rest}, []*ResourceType{e.On})
		return part
	case headPrincipal:
		c.onThePrincipal(written.Pos, written.Value)
	default:
		c.noHead(written.Pos, written.Value, head, []string{headResource})
	}
	return 0
}
