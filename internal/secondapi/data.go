package secondapi

// Person is a person of Workbench, as the API writes one.
type Person struct {
	ID         int64        `json:"id"`
	Active     bool         `json:"active"`
	CreatedAt  string       `json:"createdAt"`
	LastSeen   string       `json:"last_seen,omitempty"`
	Handles    []string     `json:"handles"`
	Profile    *Profile     `json:"profile"`
	Security   *Security    `json:"security,omitempty"`
	Workspaces []Membership `json:"workspaces"`
	Roles      []RoleKey    `json:"roles,omitempty"`
}

// Profile is a person's own description.
type Profile struct {
	FullName string   `json:"full_name,omitempty"`
	Desk     int      `json:"desk,omitempty"`
	Contact  *Contact `json:"contact,omitempty"`
}

// Contact is how to reach a person.
type Contact struct {
	Email  string   `json:"email,omitempty"`
	Phones []string `json:"phones,omitempty"`
}

// Security is how a person signs in.
type Security struct {
	TwoFactor bool `json:"two_factor"`
	// PIN is a secret.
	PIN int `json:"pin,omitempty"`
}

// Membership is a workspace that a person is in, with the groups there.
type Membership struct {
	ID     int64         `json:"id"`
	Groups []GroupMember `json:"groups,omitempty"`
}

// GroupMember is a group that a person is in.
type GroupMember struct {
	ID     int64  `json:"id"`
	Joined string `json:"joined,omitempty"`
}

// RoleKey names a role.
type RoleKey struct {
	Key   string `json:"key"`
	Level int    `json:"level"`
}

// Role is a role that people hold.
type Role struct {
	Role  RoleKey `json:"role"`
	About string  `json:"about,omitempty"`
}

// Workspace is where people work.
type Workspace struct {
	ID       int64  `json:"id"`
	Title    string `json:"title"`
	OpenedOn string `json:"openedOn,omitempty"`
	State    string `json:"state,omitempty"`
}

// Group is a group of people, in a workspace or in none.
type Group struct {
	ID         int64   `json:"group_id"`
	Label      string  `json:"label"`
	Workspace  *int64  `json:"workspace_id"`
	SharedWith []int64 `json:"shared_with,omitempty"`
}

// Data is all that a Workbench holds.
type Data struct {
	People     []*Person
	Groups     []Group
	Workspaces []Workspace
	Roles      []Role
}

// Annex is the id of a workspace that a floating-point number cannot represent.
const Annex = 1<<53 + 1

// Demo returns a small Workbench: two pages of people and two of groups.
func Demo() Data {
	lab, annex := int64(7), int64(Annex)
	return Data{
		Workspaces: []Workspace{
			{ID: lab, Title: "Lab", OpenedOn: "2020-05-01T08:00:00Z", State: "open"},
			{ID: annex, Title: "Annex"},
			{ID: 8, Title: "Attic", State: "frozen"},
		},
		Groups: []Group{
			{ID: 31, Label: "Optics", Workspace: &lab},
			{ID: 32, Label: "Optics", Workspace: &annex, SharedWith: []int64{lab, 8}},
			{ID: 33, Label: "Night shift"},
			{ID: 34, Label: "Archive", Workspace: &lab, SharedWith: []int64{annex}},
		},
		Roles: []Role{
			{Role: RoleKey{"keeper", 1}, About: "Holds the keys"},
			{Role: RoleKey{"keeper", 2}},
			{Role: RoleKey{"a/b %", 3}},
		},
		People: []*Person{
			{
				ID: 101, Active: true, CreatedAt: "2024-03-01T09:30:00+02:00", LastSeen: "2025-01-02T03:04:05.5Z",
				Handles:  []string{"ada", "countess"},
				Profile:  &Profile{FullName: "Ada Byron", Desk: 12, Contact: &Contact{"ada@workbench.example", []string{"+44 1", "+44 2"}}},
				Security: &Security{TwoFactor: true, PIN: 470815},
				Workspaces: []Membership{
					{ID: lab, Groups: []GroupMember{{31, "2024-03-02T00:00:00Z"}, {34, ""}}},
					{ID: annex, Groups: []GroupMember{{ID: 32}}},
				},
				Roles: []RoleKey{{"keeper", 1}, {"a/b %", 3}},
			},
			{ID: 102, Active: false, CreatedAt: "2024-03-02T00:00:00Z", Handles: []string{"bob"}, Workspaces: []Membership{{ID: 8}}},
			{ID: 103, Active: true, CreatedAt: "2024-03-03T00:00:00Z"},
			{ID: 104, Active: true, CreatedAt: "2024-03-04T00:00:00Z", Handles: []string{"dee"}, Roles: []RoleKey{{"keeper", 2}, {"keeper", 2}}},
			{
				ID: 105, Active: true, CreatedAt: "2024-03-05T00:00:00Z", Handles: []string{"eve"},
				Security:   &Security{},
				Workspaces: []Membership{{ID: annex, Groups: []GroupMember{{ID: 32}, {ID: 33}}}},
			},
		},
	}
}
