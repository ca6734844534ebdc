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
