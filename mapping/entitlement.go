package mapping

import (
	"errors"
	"fmt"
	"reflect"
)

// Entitlement is what can be held on the resources of a type.
type Entitlement struct {
	Slug string
	// On is the type of the resources it is held on.
	On *ResourceType
	// GrantableTo are the types that can hold it.
	GrantableTo []*ResourceType
	Purpose     Purpose
	// ReadOnly reports that it cannot be granted or revoked; Hint says where to
	// change it instead, and may be empty.
	ReadOnly bool
	Hint     string
	// Grant and Revoke are nil when the entitlement is read-only.
	Grant, Revoke *Provision
	// Holders lists the holders of the entitlement on one resource; nil when the
	// grants are in the holders' own records.
	Holders *Holders

	displayName, description *expr
}

// Purpose is what an entitlement is for.
type Purpose string

// The purposes of Baton that a mapping can name.
const (
	PurposeAssignment Purpose = "assignment"
	PurposePermission Purpose = "permission"
	PurposeOwnership  Purpose = "ownership"
)

// Name is how the mapping refers to the entitlement: TYPE.SLUG.
func (e *Entitlement) Name() string { return e.On.ID + "." + e.Slug }

// GrantableToType reports whether resources of a type can hold the entitlement.
func (e *Entitlement) GrantableToType(id string) bool {
	for _, t := range e.GrantableTo {
		if t.ID == id {
			return true
		}
	}
	return false
}

// Describe returns the display name and description of the entitlement on the
// resource with this name and record.
func (e *Entitlement) Describe(resourceName string, r, parent Record) (displayName, description string) {
	v := values{record: r.value, parent: parent.value}
	if displayName = e.displayName.text(v); displayName == "" {
		displayName = resourceName + " " + e.Slug
	}
	return displayName, e.description.text(v)
}

// GrantRule is one way in which a record says what its resource holds.
type GrantRule struct {
	Entitlement *Entitlement
	// Expand is the entitlement of the record's resource whose holders hold
	// Entitlement too, nil without.
	Expand *Entitlement

	in *ResourceType // whose records the rule reads
	on *binding
}

// Each calls yield with the id of every resource that a record says the
// entitlement is held on, in the record's order.
func (g *GrantRule) Each(r Record, yield func(on ID) error) error {
	return g.in.nameRecord(g.on.each(r.value, yield), r)
}

// Conclusive reports whether a record has every list that the rule reads, empty or
// not: only then does it show that the entitlement is not held on a resource. For a
// rule without lists it reports whether the field has a value.
func (g *GrantRule) Conclusive(r Record, on ID) bool { return g.on.conclusive(r.value, on) }

// nameRecord says in an error about a record whose record it is.
func (t *ResourceType) nameRecord(err error, r Record) error {
	lacking, ok := errors.AsType[*lackingError](err)
	if !ok {
		return err
	}
	id, err := t.IDOf(r)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s %q of %s: %w", t.ID, id, t.List.Operation.Name, lacking)
}

// Derivation derives resources of one type from the records of another.
type Derivation struct {
	// In is the type of the records.
	In *ResourceType

	binding *binding
	like    []int // for each part of an id, the part it has in Like; -1 for none
}

// DerivedIn returns how resources of t are derived from the records of a type, or nil.
func (t *ResourceType) DerivedIn(in *ResourceType) *Derivation {
	for _, a := range t.Derivations {
		if a.In == in {
			return a
		}
	}
	return nil
}

// Each calls yield with the id of every resource that a record shows.
func (a *Derivation) Each(r Record, yield func(id ID) error) error {
	return a.In.nameRecord(a.binding.each(r.value, yield), r)
}

// Like returns the id of the listed resource that has the other fields of the derived
// resource with this id.
func (a *Derivation) Like(id ID) ID {
	like := make(ID, len(a.like))
	for i, part := range a.like {
		if part >= 0 {
			like[i] = id[part]
		}
	}
	return like
}

// Holders says who holds an entitlement, where the API lists that for one
// resource at a time.
type Holders struct {
	// List is read once for each resource.
	List *List
	// Of is the type of the holders.
	Of *ResourceType

	record    reflect.Type
	principal *binding
	// ignored are the paths beside the id that the mapping does not read on purpose.
	ignored []string
}

// Request returns the request for a page of the holders on the resource with
// this id, of at most size records; 0 is the size in the mapping.
func (h *Holders) Request(resource ID, at Position, size int) (any, error) {
	request, err := h.List.Call.Request(Inputs{Resource: resource})
	if err != nil {
		return nil, err
	}
	h.List.Pages.ask(at, size, reflect.ValueOf(request).Elem())
	return request, nil
}

// Each calls yield with the id of every holder that a record names.
func (h *Holders) Each(r Record, yield func(principal ID) error) error {
	return h.principal.each(r.value, yield)
}
