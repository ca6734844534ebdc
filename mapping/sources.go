package mapping

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
)

// Source describes where a value comes from, in the words of the mapping.
type Source struct {
	// Key is the key, the part of an id or the request field that has the value.
	Key string
	// From is the path or expression as a mapping writes it.
	From string
}

// Sources returns where the fields of the type's resources come from.
func (t *ResourceType) Sources() []Source {
	var all []Source
	t.eachExpr(func(key string, e *expr) {
		if e != nil {
			all = append(all, Source{key, e.String()})
		}
	})
	return all
}

// eachExpr calls visit with every expression of the type's resources, nil for
// one that is not given.
func (t *ResourceType) eachExpr(visit func(key string, e *expr)) {
	visit("name", t.fields.name)
	visit("description", t.fields.description)
	visit("created_at", t.fields.createdAt)
	if s := t.fields.status; s != nil {
		visit("status", s.from)
	}
	for _, f := range t.fields.user {
		visit(f.key, f.expr)
	}
	for _, f := range t.fields.profile {
		visit("profile."+f.name, f.expr)
	}
	for _, e := range t.Entitlements {
		visit(e.Slug+".display_name", e.displayName)
		visit(e.Slug+".description", e.description)
	}
}

// Lists returns the type's list, and those of the holders of its entitlements.
func (t *ResourceType) Lists() []*List {
	all := []*List{t.List}
	for _, e := range t.Entitlements {
		if e.Holders != nil {
			all = append(all, e.Holders.List)
		}
	}
	return all
}

// Statuses returns which of the API's values mean which status.
func (t *ResourceType) Statuses() map[string]Status {
	if t.fields.status == nil {
		return nil
	}
	return maps.Clone(t.fields.status.of)
}

// ParentSources returns where the parts of the parent's id come from.
func (t *ResourceType) ParentSources() []Source {
	var all []Source
	for i, p := range t.parent {
		switch {
		case p.path != nil:
			all = append(all, Source{t.Parent.Parts[i], p.path.written})
		case p.own >= 0:
			all = append(all, Source{t.Parent.Parts[i], t.parts[p.own].written})
		}
	}
	return all
}

// Sources returns where the parts of the id of what is held come from.
func (g *GrantRule) Sources() []Source { return g.on.sources(g.Entitlement.On) }

// Sources returns where the parts of the ids of the type t come from that the
// records show.
func (a *Derivation) Sources(t *ResourceType) []Source { return a.binding.sources(t) }

// Sources returns where the parts of a holder's id come from.
func (h *Holders) Sources() []Source { return h.principal.sources(h.Of) }

// With returns what the request for the holders on a resource is filled with.
func (h *Holders) With() []Source { return h.List.Sources() }

func (b *binding) sources(of *ResourceType) []Source {
	var all []Source
	for i, p := range b.parts {
		if p.bound {
			all = append(all, Source{of.Parts[i], p.written})
		}
	}
	return all
}

// Sources returns what a request of the call is filled with: references, and fixed
// values as JSON.
func (c *Call) Sources() []Source {
	var all []Source
	for _, f := range c.with {
		all = append(all, Source{f.name, f.String()})
	}
	return append(all, c.fixedSources()...)
}

// fixedSources returns the fixed values of a request as JSON.
func (c *Call) fixedSources() []Source {
	var all []Source
	for _, f := range apitype.RequestFields(c.Operation) {
		for _, fixed := range c.fixed {
			if !slices.Equal(f.Index, fixed.index) {
				continue
			}
			if text, err := json.Marshal(fixed.value.Interface()); err == nil {
				all = append(all, Source{f.Name, string(text)})
			}
		}
	}
	return all
}

// NamedKeys returns the keys of free-form objects that the mapping refers to,
// sorted: `x` of customAttributes.x.
func (p *Plan) NamedKeys() []string {
	named := map[string]bool{}
	add := func(accesses ...access) {
		for _, a := range accesses {
			for _, h := range a {
				if h.index == nil {
					named[h.key] = true
				}
			}
		}
	}
	addPath := func(path *path) {
		if path != nil {
			add(path.lists...)
			add(path.leaf)
		}
	}
	addBinding := func(b *binding) {
		add(b.lists...)
		for _, part := range b.parts {
			add(part.leaf)
		}
	}
	for _, t := range p.Types {
		t.eachExpr(func(_ string, e *expr) {
			for _, s := range e.sources() {
				addPath(s.path)
			}
		})
		for _, part := range t.parts {
			addPath(part)
		}
		for _, part := range t.parent {
			addPath(part.path)
		}
		for _, rule := range t.Grants {
			addBinding(rule.on)
		}
		for _, also := range t.Derivations {
			addBinding(also.binding)
		}
		for _, e := range t.Entitlements {
			if e.Holders != nil {
				addBinding(e.Holders.principal)
			}
		}
	}
	p.eachRecordReference(func(_ *ResourceType, _ string, r recordReference) { addPath(r.path()) })
	return slices.Sorted(maps.Keys(named))
}

