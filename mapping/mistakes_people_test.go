package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

// Mistakes that Descope's API has no room for.
func TestMistakesWithAnotherAPI(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"error rules for an API that does not describe its errors", "resource_types:", "errors: {code: code}\nresource_types:",
			"3:9: the API document does not describe error replies"},
		{"records of a reply that is the list", "operation: ListTeams", "operation: ListTeams\n      records: items",
			"22:16: an object there (team) has no field \"items\"; it is one of region, id, name"},
		{"a request field that no id fits", "revoke: {operation: RemoveMember, with: {", "revoke: {operation: RemoveMember, with: {extra: principal.id, ",
			"33:50: extra is a free-form object and cannot be filled from an id"},
		{"a path in records of two types", "grantable_to: person\n        grant:\n          operation: AddMember\n          with: {team: resource.id, region: resource.region, people: [principal.id]}",
			"grantable_to: [person, team]\n        grant:\n          operation: AddMember\n          with: {team: resource.id, region: record.region, people: [principal.id]}",
			"17:3: team needs \"get\": the team is read before team.member is granted\n" +
				"27:7: no rule under grants of team reads team.member, so a grant cannot be verified\n" +
				"31:45: record.region: the records of person, team are of different types\n" +
				"31:69: principal.id is not the same part of the ids of person, team\n" +
				"33:103: principal.id is not the same part of the ids of person, team"},
		{"a field given twice", "request: {note: by Baton, ", "request: {region: eu, ",
			"31:37: AddMember: \"region\" is set twice"},
		{"a number that is text", "note: by Baton", "note: 7", "32:27: note is text, not 7"},
		{"what JSON cannot say", "by: [1, x, {y: 0.5}]", "by: [.nan]", "32:50: an entry of by is .nan, which JSON cannot represent"},
		{"a key twice in a free-form field", "by: [1, x, {y: 0.5}]", "by: 1, by: 2", "32:52: a key of extra must be text and unique"},
		{"cursor with a page", "next: links.next, limit: size, size: 50", "next: links.next, page: size",
			"10:23: pages by cursor take neither offset nor page"},
		{"a parent whose list is paged", "name: name or id", "name: name or parent.id\n    parent: {person: id}",
			"25:19: parent.id: the list of person is paged, so a parent's record is not available"},
		{"also on a paged list", "    entitlements:", "    also: {in: person, id: {region: region, id: lead}, like: {id: lead}}\n    entitlements:",
			"26:11: \"also\" needs a list in one reply, but the list of team is paged"},
		{"objects in a free-form value of a profile", "name: contact.mail or id", "name: id\n    profile: {c: contact}",
			"14:18: contact is an object; name one of its fields"},
		{"a secret as a name", "name: contact.mail or id", "name: contact.mail or contact.pin", `13:35: "pin" is a secret: it cannot be read`},
		{"a secret in a text", "name: contact.mail or id", `name: "{contact.mail}, {contact.other.pin}"`, `13:43: "pin" is a secret: it cannot be read`},
		{"a secret that says what is held", "id: teams.team}", "id: contact.pin}", `16:75: "pin" is a secret: it cannot be read`},
		{"a secret in a request", "note: by Baton", "code: sesame", `32:21: "code" is a secret: it cannot be in a mapping`},
		{"a secret inside a request field", "note: by Baton", "via: {pin: 1234, phone: '1'}", `32:27: "pin" is a secret: it cannot be in a mapping`},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.TrimPrefix(peopleMapping, "\n")
			if strings.Count(src, c.old) != 1 {
				t.Fatalf("not there once: %s", c.old)
			}
			_, err := mapping.Load("f", []byte(strings.Replace(src, c.old, c.new, 1)), peopleAPI)
			if err == nil {
				t.Fatal("no mistake")
			}
			if got := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\nf:", "\n"), "f:"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
