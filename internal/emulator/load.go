package emulator

import (
	"cmp"
	"fmt"
)

// loadUser returns the reply to LoadUser, for a user id or else for a login id.
func (s *Store) loadUser(userID, loginID string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, err := s.lookUp(userID, loginID)
	if err != nil {
		return nil, err
	}
	return s.userReply(row), nil
}

// lookUp finds a user by user id, or else by login id.
func (s *Store) lookUp(userID, loginID string) (*userRow, error) {
	if userID == "" && loginID == "" {
		return nil, missingArguments("loginId or userId must be given")
	}
	row := s.byID[userID]
	if userID == "" {
		row = s.byLoginID[loginID]
	}
	if row == nil {
		return nil, userNotFound(cmp.Or(userID, loginID))
	}
	return row, nil
}

// userReply is {"user":row}.
func (s *Store) userReply(row *userRow) []byte {
	return fmt.Appendf(nil, `{"user":%s}`, s.encoded(row))
}

func (s *Store) loadAllTenants() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listReply("tenants", encodeAll(s.tenants, encodeTenant), -1)
}

// loadAllRoles lists the project's roles and the tenants' roles together.
func (s *Store) loadAllRoles() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listReply("roles", encodeAll(s.roles, encodeRole), -1)
}

func (s *Store) loadAllPermissions() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listReply("permissions", encodeAll(s.permissions, encodePermission), -1)
}

func encodeAll[T any](rows []T, encode func(T) []byte) [][]byte {
	encoded := make([][]byte, len(rows))
	for i, row := range rows {
		encoded[i] = encode(row)
	}
	return encoded
}
