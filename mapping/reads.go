package mapping

import "strings"

// reading is one path of a record that a mapping reads, and the key it stands under.
type reading struct{ path, key string }

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
		if also := other.ShownIn(t); also != nil {
			all = append(all, also.binding.readings("also")...)
		}
		for _, e := range other.Entitlements {
			if e.Holders != nil && e.Holders.record == t.record {
				all = append(all, e.Holders.principal.readings("holders")...)
			}
		}
	}
	return all
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

// within tells whether a path is holder or leads into it.
func within(path, holder string) bool {
	return path == holder || strings.HasPrefix(path, holder+".")
}
