package emulator

import (
	"fmt"
	"slices"
	"time"
)

// The rules of membership: roles inside a tenant are given to its members alone
// and taken from them alone, except that v2 of the call that gives makes the user
// a member first. A tenant takes its own roles and the project's, the project as a
// whole only its own. Doing a thing twice is harmless. A call that fails changes
// nothing.

// addRoles gives a user roles inside a tenant, or of the project without one. With
// join, the user becomes a member where needed.
func (s *Store) addRoles(identifier, tenantID string, roleNames []string, join bool) ([]byte, error) {
	return s.change(identifier, func(u *User) error {
		if join && tenantID != "" {
			if err := s.join(u, tenantID); err != nil {
				return err
			}
		}
		held, err := s.rolesIn(u, tenantID)
		if err != nil {
			return err
		}
		for _, name := range roleNames {
			if s.catalogue.role(tenantID, name) == nil {
				return roleNotFound(tenantID, name)
			}
			if !slices.Contains(*held, name) {
				*held = append(*held, name)
			}
		}
		return nil
	})
}

// removeRoles takes roles from a user. A role that is gone can still be taken.
func (s *Store) removeRoles(identifier, tenantID string, roleNames []string) ([]byte, error) {
	return s.change(identifier, func(u *User) error {
		held, err := s.rolesIn(u, tenantID)
		if err != nil {
			return err
		}
		for _, name := range roleNames {
			if s.catalogue.role(tenantID, name) == nil && !slices.Contains(*held, name) {
				return roleNotFound(tenantID, name)
			}
		}
		*held = slices.DeleteFunc(*held, func(name string) bool { return slices.Contains(roleNames, name) })
		return nil
	})
}

func (s *Store) addTenant(identifier, tenantID string) ([]byte, error) {
	return s.change(identifier, func(u *User) error { return s.join(u, tenantID) })
}

// removeTenant ends a membership and, with it, the roles inside the tenant. The
// membership of a tenant that is gone can still be ended.
func (s *Store) removeTenant(identifier, tenantID string) ([]byte, error) {
	return s.change(identifier, func(u *User) error {
		at := u.membership(tenantID)
		if at < 0 && s.catalogue.tenants[tenantID] == nil {
			return tenantNotFound(tenantID)
		}
		u.Tenants = slices.DeleteFunc(u.Tenants, func(m Membership) bool { return m.TenantID == tenantID })
		return nil
	})
}

// change applies a change to a copy of a user, keeps the copy if that succeeds,
// and returns the reply with the user as it is then.
func (s *Store) change(identifier string, change func(*User) error) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.findUser(identifier)
	if row == nil {
		return nil, userNotFound(identifier)
	}
	u := row.user.clone()
	if err := change(&u); err != nil {
		return nil, err
	}
	if u.Raw != nil {
		raw, err := patchRaw(row.user, u, s.catalogue)
		if err != nil {
			return nil, fmt.Errorf("raw row of user %s: %w", u.UserID, err)
		}
		u.Raw = raw
	}
	row.past = append(row.past, pastUser{row.user, time.Now()})
	s.setUser(row, u)
	return s.userReply(row), nil
}

func (s *Store) join(u *User, tenantID string) error {
	if u.membership(tenantID) >= 0 {
		return nil
	}
	if s.catalogue.tenants[tenantID] == nil {
		return tenantNotFound(tenantID)
	}
	u.Tenants = append(u.Tenants, Membership{TenantID: tenantID})
	return nil
}

// rolesIn is the list of the roles a user holds in a tenant, or in the project as
// a whole without one.
func (s *Store) rolesIn(u *User, tenantID string) (*[]string, error) {
	if tenantID == "" {
		return &u.RoleNames, nil
	}
	at := u.membership(tenantID)
	switch {
	case at >= 0:
		return &u.Tenants[at].RoleNames, nil
	case s.catalogue.tenants[tenantID] == nil:
		return nil, tenantNotFound(tenantID)
	}
	return nil, invalidArguments(fmt.Sprintf("user %s is not a member of tenant %s", u.UserID, tenantID))
}
