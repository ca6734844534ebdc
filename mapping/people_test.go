package mapping_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

// A second API, of a shape that Descope's does not have: numbers as ids, nested
// objects, bare lists, pages by cursor and by number, path parameters.

type created struct {
	Created string `json:"created,omitempty"`
}

type person struct {
	created
	ID       int64          `json:"id"`
	Contact  *contact       `json:"contact,omitempty"`
	Active   *bool          `json:"active,omitempty"`
	Admin    bool           `json:"admin,omitempty"`
	Logins   []string       `json:"logins,omitempty"`
	Age      *int32         `json:"age,omitempty"`
	Serial   uint64         `json:"serial,omitempty"`
	Score    float64        `json:"score,omitempty"`
	State    string         `json:"state,omitempty"`
	Extra    map[string]any `json:"extra,omitempty"`
	Anything any            `json:"anything,omitempty"`
	Region   string         `json:"region,omitempty"`
	Lead     *int64         `json:"lead,omitempty"`
	Teams    []membership   `json:"teams,omitempty"`
}

type contact struct {
	Mail  *string  `json:"mail,omitempty"`
	Phone *string  `json:"phone,omitempty"`
	Other *contact `json:"other,omitempty"`
	Pin   *int64   `json:"pin,omitempty" secret:"true"`
}

type membership struct {
	Region string   `json:"region,omitempty"`
	Team   *int64   `json:"team,omitempty"`
	Badges []string `json:"badges,omitempty"`
}

type team struct {
	Region string `json:"region,omitempty"`
	ID     int64  `json:"id"`
	Name   string `json:"name,omitempty"`
}

type peopleReply struct {
	Items []*person `json:"items"`
	Links *struct {
		Next *string `json:"next,omitempty"`
	} `json:"links,omitempty"`
}

type listPeopleCall struct {
	Params struct {
		Cursor *string `json:"cursor,omitempty"`
		Size   *int32  `json:"size,omitempty"`
	} `in:"query"`
}

type getPersonCall struct {
	ID int64 `in:"path" json:"id"`
}

type listTeamsCall struct {
	Params struct {
		Page  *int32  `json:"page,omitempty"`
		Size  float32 `json:"size,omitempty"`
		Order string  `json:"order,omitempty"`
	} `in:"query"`
}

type memberCall struct {
	Team int64 `in:"path" json:"team"`
	Body struct {
		Region string         `json:"region"`
		People []*int64       `json:"people"`
		Note   *string        `json:"note,omitempty"`
		Extra  map[string]any `json:"extra,omitempty"`
		Code   *string        `json:"code,omitempty" secret:"true"`
		Via    *contact       `json:"via,omitempty"`
	} `in:"body"`
}

func operation[Request, Reply any](name string) *api.Operation {
	return &api.Operation{Name: name, Request: reflect.TypeFor[Request](), Reply: reflect.TypeFor[Reply]()}
}

var peopleAPI = mapping.Environment{Operations: api.NewOperations(
	operation[listPeopleCall, peopleReply]("ListPeople"),
	operation[getPersonCall, person]("GetPerson"),
	operation[listTeamsCall, []team]("ListTeams"),
	operation[memberCall, api.NoReply]("AddMember"),
	operation[memberCall, api.NoReply]("RemoveMember"),
)}

const peopleMapping = `
version: 1
connector: {display_name: People}
resource_types:
  person:
    display_name: Person
    trait: user
    list:
      operation: ListPeople
      records: items
      pages: {cursor: cursor, next: links.next, limit: size, size: 50}
    get: {operation: GetPerson, with: {id: id}}
    id: id
    name: contact.mail or id
    # more of the person
    grants:
      - {entitlement: team.member, on: {region: teams.region, id: teams.team}}
  team:
    display_name: Team
    trait: group
    list:
      operation: ListTeams
      request: {order: name}
      pages: {page: page, first: 1, limit: size, size: 20}
    id: [region, id]
    name: name or id
    entitlements:
      member:
        grantable_to: person
        grant:
          operation: AddMember
          with: {team: resource.id, region: resource.region, people: [principal.id]}
          request: {note: by Baton, extra: {by: [1, x, {y: 0.5}], long: 12345678901234567890}}
        revoke: {operation: RemoveMember, with: {team: resource.id, region: resource.region, people: [principal.id]}}
`

// loadPeople loads the mapping with lines added to what it says of a person.
func loadPeople(t testing.TB, more ...string) *mapping.Plan {
	t.Helper()
	src := strings.Replace(peopleMapping, "    # more of the person", "    "+strings.Join(more, "\n    "), 1)
	plan, err := mapping.Load("people.yaml", []byte(src), peopleAPI)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// recordOf reads a record as the client does: numbers in free-form fields keep their digits.
func recordOf[T any](t testing.TB, written string) mapping.Record {
	t.Helper()
	v := new(T)
	decoder := json.NewDecoder(bytes.NewReader([]byte(written)))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
		t.Fatal(err)
	}
	return mapping.RecordOf(v)
}

// personResource is the resource that a person's record becomes.
func personResource(t testing.TB, record string, more ...string) (*mapping.Resource, error) {
	t.Helper()
	r := recordOf[person](t, record)
	typ := loadPeople(t, more...).Type("person")
	id, err := typ.IDOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return typ.Resource(id, r, mapping.Record{})
}
