package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// clubAPI has memberships with more than an id, in records and in lists of holders.
type clubMember struct {
	ID         string      `json:"id"`
	Clubs      []clubEntry `json:"clubs,omitempty"`
	OwnerID    string      `json:"owner_id,omitempty"`
	OwnerType  string      `json:"owner_type,omitempty"`
	HouseType  string      `json:"house_type,omitempty"`
	FriendIDs  []string    `json:"friend_ids,omitempty"`
	FriendType string      `json:"friend_type,omitempty"`
	Type       string      `json:"type,omitempty"`
}

type clubEntry struct {
	Club       string `json:"club"`
	Active     *bool  `json:"active,omitempty"`
	Level      level  `json:"level,omitempty"`
	MemberType string `json:"memberType,omitempty"`
	Since      string `json:"since,omitempty"`
}

type level string

func (level) EnumValues() []string { return []string{"full", "guest"} }

type holdersCall struct {
	Club string `in:"path" json:"club"`
}

var clubAPI = mapping.Environment{Operations: api.NewOperations(
	operation[struct{}, []clubMember]("ListMembers"),
	operation[struct{}, []struct {
		ID string `json:"id"`
	}]("ListClubs"),
	operation[holdersCall, []clubEntry]("ListHolders"),
)}

const clubMapping = `version: 1
connector: {display_name: Clubs}
resource_types:
  member:
    display_name: Member
    list: {operation: ListMembers}
    id: id
    name: id
    grants:
      - {entitlement: club.joined, on: RULE}
    # ignored
  club:
    display_name: Club
    list: {operation: ListClubs}
    id: id
    name: id
    entitlements:
      joined: {grantable_to: member, read_only: true}
`

func TestWhatStandsBesideAnID(t *testing.T) {
	unread := func(place, path string) string {
		return place + ": " + path + " stands beside the id and may say that club.joined is not held, or by something else, but nothing reads it; " +
			"give a reason: ignored: {" + path + ": ...}"
	}
	for _, c := range []struct{ name, rule, ignored, want string }{
		{"a truth value, an enum and a type in an entry", "clubs.club", "", unread("10:23", "clubs.active") + "\n" + unread("10:23", "clubs.level") + "\n" + unread("10:23", "clubs.memberType")},
		{"what is ignored", "clubs.club", "ignored: {clubs.active: It is always true., clubs.level: All are members., clubs.memberType: All are people.}", ""},
		{"what is read", "clubs.club", "ignored: {clubs.level: All are members., clubs.memberType: All are people.}\n    profile: {active: clubs.active}", ""},
		{"the same beside two rules", "clubs.club}\n      - {entitlement: club.joined, on: clubs.since", "", unread("10:23", "clubs.active") + "\n" + unread("10:23", "clubs.level") + "\n" + unread("10:23", "clubs.memberType")},
		{"the type of ids in the record", "friend_ids", "", unread("10:23", "friend_type")},
		{"its own id, which has no other type", "id", "", ""},
		{"the type of an id in the record", "owner_id", "", unread("10:23", "owner_type")},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.NewReplacer("RULE", c.rule, "# ignored", c.ignored).Replace(clubMapping)
			if got := warningsIn(t, src, clubAPI); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestWhatStandsBesideTheIDOfAHolder(t *testing.T) {
	holders := func(ignored string) string {
		src := strings.NewReplacer("    grants:\n      - {entitlement: club.joined, on: RULE}\n", "",
			"read_only: true}", "read_only: true, holders: {operation: ListHolders, with: {club: id}, principal: club"+ignored+"}}").Replace(clubMapping)
		return src
	}
	if got := warningsIn(t, holders(""), clubAPI); strings.Count(got, "\n") != 2 || !strings.Contains(got, "memberType stands beside the id and may say that club.joined is not held") {
		t.Errorf("got:\n%s", got)
	}
	if got := warningsIn(t, holders(", ignored: {active: No., level: No., memberType: No.}"), clubAPI); got != "" {
		t.Errorf("got:\n%s", got)
	}
	_, err := mapping.Load("f", []byte(holders(", ignored: {club: No., lvl: No.}")), clubAPI)
	want := `f:16:134: club is not ignored: "principal" reads it` + "\n" + `f:16:145: a holder record (clubEntry) has no field "lvl"; did you mean "level"?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// The records of a list of users say what a user is, and not what a user holds.
func TestHoldersThatAreWholeUsers(t *testing.T) {
	src := strings.TrimPrefix(holdersMapping, "\n")
	if got := warningsIn(t, src, mapping.Environment{Operations: client.Operations}); strings.Contains(got, "stands beside") {
		t.Errorf("got:\n%s", got)
	}
}
