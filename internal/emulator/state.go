package emulator

import "net/http"

// StatePath is where the server reports, without a key and to GET, who is there, what
// they hold, and what was done to them that their records do not show. It is the
// emulator's own: Descope has no such path.
//
//	{"users":[{"userId":"U2ada","loginIds":["ada@acme.example"],"status":"enabled",
//	  "roleNames":["Member"],"userTenants":[{"tenantId":"T2acme","roleNames":["Approver"]}]}],
//	 "effects":[{"kind":"signed-out","userId":"U2ada"}]}
const StatePath = "/-/state"

type state struct {
	Users   []userState `json:"users"`
	Effects []Effect    `json:"effects"`
}

type userState struct {
	UserID    string       `json:"userId"`
	LoginIDs  []string     `json:"loginIds"`
	Status    string       `json:"status"`
	RoleNames []string     `json:"roleNames"`
	Tenants   []Membership `json:"userTenants"`
}

func (s *Server) serveState(w http.ResponseWriter) {
	users := s.store.Users()
	now := state{Users: make([]userState, len(users)), Effects: some(s.store.Effects())}
	for i, u := range users {
		for j := range u.Tenants {
			u.Tenants[j].RoleNames = some(u.Tenants[j].RoleNames)
		}
		now.Users[i] = userState{u.UserID, some(u.LoginIDs), u.Status, some(u.RoleNames), some(u.Tenants)}
	}
	writeJSON(w, http.StatusOK, encode(now)) //nolint:errcheck // The caller went away.
}
