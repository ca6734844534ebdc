package emulator

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// Store is the state of the project being served. It is safe for concurrent use,
// and what it returns is the caller's.
//
// Deleting a tenant, a role or a permission leaves what refers to it, as a project
// in disorder would.
type Store struct {
	mu          sync.Mutex
	users       []*userRow
	byID        map[string]*userRow
	byLoginID   map[string]*userRow
	tenants     []Tenant
	roles       []Role
	permissions []Permission

	accessKeys   []AccessKey
	applications []SSOApplication

	rules   rules
	created int // how many ids were made for new users
	// gone are the users that the API deleted.
	gone    []goneUser
	effects []Effect

	// catalogue is rebuilt whenever tenants or roles change.
	catalogue *catalogue
	// searches holds the matches of recent searches, in order, until users change.
	searches map[string][]*userRow
}

// userRow is a user and, while it is up to date, the JSON it is served as.
type userRow struct {
	user    User
	encoded []byte
	// from is the catalogue that encoded was made with.
	from *catalogue
	// past is what the API has changed, the oldest first.
	past []pastUser
	// since is when the API created the user, zero for one of the project.
	since time.Time
}

// at is the user as it was at a time.
func (r *userRow) at(t time.Time) User {
	if i := slices.IndexFunc(r.past, func(old pastUser) bool { return old.until.After(t) }); i >= 0 {
		return r.past[i].user
	}
	return r.user
}

// pastUser is a user as it was until a time.
type pastUser struct {
	user  User
	until time.Time
}

// goneUser is a user that was there until a time.
type goneUser struct {
	row   *userRow
	until time.Time
}

func newStore(p Project, r rules) *Store {
	s := &Store{
		rules:       r,
		users:       make([]*userRow, 0, len(p.Users)),
		byID:        make(map[string]*userRow, len(p.Users)),
		byLoginID:   make(map[string]*userRow, len(p.Users)),
		tenants:     slices.Clone(p.Tenants),
		roles:       slices.Clone(p.Roles),
		permissions: slices.Clone(p.Permissions),
		searches:    make(map[string][]*userRow),

		accessKeys:   slices.Clone(p.AccessKeys),
		applications: slices.Clone(p.SSOApplications),
	}
	s.catalogueChanged()
	for _, u := range p.Users {
		s.appendUser(u)
	}
	return s
}

// Users returns the users in the order they were added.
func (s *Store) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, len(s.users))
	for i, row := range s.users {
		users[i] = row.user.clone()
	}
	return users
}

// at returns a store as this one was at a time, but for all that the API did not do.
func (s *Store) at(t time.Time) *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Project{
		Tenants: s.tenants, Roles: s.roles, Permissions: s.permissions,
		AccessKeys: s.accessKeys, SSOApplications: s.applications,
	}
	add := func(row *userRow) {
		if !row.since.After(t) {
			p.Users = append(p.Users, row.at(t))
		}
	}
	for _, row := range s.users {
		add(row)
	}
	for _, gone := range s.gone {
		if gone.until.After(t) {
			add(gone.row)
		}
	}
	return newStore(p, s.rules)
}

// User returns a user by user id.
func (s *Store) User(userID string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byID[userID]
	if row == nil {
		return User{}, false
	}
	return row.user.clone(), true
}

// PutUser adds a user, or replaces the one with the same user id.
func (s *Store) PutUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u = u.clone()
	if row := s.byID[u.UserID]; row != nil {
		s.setUser(row, u)
		return
	}
	s.appendUser(u)
}

// CreateUser adds a user created after all others, or before them.
func (s *Store) CreateUser(first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := User{UserID: "U2drift1"}
	for n := 2; s.byID[u.UserID] != nil; n++ {
		u.UserID = "U2drift" + strconv.Itoa(n)
	}
	u.LoginIDs, u.Name = []string{u.UserID + "@drift.example"}, "Created While Listing"
	for i, row := range s.users {
		at := row.user.CreatedTime
		switch {
		case first && (i == 0 || at <= u.CreatedTime):
			u.CreatedTime = at - 1
		case !first && at >= u.CreatedTime:
			u.CreatedTime = at + 1
		}
	}
	s.appendUser(u)
}

// DeleteUser removes the users with a user id.
func (s *Store) DeleteUser(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users = slices.DeleteFunc(s.users, func(row *userRow) bool { return row.user.UserID == userID })
	s.reindexUsers()
}

// AddRawUser adds a row to the list of users that is served exactly as given, even
// when another row has its user id. The row is found by what can be read from it.
// Once the API changes such a user, what it changed is rewritten, with roleNames,
// permissions and userTenants, and the rest of the row stays.
func (s *Store) AddRawUser(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appendUser(parseUser(row))
}

// Tenants returns the tenants in the order they were added.
func (s *Store) Tenants() []Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneAll(s.tenants, Tenant.clone)
}

// PutTenant adds a tenant, or replaces the one with the same id.
func (s *Store) PutTenant(t Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants = put(s.tenants, t.clone(), func(other Tenant) bool { return other.ID == t.ID })
	s.catalogueChanged()
}

// DeleteTenant removes the tenants with an id.
func (s *Store) DeleteTenant(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tenants = slices.DeleteFunc(s.tenants, func(t Tenant) bool { return t.ID == id })
	s.catalogueChanged()
}

