package mapping

import (
	"fmt"
	"reflect"
)

// Plan is a checked and compiled mapping: pure functions from the records of an
// API to resources, entitlements and grants, and from two ids to a request.
type Plan struct {
	DisplayName string
	Description string
	HelpURL     string

	// ParallelRequests is how many requests may be in flight, 6 unless the file says otherwise.
	ParallelRequests int
	// PerMinute is how many requests of an operation are allowed in any 60 seconds.
	PerMinute map[string]int
	Errors    ErrorRules
	// FailOnUnknown reports that a sync fails when a record refers to a resource
	// that no list has. Otherwise such grants are left out.
	FailOnUnknown bool
	// Types are the resource types in the order of the file.
	Types []*ResourceType
	// Warnings are what is legal in the file and probably wrong, sorted by place.
	Warnings Mistakes
}

// Type returns the resource type with this id, or nil.
func (p *Plan) Type(id string) *ResourceType {
	for _, t := range p.Types {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// Trait is what kind of thing the resources of a type are.
type Trait string

// The traits of Baton that a mapping can name.
const (
	TraitNone  Trait = ""
	TraitUser  Trait = "user"
	TraitGroup Trait = "group"
	TraitRole  Trait = "role"
	TraitApp   Trait = "app"
)

// Record is one record of the API, as its typed client decoded it.
type Record struct{ value reflect.Value }

// RecordOf returns the record that v, a struct or a pointer to one, holds.
func RecordOf(v any) Record { return Record{indirect(reflect.ValueOf(v))} }

// Given reports whether there is a record at all.
func (r Record) Given() bool { return r.value.IsValid() }

// Equal reports whether two records say the same.
func (r Record) Equal(other Record) bool {
	return r.Given() && other.Given() && reflect.DeepEqual(r.value.Interface(), other.value.Interface())
}

// ResourceType says how the records of one type become resources.
type ResourceType struct {
	ID          string
	DisplayName string
	Trait       Trait
	// Parts are the names of the parts of an id.
	Parts []string
	List  *List
	// Get reads one record; nil when it has to be found in the list.
	Get *Get
	// Parent is the type of the parents, nil without one.
	Parent *ResourceType
	// NeedsParent reports that a resource's texts use its parent's record.
	NeedsParent bool
	// Derivations are the other types whose records show resources that the list lacks.
	Derivations []*Derivation
	// Entitlements are what can be held on a resource of this type.
	Entitlements []*Entitlement
	// Grants are the rules by which a record says what its resource holds.
	Grants []*GrantRule
	// Delete deletes a resource, of which it takes the id; nil when none can be deleted.
	Delete *Call
	// Actions are what else can be done with a resource.
	Actions []*Action
	// Account says how an account is created; nil when none can be.
	Account *Account

	record reflect.Type
	parts  []*path
	parent []parentPart
	fields resourceFields
	// ignored are the paths that the mapping does not read on purpose.
	ignored []string
	// uses are the calls that the mapping names for the type, each once.
	uses []Use
}

// parentPart is where a part of the parent's id comes from: a part of the own
// id, or else a path in the record.
type parentPart struct {
	own  int
	path *path
}

// Unpaged reports whether one reply lists all the records.
func (t *ResourceType) Unpaged() bool { return t.List.Pages == nil }

// Entitlement returns the entitlement with this slug, or nil.
func (t *ResourceType) Entitlement(slug string) *Entitlement {
	for _, e := range t.Entitlements {
		if e.Slug == slug {
			return e
		}
	}
	return nil
}

// HasHolders reports whether who holds an entitlement of the type is read by
// requests for each resource.
func (t *ResourceType) HasHolders() bool {
	for _, e := range t.Entitlements {
		if e.Holders != nil {
			return true
		}
	}
	return false
}

// ParseID reads the text of an id of this type.
func (t *ResourceType) ParseID(s string) (ID, error) { return parseID(s, len(t.Parts)) }

// IDOf returns the id of a record's resource.
func (t *ResourceType) IDOf(r Record) (ID, error) {
	id := make(ID, len(t.parts))
	for i, p := range t.parts {
		id[i], _ = scalarText(p.leaf.get(r.value))
	}
	if gap := id.gap(); gap >= 0 {
		return nil, fmt.Errorf("%s %s record of %s lacks %s, which its id needs", article(t.ID), t.ID, t.List.Operation.Name, t.parts[gap].written)
	}
	return id, nil
}

// ParentID returns the id of the parent of the resource with this id and
// record; nil when it has none.
func (t *ResourceType) ParentID(id ID, r Record) (ID, error) {
	if t.Parent == nil {
		return nil, nil
	}
	parent := make(ID, len(t.parent))
	for i, p := range t.parent {
		switch {
		case p.path == nil && p.own < 0:
		case p.path == nil:
			parent[i] = id[p.own]
		default:
			parent[i], _ = scalarText(p.path.leaf.get(r.value))
		}
	}
	if parent[len(parent)-1] == "" {
		return nil, nil
	}
	if !parent.whole() {
		return nil, fmt.Errorf("the parent of %s %q lacks a part of its id", t.ID, id)
	}
	return parent, nil
}
