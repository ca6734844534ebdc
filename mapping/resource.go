package mapping

import (
	"fmt"
	"time"
)

// resourceFields are the compiled expressions of a resource.
type resourceFields struct {
	name, description, createdAt *expr
	status                       *statusRule
	user                         []userField
	profile                      []profileField
}

type profileField struct {
	name string
	expr *expr
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
	// StatusOpen reports that the mapping neither names nor ignores that word.
	StatusOpen bool
	User       *User // nil but for trait user
	// Profile holds text, float64, bool, []any and map[string]any.
	Profile map[string]any
}

// Resource returns the resource with this id that a record describes. parent is
// the parent's record, the zero Record without one.
func (t *ResourceType) Resource(id ID, r, parent Record) (*Resource, error) {
	v := values{record: r.value, parent: parent.value}
	res := &Resource{ID: id, Name: t.Name(id, r, parent), Description: t.fields.description.text(v)}
	var err error
	if res.CreatedAt, err = t.timeOf(t.fields.createdAt, v, id, "created_at"); err != nil {
		return nil, err
	}
	if t.fields.status != nil {
		res.Status, res.StatusDetail, res.StatusOpen = t.fields.status.read(v)
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

// StatusOf returns the status that a record says, and the API's own word for it; "" for
// a type without a status.
func (t *ResourceType) StatusOf(r Record) (status Status, value string) {
	if t.fields.status == nil {
		return StatusUnknown, ""
	}
	status, value, _ = t.fields.status.read(values{record: r.value})
	return status, value
}

// Name returns the name of the resource with this id that a record describes.
func (t *ResourceType) Name(id ID, r, parent Record) string {
	if name := t.fields.name.text(values{record: r.value, parent: parent.value}); name != "" {
		return name
	}
	return id.String()
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
	// ignored are the values that are shown without a status on purpose.
	ignored map[string]bool
}

// read returns the status of a value, StatusUnknown for one the mapping does
// not name, the value, and whether the mapping does not know it.
func (s *statusRule) read(v values) (status Status, value string, open bool) {
	value = s.from.text(v)
	status = s.of[value]
	return status, value, value != "" && status == StatusUnknown && !s.ignored[value]
}
