package emulator_test

import (
	"maps"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

func TestStoreIsCopiedOut(t *testing.T) {
	store := emulator.New(office(), emulator.Options{}).Store()
	store.Users()[0].Tenants[0].RoleNames[0] = "changed"
	store.Roles()[0].PermissionNames[0] = "changed"
	if ada, _ := store.User("ada"); ada.Tenants[0].RoleNames[0] != "P" || store.Roles()[0].PermissionNames[0] != "p" {
		t.Error("a caller changed the store through a copy")
	}
}

func TestPutAndDelete(t *testing.T) {
	store := emulator.New(office(), emulator.Options{}).Store()
	store.PutTenant(emulator.Tenant{ID: "T1", Name: "Uno"})
	store.PutTenant(emulator.Tenant{ID: "T3"})
	store.DeleteTenant("T2")
	store.PutRole(emulator.Role{Name: "Own", TenantID: "T1", Description: "new"})
	store.DeleteRole("", "Q")
	store.PutPermission(emulator.Permission{Name: "p", Description: "new"})
	store.PutPermission(emulator.Permission{Name: "q"})
	store.DeletePermission("q")

	if ts := store.Tenants(); len(ts) != 2 || ts[0].Name != "Uno" || ts[1].ID != "T3" {
		t.Errorf("tenants %v", ts)
	}
	if rs := store.Roles(); len(rs) != 4 || rs[1].Description != "new" {
		t.Errorf("roles %v", rs)
	}
	if ps := store.Permissions(); len(ps) != 1 || ps[0].Description != "new" {
		t.Errorf("permissions %v", ps)
	}
	if _, ok := store.User("nobody"); ok {
		t.Error("found nobody")
	}
}

// A login id means the user who has it now.
func TestLoginIDsMove(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{Users: []emulator.User{{UserID: "a", LoginIDs: []string{"x"}}}}, emulator.Options{})
	srv.Store().PutUser(emulator.User{UserID: "a", LoginIDs: []string{"y"}})
	srv.Store().PutUser(emulator.User{UserID: "b", LoginIDs: []string{"x"}})
	for login, want := range map[string]string{"x": "b", "y": "a"} {
		reply := read[struct{ User struct{ UserID string } }](t, call(t, srv, loadUser+"?loginId="+login, ""))
		if reply.User.UserID != want {
			t.Errorf("%s is %s, want %s", login, reply.User.UserID, want)
		}
	}
}

func TestAssignmentsAsASet(t *testing.T) {
	got := emulator.New(office(), emulator.Options{}).Store().Assignments()
	want := map[emulator.Assignment]bool{
		{UserID: "ada", RoleName: "P"}:                      true,
		{UserID: "ada", TenantID: "T1"}:                     true,
		{UserID: "ada", TenantID: "T1", RoleName: "P"}:      true,
		{UserID: "ada", TenantID: "T1", RoleName: "Own"}:    true,
		{UserID: "ada", TenantID: "gone"}:                   true,
		{UserID: "ada", TenantID: "gone", RoleName: "lost"}: true,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
