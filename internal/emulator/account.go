package emulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// The rules of accounts: a login id belongs to one user, and is no user's id. A new
// user is invited unless a status is given. What is given to create, patch or update
// a user has to exist; lists that are given replace, and "" clears. A call that fails
// changes nothing.

// DefaultTaken is the error code for a login id that is taken, unless [Options] say
// otherwise.
const DefaultTaken = "E062107"

// NotCreated stands for a reply that is no failure: HTTP 200 with the user who has
// the login id, and created: false.
const NotCreated = "not-created"

// rules are the choices among what is not documented of the service.
type rules struct {
	taken        string // an error code, or NotCreated
	secondLayout bool
}

// create creates a user. With a user id in place of a login id it invites that user
// again, if it is to invite at all.
func (s *Store) create(r descopeserver.CreateUserRequest) ([]byte, error) {
	if r.LoginID == "" {
		return nil, missingArguments("loginId must be given")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if row := s.byID[r.LoginID]; row != nil && value(r.Invite) {
		s.invite(row.user, r)
		return s.createReply(row, false), nil
	}
	row := &userRow{since: time.Now()}
	u := User{
		LoginIDs:    []string{r.LoginID},
		Status:      string(descopeserver.UserStatusInvited),
		Editable:    true,
		CreatedTime: int32(row.since.Unix()), //nolint:gosec // Until 2038.
		Test:        value(r.Test),
		Password:    value(r.Password) != "",
	}
	if holder := s.holder(u, r.LoginID); holder != nil {
		if s.rules.taken == NotCreated {
			return s.createReply(holder, false), nil
		}
		return nil, s.loginIDTaken(r.LoginID)
	}
	// The details have the same names in both requests.
	if err := s.set(&u, parse[descopeserver.PatchUserRequest](string(encode(r)))); err != nil {
		return nil, err
	}
	u.UserID = s.newUserID()
	s.appendRow(row, u)
	if value(r.Invite) {
		s.invite(u, r)
	}
	return s.createReply(row, true), nil
}

func (s *Store) createReply(row *userRow, created bool) []byte {
	return fmt.Appendf(nil, `{"user":%s,"created":%t}`, s.encoded(row), created)
}

// newUserID returns an id that no user has or had.
func (s *Store) newUserID() string {
	for {
		s.created++
		if id := fmt.Sprintf("U2new%d", s.created); s.byID[id] == nil {
			return id
		}
	}
}

// patch changes what is given of a user.
func (s *Store) patch(r descopeserver.PatchUserRequest) ([]byte, error) {
	return s.change(r.LoginID, func(u *User) error { return s.set(u, r) })
}

// update gives a user the details of a request, and no others.
func (s *Store) update(r descopeserver.UpdateUserRequest) ([]byte, error) {
	return s.change(r.LoginID, func(u *User) error {
		*u = User{
			UserID: u.UserID, LoginIDs: u.LoginIDs[:min(1, len(u.LoginIDs))], Status: u.Status, Test: u.Test, Editable: u.Editable,
			CreatedTime: u.CreatedTime, ConsentExpiration: u.ConsentExpiration, Password: u.Password, WebAuthn: u.WebAuthn,
			Push: u.Push, TOTP: u.TOTP, SAML: u.SAML, OIDC: u.OIDC, SCIM: u.SCIM, OAuth: u.OAuth, Raw: u.Raw,
		}
		// An empty field of this request is left out.
		return s.set(u, parse[descopeserver.PatchUserRequest](string(encode(r))))
	})
}

func (s *Store) updateStatus(r descopeserver.UpdateUserStatusRequest) ([]byte, error) {
	return s.change(r.LoginID, func(u *User) error {
		u.Status = string(r.Status)
		return nil
	})
}

// remove deletes a user, by user id or else by login id.
func (s *Store) remove(userID, loginID string) ([]byte, error) {
	return s.affect(userID, loginID, func(row *userRow) {
		s.users = slices.DeleteFunc(s.users, func(other *userRow) bool { return other == row })
		s.reindexUsers()
		s.gone = append(s.gone, goneUser{row, time.Now()})
	})
}

// signOut ends all sessions of a user, by user id or else by login id.
func (s *Store) signOut(userID, loginID string) ([]byte, error) {
	return s.affect(userID, loginID, func(row *userRow) {
		s.effects = append(s.effects, Effect{Kind: SignedOut, UserID: row.user.UserID})
	})
}

// expirePassword expires a user's password. In the second layout it takes no user id.
func (s *Store) expirePassword(identifier string) ([]byte, error) {
	var userID string
	if _, ok := s.User(identifier); ok && !s.rules.secondLayout {
		userID = identifier
	}
	return s.affect(userID, identifier, func(row *userRow) {
		s.effects = append(s.effects, Effect{Kind: PasswordExpired, UserID: row.user.UserID})
	})
}

// affect does something to a user, by user id or else by login id, and returns the
// reply without content: none at all, or in the second layout an empty object.
func (s *Store) affect(userID, loginID string, do func(*userRow)) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.lookUp(userID, loginID)
	if err != nil {
		return nil, err
	}
	do(row)
	if s.rules.secondLayout {
		return []byte("{}"), nil
	}
	return nil, nil
}

