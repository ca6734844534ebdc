package emulator

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// The rules of paging: limit is 100 when absent or 0; offset, when positive, beats
// page*limit; a page past the end is empty; total counts the matches on all pages.
const (
	DefaultLimit = 100
	// maxLimit is ours: the service documents none.
	maxLimit = 1000
)

// rememberedSearches bounds how many searches keep their matches, in number.
const rememberedSearches = 16

// search returns the reply to SearchUsers.
func (s *Store) search(request descopeserver.SearchUsersRequest) ([]byte, error) {
	start, limit, err := window(request)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	matches := s.matches(request)
	start = min(start, len(matches))
	page := matches[start:min(start+limit, len(matches))]
	rows := make([][]byte, len(page))
	for i, row := range page {
		rows[i] = s.encoded(row)
	}
	s.mu.Unlock()
	return listReply("users", rows, len(matches)), nil
}

// Warm does ahead what the first searches of a large project would wait for: it
// makes the JSON of every user, and sorts the users by creation time.
func (s *Store) Warm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range s.users {
		s.encoded(row)
	}
	byTime := descopeserver.SearchUsersRequest{Sort: []descopeserver.SortField{{Field: descopeserver.SortFieldFieldCreatedTime}}}
	s.matches(byTime)
	byTime.WithTestUser = true
	s.matches(byTime)
}

// window is the first row a search asks for, and how many.
func window(request descopeserver.SearchUsersRequest) (start, limit int, err error) {
	if request.Limit < 0 || request.Page < 0 || request.Offset < 0 {
		return 0, 0, invalidArguments("limit, page and offset must not be negative")
	}
	if request.Limit > maxLimit {
		return 0, 0, invalidArguments(fmt.Sprintf("limit must be at most %d", maxLimit))
	}
	limit = cmp.Or(int(request.Limit), DefaultLimit)
	if request.Offset > 0 {
		return int(request.Offset), limit, nil
	}
	return int(request.Page) * limit, limit, nil
}

// matches are the users a search finds, in its order, whatever the page.
func (s *Store) matches(request descopeserver.SearchUsersRequest) []*userRow {
	request.Limit, request.Page, request.Offset = 0, 0, 0
	key := string(encode(request))
	if rows, ok := s.searches[key]; ok {
		return rows
	}
	rows := make([]*userRow, 0, len(s.users))
	for _, row := range s.users {
		if s.match(&row.user, &request) {
			rows = append(rows, row)
		}
	}
	if len(request.Sort) > 0 {
		slices.SortStableFunc(rows, func(a, b *userRow) int { return compareBy(request.Sort, &a.user, &b.user) })
	}
	if len(s.searches) == rememberedSearches {
		clear(s.searches)
	}
	s.searches[key] = rows
	return rows
}

// match reports whether a user passes all filters of a search. Test users are left
// out unless they are asked for.
func (s *Store) match(u *User, r *descopeserver.SearchUsersRequest) bool {
	switch {
	case u.Test && !r.WithTestUser && !r.TestUsersOnly,
		!u.Test && r.TestUsersOnly,
		r.LoginID != "" && !slices.Contains(u.LoginIDs, r.LoginID),
		len(r.LoginIds) > 0 && !overlap(u.LoginIDs, r.LoginIds),
		!oneOf(u.UserID, r.UserIds),
		!oneOf(u.Email, r.Emails),
		!oneOf(u.Phone, r.Phones),
		!oneOf(descopeserver.UserStatus(u.Status), r.Statuses),
		r.SsoOnly && !u.SAML && !u.OIDC,
		r.ScimOnly && !u.SCIM,
		len(r.SsoAppIds) > 0 && !overlap(u.SSOAppIDs, r.SsoAppIds),
		len(r.TenantIds) > 0 && !s.memberOfAny(u, r.TenantIds, r.IncludeSubTenants),
		len(r.RoleNames) > 0 && !holdsAny(u, r.RoleNames),
		!hasText(u, r.Text),
		!hasAttributes(u, r.CustomAttributes):
		return false
	}
	return true
}

func (s *Store) memberOfAny(u *User, tenantIDs []string, includeSubTenants bool) bool {
	return slices.ContainsFunc(u.Tenants, func(m Membership) bool {
		return slices.ContainsFunc(tenantIDs, func(id string) bool {
			return m.TenantID == id || includeSubTenants && s.catalogue.within(m.TenantID, id)
		})
	})
}

// holdsAny looks at roles of the project and at roles inside tenants.
func holdsAny(u *User, roleNames []string) bool {
	return overlap(u.RoleNames, roleNames) || slices.ContainsFunc(u.Tenants, func(m Membership) bool {
		return overlap(m.RoleNames, roleNames)
	})
}

func hasText(u *User, text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(append([]string{u.UserID, u.Name, u.Email, u.Phone}, u.LoginIDs...), func(column string) bool {
		return strings.Contains(strings.ToLower(column), text)
	})
}

// hasAttributes reports whether each wanted attribute has the wanted value, or one
// of them where a list is given.
func hasAttributes(u *User, wanted map[string]any) bool {
	for name, want := range wanted {
		values, ok := want.([]any)
		if !ok {
			values = []any{want}
		}
		have := jsonValue(u.CustomAttributes[name])
		if !slices.ContainsFunc(values, func(v any) bool { return reflect.DeepEqual(v, have) }) {
			return false
		}
	}
	return true
}

// compareBy orders users by the fields in turn, then by user id.
func compareBy(fields []descopeserver.SortField, a, b *User) int {
	for _, f := range fields {
		order := compareField(f.Field, a, b)
		if f.Desc {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(a.UserID, b.UserID)
}

// compareField compares one field. The store keeps no modification times: they
// count as the times of creation.
func compareField(field descopeserver.SortFieldField, a, b *User) int {
	switch field {
	case descopeserver.SortFieldFieldCreatedTime, descopeserver.SortFieldFieldModifiedTime:
		return cmp.Compare(a.CreatedTime, b.CreatedTime)
	case descopeserver.SortFieldFieldDisplayName:
		return cmp.Compare(a.Name, b.Name)
	case descopeserver.SortFieldFieldEmail:
		return cmp.Compare(a.Email, b.Email)
	case descopeserver.SortFieldFieldPhoneNumber:
		return cmp.Compare(a.Phone, b.Phone)
	case descopeserver.SortFieldFieldStatus:
		return cmp.Compare(a.Status, b.Status)
	case descopeserver.SortFieldFieldExternalID:
		return slices.Compare(a.LoginIDs, b.LoginIDs)
	case descopeserver.SortFieldFieldTenant:
		return slices.CompareFunc(a.Tenants, b.Tenants, func(a, b Membership) int { return cmp.Compare(a.TenantID, b.TenantID) })
	default: // the id, and a sort field that names none
		return cmp.Compare(a.UserID, b.UserID)
	}
}

// oneOf reports whether a value is among the wanted ones; no wanted ones means any.
func oneOf[T comparable](value T, wanted []T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}
