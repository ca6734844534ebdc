package mapping

import (
	"fmt"
	"reflect"

	"github.com/conductorone/baton-descope/api"
)

// Get reads one record of a type.
type Get struct {
	Operation *api.Operation

	request request
	with    []filledField
	record  access
}

// Request returns the request for the resource with this id.
func (g *Get) Request(id ID) (any, error) { return buildRequest(g.request, g.with, nil, id) }

// Record returns the record in a reply; false when the reply has none.
func (g *Get) Record(reply any) (Record, bool) {
	v := g.record.get(reflect.ValueOf(reply))
	return Record{v}, v.IsValid() && !v.IsZero()
}

// Provision is one write: a grant or a revocation.
type Provision struct {
	Operation *api.Operation
	// Requires is what the principal must hold before; nil for nothing.
	Requires *Requirement
	// OnlyIfNeeded reports that a repeated write does harm.
	OnlyIfNeeded bool

	request   request
	with      []filledField
	principal access // nil when the reply has no record
}

// Request returns the request that grants to, or revokes from, the principal.
func (p *Provision) Request(principal, resource ID) (any, error) {
	return buildRequest(p.request, p.with, principal, resource)
}

// Principal returns the principal's record after the write, where the reply has it.
func (p *Provision) Principal(reply any) (Record, bool) {
	if p.principal == nil {
		return Record{}, false
	}
	v := p.principal.get(reflect.ValueOf(reply))
	return Record{v}, v.IsValid() && !v.IsZero()
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

// filledField is a request field that is filled from ids.
type filledField struct {
	name     string
	index    []int
	list     bool
	required bool
	from     []idPart
}

// idPart is a part of the principal's or the resource's id.
type idPart struct {
	principal bool
	part      int
}

func buildRequest(r request, with []filledField, principal, resource ID) (any, error) {
	call, target := r.build()
	for _, f := range with {
		field := reflect.Value{}
		for _, from := range f.from {
			id := resource
			if from.principal {
				id = principal
			}
			value := id[from.part]
			if value == "" {
				if f.required {
					return nil, fmt.Errorf("%s needs %q, which the id lacks", r.op.Name, f.name)
				}
				continue
			}
			if !field.IsValid() {
				field = reach(target, f.index)
			}
			into := field
			if f.list {
				into = reflect.New(field.Type().Elem()).Elem()
			}
			if err := setText(allocate(into), value); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", r.op.Name, f.name, err)
			}
			if f.list {
				field.Set(reflect.Append(field, into))
			}
		}
	}
	return call, nil
}
