package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// checkCircles reports what leads back to itself: a resource that is its own parent, and
// a grant that requires what it gives.
func (c *compiler) checkCircles(t *typeBuilder) {
	if t.Parent == t.ResourceType && len(t.parent) > 0 && allInOrder(len(t.parent), func(i int) int { return t.parent[i].own }) {
		c.ownParent(t.doc.Parent.Pos, t.ID)
	}
	for i, e := range t.Entitlements {
		if e.Grant != nil && e.requiresItself() {
			c.requiresItself(t.doc.Entitlements.Entries[i].Value.Grant.Requires.Pos, e.Name())
		}
	}
}

// requiresItself reports whether a grant of e requires e on the same resource, be it by
// way of others.
func (e *Entitlement) requiresItself() bool {
	parts := make([]int, len(e.On.Parts)) // Of e's resource, by those of the requirement's.
	for i := range parts {
		parts[i] = i
	}
	seen := []*Entitlement{}
	for at := e; at.Grant != nil && at.Grant.Requires != nil && !slices.Contains(seen, at); {
		seen = append(seen, at)
		required := at.Grant.Requires
		next := make([]int, len(required.parts))
		for i, part := range required.parts {
			if next[i] = -1; part >= 0 && part < len(parts) {
				next[i] = parts[part]
			}
		}
		at, parts = required.Entitlement, next
		if at == e {
			return len(parts) == len(e.On.Parts) && allInOrder(len(parts), func(i int) int { return parts[i] })
		}
	}
	return false
}

func allInOrder(n int, at func(int) int) bool {
	for i := range n {
		if at(i) != i {
			return false
		}
	}
	return n > 0
}

// sameTwice warns of a rule that is there before, and of entitlements with the same
// holders.
func (w *warner) sameTwice(doc *syntax.ResourceType, t *ResourceType) {
	for i, rule := range t.Grants {
		if slices.ContainsFunc(t.Grants[:i], func(before *GrantRule) bool {
			return before.Entitlement == rule.Entitlement && slices.Equal(before.Sources(), rule.Sources())
		}) {
			w.ruleTwice(doc.Grants[i].Entitlement.Pos, rule.Entitlement.Name())
		}
	}
	for i, e := range t.Entitlements {
		for _, before := range t.Entitlements[:i] {
			if e.Holders != nil && before.Holders != nil && e.Holders.List.Operation == before.Holders.List.Operation &&
				slices.Equal(e.Holders.With(), before.Holders.With()) && slices.Equal(e.Holders.Sources(), before.Holders.Sources()) {
				w.sameHolders(doc.Entitlements.Entries[i].Value.Holders.Pos, e.Name(), before.Name())
			}
		}
	}
}
