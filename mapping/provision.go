package mapping

// Get reads one record of a type.
type Get struct{ Call }

// Request returns the request for the resource with this id.
func (g *Get) Request(id ID) (any, error) { return g.Call.Request(Inputs{Resource: id}) }

// Provision is one write: a grant or a revocation.
type Provision struct {
	Call
	// Requires is what the principal must hold before; nil for nothing.
	Requires *Requirement
	// OnlyIfNeeded reports that a repeated write does harm.
	OnlyIfNeeded bool
	// AlsoGrants and AlsoRevokes are other grants of the principal that may come, or go,
	// with the write.
	AlsoGrants, AlsoRevokes []*Along

	// whole reports that nothing of the call was left out when it was compiled.
	whole bool
}

// Request returns the request that grants to, or revokes from, the principal. record is
// the principal's, if it NeedsRecord.
func (p *Provision) Request(principal, resource ID, record Record) (any, error) {
	return p.Call.Request(Inputs{Principal: principal, Resource: resource, Record: record})
}

// Requirement is an entitlement that a principal has to hold before a grant.
type Requirement struct {
	Entitlement *Entitlement

	parts []int // of the resource's id, -1 for none
}

// Along are other grants of a principal that may change with a write.
type Along struct {
	Entitlement *Entitlement

	parts []int // of the resource's id, for each part of the other's; -1 for any
}

// Covers reports whether a grant of an entitlement on a resource may change with a
// write that is about another resource.
func (a *Along) Covers(e *Entitlement, on, resource ID) bool {
	if e != a.Entitlement {
		return false
	}
	for i, part := range a.parts {
		if part >= 0 && on[i] != resource[part] {
			return false
		}
	}
	return true
}

// On returns the resource that the requirement is on, for a grant on the
// resource with this id; nil when nothing is required.
func (r *Requirement) On(resource ID) ID {
	on := make(ID, len(r.parts))
	for i, part := range r.parts {
		if part >= 0 {
			on[i] = resource[part]
		}
	}
	if on[len(on)-1] == "" {
		return nil
	}
	return on
}
