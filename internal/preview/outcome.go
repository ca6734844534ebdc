// Package preview shows what a sync would store, without storing it: it drives
// a connector as the SDK's syncer does and returns resources, entitlements and
// grants in a form for people, tables and JSON.
package preview

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
)

// Outcome is what a sync would store, each part sorted by ids, and what it left out.
type Outcome struct {
	Resources    []Resource    `json:"resources"`
	Entitlements []Entitlement `json:"entitlements"`
	Grants       []Grant       `json:"grants"`
	LeftOut      []LeftOut     `json:"left_out,omitempty"`
}

// Resource is a resource. Ids are written TYPE:ID.
type Resource struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Parent      string `json:"parent,omitempty"`
	// Status has the API's own word for it in brackets where that says more:
	// "disabled (expired)"; "unknown (archived)" for a word the mapping does not name.
	Status       string         `json:"status,omitempty"`
	CreatedAt    string         `json:"created_at,omitempty"`
	Login        string         `json:"login,omitempty"`
	LoginAliases []string       `json:"login_aliases,omitempty"`
	Email        string         `json:"email,omitempty"`
	LastLogin    string         `json:"last_login,omitempty"`
	MFA          *bool          `json:"mfa,omitempty"`
	SSO          *bool          `json:"sso,omitempty"`
	Profile      map[string]any `json:"profile,omitempty"`
}

// Entitlement is an entitlement. Its id is TYPE:ID:SLUG.
type Entitlement struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Purpose     string   `json:"purpose"`
	GrantableTo []string `json:"grantable_to"`
	ReadOnly    bool     `json:"read_only,omitempty"`
}

// Grant says that a principal holds an entitlement.
type Grant struct {
	Entitlement string `json:"entitlement"`
	Principal   string `json:"principal"`
	// Expands are the entitlements whose holders hold this one too.
	Expands []string `json:"expands,omitempty"`
}

// LeftOut is a grant that the API tells of and the sync leaves out.
type LeftOut struct {
	Entitlement string `json:"entitlement"`
	Principal   string `json:"principal"`
	Reason      string `json:"reason"`
}

func idOf(id *v2.ResourceId) string { return id.GetResourceType() + ":" + id.GetResource() }

// lower returns the last word of an enum's name in small letters.
func lower(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

func newResource(r *v2.Resource) (Resource, error) {
	out := Resource{ID: idOf(r.GetId()), Name: r.GetDisplayName(), Description: r.GetDescription()}
	if parent := r.GetParentResourceId(); parent != nil {
		out.Parent = idOf(parent)
	}
	if status := r.GetStatus(); status != nil {
		out.Status = lower(status.GetStatus().String(), "RESOURCE_STATUS_")
		if status.GetStatus() == v2.Status_RESOURCE_STATUS_UNSPECIFIED {
			out.Status = "unknown"
		}
		if status.GetDetails() != "" {
			out.Status += " (" + status.GetDetails() + ")"
		}
	}
	if r.GetCreatedAt() != nil {
		out.CreatedAt = r.GetCreatedAt().AsTime().Format(time.RFC3339Nano)
	}
	if r.GetProfile() != nil {
		out.Profile = r.GetProfile().AsMap()
	}
	user := &v2.UserTrait{}
	annos := annotations.Annotations(r.GetAnnotations())
	if ok, err := annos.Pick(user); err != nil || !ok {
		return out, err
	}
	out.Login, out.LoginAliases = user.GetLogin(), user.GetLoginAliases()
	for _, email := range user.GetEmails() {
		out.Email = email.GetAddress()
	}
	if user.GetLastLogin() != nil {
		out.LastLogin = user.GetLastLogin().AsTime().Format(time.RFC3339Nano)
	}
	if mfa := user.GetMfaStatus(); mfa != nil {
		out.MFA = new(mfa.GetMfaEnabled())
	}
	if sso := user.GetSsoStatus(); sso != nil {
		out.SSO = new(sso.GetSsoEnabled())
	}
	return out, nil
}

func newEntitlement(e *v2.Entitlement) Entitlement {
	out := Entitlement{
		ID: e.GetId(), Name: e.GetDisplayName(), Description: e.GetDescription(),
		Purpose: lower(e.GetPurpose().String(), "PURPOSE_VALUE_"),
	}
	for _, t := range e.GetGrantableTo() {
		out.GrantableTo = append(out.GrantableTo, t.GetId())
	}
	annos := annotations.Annotations(e.GetAnnotations())
	out.ReadOnly = annos.Contains(&v2.EntitlementImmutable{})
	return out
}

func newGrant(g *v2.Grant) (Grant, error) {
	out := Grant{Entitlement: g.GetEntitlement().GetId(), Principal: idOf(g.GetPrincipal().GetId())}
	expandable := &v2.GrantExpandable{}
	annos := annotations.Annotations(g.GetAnnotations())
	if ok, err := annos.Pick(expandable); err != nil || !ok {
		return out, err
	}
	out.Expands = expandable.GetEntitlementIds()
	return out, nil
}

// collected is what a sync has brought so far, each thing once: as in a store,
// the last of an id counts.
type collected struct {
	resources    map[string]Resource
	entitlements map[string]Entitlement
	grants       map[[2]string]Grant
	leftOut      map[LeftOut]bool
}

// outcome sorts what was collected. A grant that has nothing to stand on is left out.
func (c *collected) outcome() *Outcome {
	o := &Outcome{
		Resources:    slices.SortedFunc(maps.Values(c.resources), func(a, b Resource) int { return cmp.Compare(a.ID, b.ID) }),
		Entitlements: slices.SortedFunc(maps.Values(c.entitlements), func(a, b Entitlement) int { return cmp.Compare(a.ID, b.ID) }),
	}
	for _, g := range c.grants {
		switch {
		case !has(c.entitlements, g.Entitlement):
			c.leftOut[LeftOut{g.Entitlement, g.Principal, "there is no such entitlement"}] = true
		case !has(c.resources, g.Principal):
			c.leftOut[LeftOut{g.Entitlement, g.Principal, "there is no " + g.Principal}] = true
		default:
			o.Grants = append(o.Grants, g)
		}
	}
	slices.SortFunc(o.Grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.Principal, b.Principal))
	})
	o.LeftOut = slices.SortedFunc(maps.Keys(c.leftOut), func(a, b LeftOut) int {
		return cmp.Or(cmp.Compare(a.Entitlement, b.Entitlement), cmp.Compare(a.Principal, b.Principal))
	})
	return o
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}
