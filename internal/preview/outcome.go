// Package preview shows what a sync stores: it runs the SDK's syncer into a temporary
// file and returns the resources, entitlements and grants in it in a form for people,
// tables and JSON.
package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
)

// Outcome is what a sync stores, each part sorted by ids, and what it left out.
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

// LeftOut is a grant that the API reports and the sync leaves out.
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

// collected is what was read from a file, each thing once, and what was left out.
type collected struct {
	resources    map[string]Resource
	entitlements map[string]Entitlement
	grants       map[[2]string]Grant
	leftOut      map[LeftOut]bool
}

// read reads the finished sync of a store.
func (c *collected) read(ctx context.Context, store c1zstore.Store) error {
	expandable, ok := store.(connectorstore.ExpansionGrantLister)
	if !ok {
		return fmt.Errorf("a store of the engine %s does not list which grants expand", store.Metadata().Engine)
	}
	return errors.Join(
		pages(func(token string) (string, error) {
			page, err := store.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{PageToken: token}.Build())
			for _, r := range page.GetList() {
				resource, badTrait := newResource(r)
				err = errors.Join(err, badTrait)
				c.resources[resource.ID] = resource
			}
			return page.GetNextPageToken(), err
		}),
		pages(func(token string) (string, error) {
			page, err := store.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
			for _, e := range page.GetList() {
				c.entitlements[e.GetId()] = newEntitlement(e)
			}
			return page.GetNextPageToken(), err
		}),
		pages(func(token string) (string, error) {
			page, err := expandable.ListGrantsWithExpansion(ctx, v2.GrantsServiceListGrantsRequest_builder{PageToken: token}.Build())
			for _, g := range page.GetList() {
				grant, badAnnotation := newGrant(g)
				err = errors.Join(err, badAnnotation)
				c.grants[[2]string{grant.Entitlement, grant.Principal}] = grant
			}
			return page.GetNextPageToken(), err
		}),
	)
}

// pages reads a list, page by page.
func pages(read func(token string) (next string, err error)) error {
	token, err := read("")
	for token != "" && err == nil {
		token, err = read(token)
	}
	return err
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
