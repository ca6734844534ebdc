package mapping

import (
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileEntitlements(t *typeBuilder) {
	for i := range t.doc.Entitlements.Entries {
		e := &t.doc.Entitlements.Entries[i]
		doc := &e.Value
		compiled := &Entitlement{
			Slug:        c.name(e.Key, "entitlement"),
			On:          t.ResourceType,
			ReadOnly:    doc.ReadOnly.Value,
			Hint:        doc.ReadOnly.Hint,
			displayName: c.compileExpr(doc.DisplayName, t.scope, wantText),
			description: c.compileExpr(doc.Description, t.scope, wantText),
		}
		compiled.Purpose = Purpose(c.oneOf(doc.Purpose, "purpose", syntax.Purposes...))
		if !doc.Purpose.Given() {
			compiled.Purpose = PurposeAssignment
		}
		for _, name := range doc.GrantableTo.Items {
			switch to := c.resourceType(name); {
			case to == nil:
			case compiled.GrantableToType(to.ID):
				c.GivenTwice(name.Pos, to.ID)
			default:
				compiled.GrantableTo = append(compiled.GrantableTo, to.ResourceType)
			}
		}
		t.Entitlements = append(t.Entitlements, compiled)
	}
}

// entitlement returns the entitlement that TYPE.SLUG names.
func (c *compiler) entitlement(name syntax.Text) *Entitlement {
	if name.Value == "" {
		return nil
	}
	all := map[string]*Entitlement{}
	for _, t := range c.plan.Types {
		for _, e := range t.Entitlements {
			all[e.Name()] = e
		}
	}
	e := all[name.Value]
	if e == nil {
		if c.holderBroken(name.Value) {
			return nil
		}
		c.noEntitlement(name.Pos, name.Value, sortedKeys(all))
		e = all[spelling.Nearest(name.Value, sortedKeys(all))]
	}
	return e
}

// holderBroken reports that the type in TYPE.SLUG has entitlements that could not be read.
func (c *compiler) holderBroken(name string) bool {
	id, _, _ := strings.Cut(name, ".")
	t := c.types[id]
	return t != nil && (t.doc.Broken || t.doc.Entitlements.Broken)
}

func (c *compiler) compileAlso(t *typeBuilder) {
	for _, doc := range t.doc.Also {
		in := c.resourceType(doc.In)
		if in == nil {
			continue
		}
		if !t.Unpaged() {
			c.alsoOfPagedList(doc.Pos, t.ID)
		}
		if in.ID == doc.In.Value && t.DerivedIn(in.ResourceType) != nil {
			c.GivenTwice(doc.In.Pos, in.ID)
		}
		compiled := c.compileBinding(in.scope, doc.ID, t.ResourceType)
		like, ok := c.compileLike(t.ResourceType, doc)
		if compiled != nil && ok {
			t.Derivations = append(t.Derivations, &Derivation{In: in.ResourceType, binding: compiled, like: like})
		}
	}
}

// compileLike maps the parts of the id of the resource that a derived one is like to
// the parts of the derived one's id: those with the same paths.
func (c *compiler) compileLike(t *ResourceType, doc syntax.Also) ([]int, bool) {
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
		like[i] = slices.IndexFunc(shown, func(s *syntax.Text) bool { return s != nil && s.Value == w.Value })
		if like[i] < 0 {
			c.likeNotInID(w.Pos, w.Value)
			ok = false
		}
	}
	return like, ok
}

func (c *compiler) compileGrants(t *typeBuilder) {
	for _, doc := range t.doc.Grants {
		e := c.entitlement(doc.Entitlement)
		if e == nil {
			continue
		}
		if !e.GrantableToType(t.ID) && len(e.GrantableTo) > 0 {
			c.wrongHolder(doc.Entitlement.Pos, e.Name(), e.GrantableTo, t.ID)
		}
		rule := &GrantRule{Entitlement: e, in: t.ResourceType, on: c.compileBinding(t.scope, doc.On, e.On)}
		if doc.Expand.Value != "" {
			if rule.Expand = t.Entitlement(doc.Expand.Value); rule.Expand == nil && !t.doc.Entitlements.Broken && !t.doc.Broken {
				var slugs []string
				for _, own := range t.Entitlements {
					slugs = append(slugs, own.Slug)
				}
				c.noSlug(doc.Expand.Pos, t.ID, doc.Expand.Value, slugs)
			}
		}
		if rule.on != nil {
			t.Grants = append(t.Grants, rule)
		}
	}
}

func (c *compiler) compileAllHolders(t *typeBuilder) {
	for i, e := range t.Entitlements {
		if doc := &t.doc.Entitlements.Entries[i].Value.Holders; doc.Given() {
			c.compileHolders(t, e, doc)
		}
	}
}

func (c *compiler) compileHolders(t *typeBuilder, e *Entitlement, doc *syntax.Holders) {
	if len(e.GrantableTo) != 1 {
		if len(e.GrantableTo) > 1 {
			c.holdersOfSeveralTypes(doc.Pos, e.Name(), e.GrantableTo)
		}
		return
	}
	h := &Holders{Of: e.GrantableTo[0]}
	e.Holders = h
	call := doc.Call()
	h.List, h.record = c.compileListAt(holdersPlace(t.ResourceType), &call, &doc.List)
	if h.List.Operation == nil {
		return
	}
	if h.record != nil {
		s := scope{record: h.record, name: recordName("holder", h.record), noParent: noParentHere("holder")}
		h.principal = c.compileBinding(s, doc.Principal, h.Of)
		h.ignored = c.compileIgnoredPaths(s, doc.Ignored, h.principal.readings("principal"))
	}
	for _, rule := range h.Of.Grants {
		if rule.Entitlement == e {
			c.holdersTwice(doc.Pos, e.Name(), h.Of.ID)
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
