package connector_test

import (
	"strings"
	"testing"
	"net/http"

	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

func TestZZLevelZero(t *testing.T) {
	d := secondapi.Demo()
	d.People[0].Roles = append(d.People[0].Roles, secondapi.RoleKey{Key: "guest", Level: 0})
	d.Roles = append(d.Roles, secondapi.Role{Role: secondapi.RoleKey{Key: "guest", Level: 0}})
	s := secondapi.Start(t, d, secondapi.Options{})
	got, err := harness.TrySync(t, t.Context(), workbench(t, s))
	t.Log(err)
	if got != nil { t.Log(keysOf(got.Resources), keysOf(got.Grants)) }
}

func TestZZDanglingGroup(t *testing.T) {
	d := secondapi.Demo()
	d.People[0].Workspaces[0].Groups = append(d.People[0].Workspaces[0].Groups, secondapi.GroupMember{ID: 99})
	s := secondapi.Start(t, d, secondapi.Options{})
	got, err := harness.TrySync(t, t.Context(), workbench(t, s))
	t.Log(err)
	if got != nil { t.Log(keysOf(got.Grants)) }
}
func TestZZDanglingParent(t *testing.T) {
	d := secondapi.Demo()
	gone := int64(99)
	d.Groups[0].Workspace = &gone
	s := secondapi.Start(t, d, secondapi.Options{})
	got, err := harness.TrySync(t, t.Context(), workbench(t, s))
	t.Log(err)
	if got != nil { t.Log(linesOf(got.Resources, resourceLine)) }
}
func TestZZTwice(t *testing.T) {
	d := secondapi.Demo()
	d.People = append(d.People, d.People[0])
	s := secondapi.Start(t, d, secondapi.Options{})
	got, err := harness.TrySync(t, t.Context(), workbench(t, s))
	t.Log(err)
	if got != nil { t.Log(len(got.Resources), len(got.Grants)) }
}
func TestZZShrink(t *testing.T) {
	for _, told := range []bool{true,false} {
	data := crowd(1, 7)
	n := 0
	var s *secondapi.Server
	s = secondapi.Start(t, data, secondapi.Options{TellTotal: told, Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, r)
		if r.URL.Path == "/api/groups" { n++; if n == 2 { s.DropGroup() } }
	}})
	got, err := harness.TrySync(t, t.Context(), workbench(t, s))
	t.Log(err)
	if got != nil { t.Log(keysOf(got.Resources), s.Requests()) }
	}
}
func TestZZIntEnum(t *testing.T) {
	src := strings.Replace(string(secondapi.Mapping), "with: {person_id: principal.id, level: resource.level, key: resource.key}\n        revoke", "with: {person_id: principal.id, key: resource.key}\n          request: {level: 2}\n        revoke", 1)
	src = strings.Replace(src, "          principal: result.person\n        revoke:\n          operation: TakeRole\n          with: {person_id: principal.id, level: resource.level, key: resource.key}", "          principal: result.person\n        revoke:\n          operation: TakeRole\n          with: {person_id: principal.id, key: resource.key}\n          request: {level: 2}", 1)
	_, err := mapping.Load("m", []byte(src), mapping.Environment{Operations: client.Operations})
	t.Log(err)
	src = strings.Replace(string(secondapi.Mapping), `enabled: ["true"], disabled: ["false"]`, `enabled: true, disabled: [false]`, 1)
	_, err = mapping.Load("m", []byte(src), mapping.Environment{Operations: client.Operations})
	t.Log(err)
	src = strings.Replace(string(secondapi.Mapping), `enabled: ["true"], disabled: ["false"]`, `enabled: ["yes"], disabled: ["false"]`, 1)
	_, err = mapping.Load("m", []byte(src), mapping.Environment{Operations: client.Operations})
	t.Log("yes for bool:", err)
}