// The functions below are called with the lock held.

// set changes what a request gives of a user.
func (s *Store) set(u *User, r descopeserver.PatchUserRequest) error {
	if err := s.setLoginIDs(u, r.AdditionalIdentifiers); err != nil {
		return err
	}
	if err := s.setRoles(u, r.RoleNames, r.UserTenants); err != nil {
		return err
	}
	if s.rules.secondLayout {
		// An address that is another one has to be verified again.
		u.VerifiedEmail = u.VerifiedEmail && (r.Email == nil || *r.Email == u.Email)
		u.VerifiedPhone = u.VerifiedPhone && (r.Phone == nil || *r.Phone == u.Phone)
	}
	give(&u.Email, r.Email)
	give(&u.VerifiedEmail, r.VerifiedEmail)
	give(&u.Phone, r.Phone)
	give(&u.VerifiedPhone, r.VerifiedPhone)
	give(&u.Name, r.Name)
	give(&u.GivenName, r.GivenName)
	give(&u.MiddleName, r.MiddleName)
	give(&u.FamilyName, r.FamilyName)
	give(&u.Picture, r.Picture)
	give(&u.RecoveryEmail, r.RecoveryEmail)
	give(&u.VerifiedRecoveryEmail, r.VerifiedRecoveryEmail)
	give(&u.RecoveryPhone, r.RecoveryPhone)
	give(&u.VerifiedRecoveryPhone, r.VerifiedRecoveryPhone)
	give(&u.SSOAppIDs, r.SsoAppIds)
	u.Status = cmp.Or(string(value(r.Status)), u.Status)
	if r.CustomAttributes != nil {
		if s.rules.secondLayout || u.CustomAttributes == nil {
			u.CustomAttributes = make(map[string]any)
		}
		maps.Copy(u.CustomAttributes, *r.CustomAttributes)
	}
	return nil
}

// setLoginIDs replaces the login ids beside the first.
func (s *Store) setLoginIDs(u *User, additional *[]string) error {
	if additional == nil {
		return nil
	}
	ids := u.LoginIDs[:min(1, len(u.LoginIDs)):1]
	for _, id := range *additional {
		switch {
		case id == "":
			return invalidArguments("a login id must not be empty")
		case s.holder(*u, id) != nil:
			return s.loginIDTaken(id)
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	u.LoginIDs = ids
	return nil
}

func (s *Store) setRoles(u *User, roleNames *[]string, tenants *[]descopeserver.AssociatedTenant) error {
	if roleNames != nil {
		roles, err := s.existing("", *roleNames)
		if err != nil {
			return err
		}
		u.RoleNames = roles
	}
	if tenants == nil {
		return nil
	}
	u.Tenants = nil
	for _, t := range *tenants {
		if u.membership(t.TenantID) >= 0 {
			return invalidArguments("userTenants has the tenant " + t.TenantID + " twice")
		}
		if err := s.join(u, t.TenantID); err != nil {
			return err
		}
		roles, err := s.existing(t.TenantID, t.RoleNames)
		if err != nil {
			return err
		}
		u.Tenants[len(u.Tenants)-1].RoleNames = roles
	}
	return nil
}

// existing returns the names of roles, each once, which all have to exist in a tenant,
// or in the project as a whole without one.
func (s *Store) existing(tenantID string, roleNames []string) ([]string, error) {
	var names []string
	for _, name := range roleNames {
		if s.catalogue.role(tenantID, name) == nil {
			return nil, roleNotFound(tenantID, name)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// holder is another user than u whom an identifier means, nil without one.
func (s *Store) holder(u User, identifier string) *userRow {
	if row := s.findUser(identifier); row != nil && row.user.UserID != u.UserID {
		return row
	}
	return nil
}

func (s *Store) loginIDTaken(id string) *Failure {
	code := s.rules.taken
	if code == NotCreated {
		code = DefaultTaken
	}
	return userExists(code, id)
}

// invite notes the invitation of a user. It goes out by mail where there is an address,
// else as a text message, unless the request says otherwise.
func (s *Store) invite(u User, r descopeserver.CreateUserRequest) {
	mail := u.Email
	if i := slices.IndexFunc(u.LoginIDs, func(id string) bool { return strings.Contains(id, "@") }); mail == "" && i >= 0 {
		mail = u.LoginIDs[i]
	}
	e := Effect{Kind: Invited, UserID: u.UserID, URL: value(r.InviteURL)}
	if r.SendMail == nil || *r.SendMail {
		e.Mail = mail
	}
	if r.SendSMS == nil && e.Mail == "" || value(r.SendSMS) {
		e.Phone = u.Phone
	}
	s.effects = append(s.effects, e)
}

// give sets a field to a value that is given.
func give[T any](field, given *T) {
	if given != nil {
		*field = *given
	}
}

// value is what a pointer points to, the zero value for nil.
func value[T any](pointer *T) T {
	var v T
	give(&v, pointer)
	return v
}
