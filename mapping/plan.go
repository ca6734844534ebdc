package mapping

import (
	"fmt"
	"reflect"
	"time"

	"github.com/conductorone/baton-descope/api"
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
	// Types are the resource types in the order of the file.
	Types []*ResourceType
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

// Given tells whether there is a record at all.
func (r Record) Given() bool { return r.value.IsValid() }

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
	// NeedsParent tells that a resource's texts use its parent's record.
	NeedsParent bool
	// Also shows resources of this type that the list does not have; nil without.
	Also *Also
	// Entitlements are what can be held on a resource of this type.
	Entitlements []*Entitlement
	// Grants are the rules by which a record says what its resource holds.
	Grants []*GrantRule

	record reflect.Type
	parts  []*path
	parent []parentPart
	fields resourceFields
}

// resourceFields are the compiled expressions of a resource.
type resourceFields struct {
	name, description, createdAt *expr
	status                       *statusRule
	user                         *userFields
	profile                      []profileField
}

type userFields struct{ login, aliases, email, emailVerified, lastLogin, mfa, sso *expr }

type profileField struct {
	name string
	expr *expr
}

// parentPart is where a part of the parent's id comes from: a part of the own
// id, or else a path in the record.
type parentPart struct {
	own  int
	path *path
}

// Whole tells whether one reply lists all the records.
func (t *ResourceType) Whole() bool { return t.List.Pages == nil }

// Entitlement returns the entitlement with this slug, or nil.
func (t *ResourceType) Entitlement(slug string) *Entitlement {
	for _, e := range t.Entitlements {
		if e.Slug == slug {
			return e
		}
	}
	return nil
}

// ParseID reads the text of an id of this type.
func (t *ResourceType) ParseID(s string) (ID, error) { return parseID(s, len(t.Parts)) }

// IDOf returns the id of a record's resource.
func (t *ResourceType) IDOf(r Record) (ID, error) {
	id := make(ID, len(t.parts))
	for i, p := range t.parts {
		id[i], _ = scalarText(p.leaf.get(r.value))
	}
	if !id.whole() {
		return nil, fmt.Errorf("a %s record of %s lacks %s, which its id needs", t.ID, t.List.Operation.Name, t.Parts[len(t.Parts)-1])
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

// Resource is a resource as a mapping sees it.
type Resource struct {
	ID          ID
	Name        string
	Description string
	CreatedAt   time.Time // zero when not known
	Status      Status
	// StatusDetail is the API's own word for the status.
	StatusDetail string
	User         *User // nil but for trait user
	// Profile holds text, float64, bool, []any and map[string]any.
	Profile map[string]any
}

// User is what is known of a user.
type User struct {
	Login         string
	LoginAliases  []string
	Email         string
	EmailVerified bool
	LastLogin     time.Time
	// MFA and SSO tell whether they are set up, nil when the mapping does not say.
	MFA, SSO *bool
}

// Resource returns the resource with this id that a record describes. parent is
// the parent's record, the zero Record without one.
func (t *ResourceType) Resource(id ID, r, parent Record) (*Resource, error) {
	v := values{record: r.value, parent: parent.value}
	res := &Resource{ID: id, Name: t.fields.name.text(v), Description: t.fields.description.text(v)}
	if res.Name == "" {
		res.Name = id.String()
	}
	var err error
	if res.CreatedAt, err = t.timeOf(t.fields.createdAt, v, id, "created_at"); err != nil {
		return nil, err
	}
	if t.fields.status != nil {
		res.Status, res.StatusDetail = t.fields.status.read(v)
	}
	if t.fields.user != nil {
		if res.User, err = t.user(v, id); err != nil {
			return nil, err
		}
	}
	for _, f := range t.fields.profile {
		if value := f.expr.plain(v); value != nil {
			if res.Profile == nil {
				res.Profile = make(map[string]any, len(t.fields.profile))
			}
			res.Profile[f.name] = value
		}
	}
	return res, nil
}

func (t *ResourceType) user(v values, id ID) (*User, error) {
	f := t.fields.user
	u := &User{Login: f.login.text(v), Email: f.email.text(v)}
	for _, alias := range f.aliases.texts(v) {
		if alias != u.Login {
			u.LoginAliases = append(u.LoginAliases, alias)
		}
	}
	if f.emailVerified != nil {
		u.EmailVerified = f.emailVerified.truth(v)
	}
	u.MFA, u.SSO = truthOf(f.mfa, v), truthOf(f.sso, v)
	var err error
	u.LastLogin, err = t.timeOf(f.lastLogin, v, id, "last_login")
	return u, err
}

func (t *ResourceType) timeOf(e *expr, v values, id ID, key string) (time.Time, error) {
	if e == nil {
		return time.Time{}, nil
	}
	at, err := e.time(v)
	if err != nil {
		return at, fmt.Errorf("%s of %s %q: %w", key, t.ID, id, err)
	}
	return at, nil
}

func truthOf(e *expr, v values) *bool {
	if e == nil {
		return nil
	}
	is := e.truth(v)
	return &is
}

// Status is whether a resource is in use.
type Status string

// The statuses of Baton.
const (
	StatusUnknown  Status = ""
	StatusEnabled  Status = "enabled"
	StatusPending  Status = "pending"
	StatusDisabled Status = "disabled"
	StatusDeleted  Status = "deleted"
)

type statusRule struct {
	from *expr
	of   map[string]Status
}

// read returns the status of a value, StatusUnknown for one the mapping does
// not name, and the value.
func (s *statusRule) read(v values) (Status, string) {
	value := s.from.text(v)
	return s.of[value], value
}

// Entitlement is what can be held on the resources of a type.
type Entitlement struct {
	Slug string
	// On is the type of the resources it is held on.
	On *ResourceType
	// GrantableTo are the types that can hold it.
	GrantableTo []*ResourceType
	Purpose     Purpose
	// ReadOnly tells that it cannot be granted or revoked; Hint says where to
	// change it instead, and may be empty.
	ReadOnly bool
	Hint     string
	// Grant and Revoke are nil when the entitlement is read-only.
	Grant, Revoke *Provision

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

// GrantableToType tells whether resources of a type can hold the entitlement.
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

	on *binding
}

// Holds calls yield with every grant that a record tells of, in its order: the
// rule, and the id of the resource that the entitlement is held on.
func (t *ResourceType) Holds(r Record, yield func(rule *GrantRule, on ID) error) error {
	for _, rule := range t.Grants {
		err := rule.on.each(r.value, func(parts []string) error { return yield(rule, ID(parts)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Also shows resources of one type in the records of another.
type Also struct {
	// In is the type whose records show them.
	In *ResourceType

	parts   int
	binding *binding
}

// Each calls yield with every resource that a record shows: its id, and the id
// of the listed resource that it is like.
func (a *Also) Each(r Record, yield func(id, like ID) error) error {
	return a.binding.each(r.value, func(parts []string) error {
		return yield(ID(parts[:a.parts]), ID(parts[a.parts:]))
	})
}

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
	// Requires is what the principal has to hold before; nil for nothing.
	Requires *Requirement

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
			if err := setText(into, value); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", r.op.Name, f.name, err)
			}
			if f.list {
				field.Set(reflect.Append(field, into))
			}
		}
	}
	return call, nil
}