// sources returns every path of an expression.
func (e *expr) sources() []source {
	if e == nil {
		return nil
	}
	all := slices.Clone(e.alternatives)
	var within func(pieces []piece)
	within = func(pieces []piece) {
		for _, p := range pieces {
			all = append(all, p.expr.sources()...)
			within(p.group)
		}
	}
	within(e.template)
	return all
}

// String returns the expression as a mapping writes it.
func (e *expr) String() string {
	if e.template != nil {
		return `"` + writtenPieces(e.template) + `"`
	}
	written := make([]string, len(e.alternatives))
	for i, s := range e.alternatives {
		if s.first {
			written[i] = "first "
		}
		if s.parent {
			written[i] += "parent."
		}
		written[i] += s.written
	}
	return strings.Join(written, " or ")
}

func writtenPieces(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch {
		case p.group != nil:
			b.WriteString("[" + writtenPieces(p.group) + "]")
		case p.expr != nil:
			b.WriteString("{" + p.expr.String() + "}")
		default:
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// ReportsTotal reports whether a page has the total number of records, so that no
// request is made for a page after the last.
func (p *Pages) ReportsTotal() bool { return p.total != nil }

// Sources returns where the parts of the id come from that the requirement is
// on, for a grant on a resource of the type t.
func (r *Requirement) Sources(t *ResourceType) []Source {
	return partSources(r.parts, t, r.Entitlement.On)
}

// Sources returns where the parts of the ids come from that the other grants are on,
// for a write on a resource of the type t; nothing for a part that may be anything.
func (a *Along) Sources(t *ResourceType) []Source { return partSources(a.parts, t, a.Entitlement.On) }

func partSources(parts []int, from, of *ResourceType) []Source {
	var all []Source
	for i, part := range parts {
		if part >= 0 {
			all = append(all, Source{of.Parts[i], "resource." + from.Parts[part]})
		}
	}
	return all
}

// Ignored returns the paths in the type's records that are not read on purpose.
func (t *ResourceType) Ignored() []string { return slices.Clone(t.ignored) }

// reading is one path of a record that a mapping reads, and the key it stands under.
type reading struct{ path, key string }

// derivedKey is the key of what is read to derive resources: it says that they are there,
// and not who holds something on them.
const derivedKey = "also"

// readings returns what a mapping reads of the records of a type, as far as it
// could be compiled.
func (p *Plan) readings(t *ResourceType) []reading {
	var all []reading
	for _, part := range t.parts {
		all = append(all, reading{part.written, "id"})
	}
	for _, part := range t.parent {
		if part.path != nil {
			all = append(all, reading{part.path.written, "parent"})
		}
	}
	all = append(all, t.expressionReadings(false)...)
	for _, rule := range t.Grants {
		all = append(all, rule.on.readings("grants")...)
	}
	for _, other := range p.Types {
		if other.Parent == t {
			all = append(all, other.expressionReadings(true)...)
		}
		if also := other.DerivedIn(t); also != nil {
			all = append(all, also.binding.readings(derivedKey)...)
		}
		for _, e := range other.Entitlements {
			if e.Holders != nil && e.Holders.record == t.record {
				all = append(all, e.Holders.principal.readings("holders")...)
			}
		}
	}
	p.eachRecordReference(func(of *ResourceType, key string, r recordReference) {
		if of == t {
			all = append(all, reading{r.path().written, key})
		}
	})
	return all
}

// eachRecordReference calls visit with every record.PATH in a call, the type of the
// record, and the key of the call. A place that has such references is listed here.
func (p *Plan) eachRecordReference(visit func(of *ResourceType, key string, r recordReference)) {
	each := func(of *ResourceType, key string, c *Call) {
		c.eachReference(func(r reference) {
			if r, ok := r.(recordReference); ok {
				visit(of, key, r)
			}
		})
	}
	for _, t := range p.Types {
		for _, a := range t.Actions {
			for _, call := range a.Calls {
				each(t, "actions", call)
			}
		}
		if t.Account != nil && t.Account.ForceChange != nil {
			each(t, "force_change", t.Account.ForceChange)
		}
		for _, e := range t.Entitlements {
			for _, holder := range e.GrantableTo {
				if e.Grant != nil {
					each(holder, "grant", &e.Grant.Call)
				}
				if e.Revoke != nil {
					each(holder, "revoke", &e.Revoke.Call)
				}
			}
		}
	}
}

// expressionReadings returns what the expressions of a type read of its own
// records, or of its parents'.
func (t *ResourceType) expressionReadings(ofParent bool) []reading {
	var all []reading
	t.eachExpr(func(key string, e *expr) {
		for _, s := range e.sources() {
			if s.parent == ofParent {
				all = append(all, reading{s.written, key})
			}
		}
	})
	return all
}

func (b *binding) readings(key string) []reading {
	if b == nil {
		return nil
	}
	var all []reading
	for _, part := range b.parts {
		if part.bound {
			all = append(all, reading{part.written, key})
		}
	}
	return all
}

// within reports whether a path is holder or leads into it.
func within(path, holder string) bool {
	return path == holder || strings.HasPrefix(path, holder+".")
}