// AddRawTenant adds a row to the list of tenants that is served exactly as given.
func (s *Store) AddRawTenant(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := parse[Tenant](row)
	t.Raw = json.RawMessage(row)
	s.tenants = append(s.tenants, t)
	s.catalogueChanged()
}

// Roles returns the roles in the order they were added.
func (s *Store) Roles() []Role {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneAll(s.roles, Role.clone)
}

// PutRole adds a role, or replaces the one with the same tenant and name.
func (s *Store) PutRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles = put(s.roles, r.clone(), func(other Role) bool { return other.TenantID == r.TenantID && other.Name == r.Name })
	s.catalogueChanged()
}

// DeleteRole removes the roles with a name from a tenant, or from the project when
// tenantID is empty.
func (s *Store) DeleteRole(tenantID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles = slices.DeleteFunc(s.roles, func(r Role) bool { return r.TenantID == tenantID && r.Name == name })
	s.catalogueChanged()
}

// AddRawRole adds a row to the list of roles that is served exactly as given.
func (s *Store) AddRawRole(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := parse[Role](row)
	r.Raw = json.RawMessage(row)
	s.roles = append(s.roles, r)
	s.catalogueChanged()
}

// Permissions returns the permissions in the order they were added.
func (s *Store) Permissions() []Permission {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cloneAll(s.permissions, Permission.clone)
}

// PutPermission adds a permission, or replaces the one with the same name.
func (s *Store) PutPermission(p Permission) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permissions = put(s.permissions, p.clone(), func(other Permission) bool { return other.Name == p.Name })
}

// DeletePermission removes the permissions with a name.
func (s *Store) DeletePermission(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.permissions = slices.DeleteFunc(s.permissions, func(p Permission) bool { return p.Name == name })
}

// AddRawPermission adds a row to the list of permissions that is served exactly as
// given.
func (s *Store) AddRawPermission(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := parse[Permission](row)
	p.Raw = json.RawMessage(row)
	s.permissions = append(s.permissions, p)
}

// Assignment is something a user holds: a role of the project (no TenantID), a
// role inside a tenant, or the membership of a tenant itself (no RoleName).
type Assignment struct {
	UserID, TenantID, RoleName string
}

// Assignments returns everything that users hold, as a set.
func (s *Store) Assignments() map[Assignment]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(map[Assignment]bool)
	for _, row := range s.users {
		id := row.user.UserID
		for _, name := range row.user.RoleNames {
			held[Assignment{UserID: id, RoleName: name}] = true
		}
		for _, m := range row.user.Tenants {
			held[Assignment{UserID: id, TenantID: m.TenantID}] = true
			for _, name := range m.RoleNames {
				held[Assignment{UserID: id, TenantID: m.TenantID, RoleName: name}] = true
			}
		}
	}
	return held
}

// The methods below are called with the lock held.

func (s *Store) appendUser(u User) { s.appendRow(new(userRow), u) }

func (s *Store) appendRow(row *userRow, u User) {
	s.users = append(s.users, row)
	s.fill(row, u)
	s.indexUser(row)
	clear(s.searches)
}

// setUser replaces the user of a row.
func (s *Store) setUser(row *userRow, u User) {
	sameLogins := slices.Equal(row.user.LoginIDs, u.LoginIDs)
	s.fill(row, u)
	clear(s.searches)
	if !sameLogins {
		s.reindexUsers()
	}
}

func (s *Store) fill(row *userRow, u User) {
	if u.Status == "" && u.Raw == nil {
		u.Status = string(descopeserver.UserStatusEnabled)
	}
	row.user, row.encoded = u, nil
}

// indexUser makes a row the one that its ids mean, unless an earlier one is.
func (s *Store) indexUser(row *userRow) {
	if s.byID[row.user.UserID] == nil {
		s.byID[row.user.UserID] = row
	}
	for _, id := range row.user.LoginIDs {
		if s.byLoginID[id] == nil {
			s.byLoginID[id] = row
		}
	}
}

func (s *Store) reindexUsers() {
	clear(s.byID)
	clear(s.byLoginID)
	clear(s.searches)
	for _, row := range s.users {
		s.indexUser(row)
	}
}

// findUser looks an identifier up as a login id, then as a user id.
func (s *Store) findUser(identifier string) *userRow {
	if row := s.byLoginID[identifier]; row != nil {
		return row
	}
	return s.byID[identifier]
}

// encoded is the JSON a user is served as. It is kept: pages of the same users are
// asked for again and again.
func (s *Store) encoded(row *userRow) []byte {
	if row.encoded == nil || row.from != s.catalogue {
		row.encoded, row.from = encodeUser(row.user, s.catalogue), s.catalogue
	}
	return row.encoded
}

// catalogueChanged also forgets searches, which may look at tenants.
func (s *Store) catalogueChanged() {
	s.catalogue = newCatalogue(s.tenants, s.roles)
	clear(s.searches)
}

func put[T any](rows []T, row T, same func(T) bool) []T {
	if i := slices.IndexFunc(rows, same); i >= 0 {
		rows[i] = row
		return rows
	}
	return append(rows, row)
}

func cloneAll[T any](rows []T, clone func(T) T) []T {
	copies := make([]T, len(rows))
	for i, row := range rows {
		copies[i] = clone(row)
	}
	return copies
}

// parse reads from a raw row what it can.
func parse[T any](row string) T {
	var value T
	json.Unmarshal([]byte(row), &value) //nolint:errcheck // Awkward rows are the purpose.
	return value
}
