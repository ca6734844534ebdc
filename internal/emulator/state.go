package emulator

import "net/http"

// StatePath is where the server tells, without a key and to GET, what users hold.
// It is the emulator's own: Descope has no such path.
//
//	{"users":[{"userId":"U2ada","loginIds":["ada@acme.example"],"roleNames":["Member"],
//	  "userTenants":[{"tenantId":"T2acme","roleNames":["Approver"]}]}]}
const StatePath = "/-/state"

type state struct {
	Users []userState `json:"users"`
}

type userState struct {
	UserID    string       `json:"userId"`
	LoginIDs  []string     `json:"loginIds"`
	RoleNames []string     `json:"roleNames"`
	Tenants   []Membership `json:"userTenants"`
}

func (s *Server) serveState(w http.ResponseWriter) {
	users := s.store.Users()
	now := state{Users: make([]userState, len(users))}
	for i, u := range users {
		for j := range u.Tenants {
			u.Tenants[j].RoleNames = some(u.Tenants[j].RoleNames)
		}
		now.Users[i] = userState{u.UserID, some(u.LoginIDs), some(u.RoleNames), some(u.Tenants)}
	}
	writeJSON(w, http.StatusOK, encode(now)) //nolint:errcheck // The caller went away.
}
