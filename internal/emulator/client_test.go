package emulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

const (
	search       = "POST /v2/mgmt/user/search"
	loadUser     = "GET /v1/mgmt/user"
	tenants      = "GET /v1/mgmt/tenant/all"
	roles        = "GET /v1/mgmt/role/all"
	permissions  = "GET /v1/mgmt/permission/all"
	accessKeys   = "POST /v1/mgmt/accesskey/search"
	applications = "GET /v1/mgmt/sso/idp/apps/load"
	addRoles     = "POST /v1/mgmt/user/update/role/add"
	addRolesV2   = "POST /v2/mgmt/user/update/role/add"
	removeRoles  = "POST /v1/mgmt/user/update/role/remove"
	addTenant    = "POST /v1/mgmt/user/update/tenant/add"
	removeTenant = "POST /v1/mgmt/user/update/tenant/remove"

	createUser     = "POST /v1/mgmt/user/create"
	patchUser      = "PATCH /v1/mgmt/user/patch"
	updateUser     = "POST /v1/mgmt/user/update"
	updateStatus   = "POST /v1/mgmt/user/update/status"
	logout         = "POST /v1/mgmt/user/logout"
	deleteUser     = "POST /v1/mgmt/user/delete"
	expirePassword = "POST /v1/mgmt/user/password/expire"
)

// response is a reply, read to its end.
type response struct {
	*http.Response
	body []byte
}

// call sends a request, as [emulatortest.Running.Request] makes it.
func call(t testing.TB, srv *emulatortest.Running, what, body string) response {
	t.Helper()
	return send(t, srv.Request(t, what, body))
}

func send(t testing.TB, r *http.Request) response {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{resp, body}
}

// failure is the status and the code of an error reply, such as "404 E112102", and
// "200" for a reply that is none.
func (r response) failure() string {
	var e struct {
		ErrorCode        string `json:"errorCode"`
		ErrorDescription string `json:"errorDescription"`
	}
	if r.StatusCode == http.StatusOK {
		return "200"
	}
	if err := json.Unmarshal(r.body, &e); err != nil || e.ErrorDescription == "" {
		return fmt.Sprintf("%d, not an error reply: %s", r.StatusCode, r.body)
	}
	return fmt.Sprintf("%d %s", r.StatusCode, e.ErrorCode)
}

// read decodes a reply that must be a 200.
func read[T any](t testing.TB, r response) T {
	t.Helper()
	var value T
	if r.StatusCode != http.StatusOK {
		t.Fatalf("HTTP %d: %s", r.StatusCode, r.body)
	}
	if err := json.Unmarshal(r.body, &value); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return value
}

// found is a page of a search in short: user ids in one line, and the total.
func found(t testing.TB, r response) string {
	t.Helper()
	page := read[struct {
		Users []struct {
			UserID string `json:"userId"`
		} `json:"users"`
		Total int `json:"total"`
	}](t, r)
	ids := make([]string, len(page.Users))
	for i, u := range page.Users {
		ids[i] = u.UserID
	}
	return fmt.Sprintf("%s of %d", strings.Join(ids, " "), page.Total)
}

// holds is what a user reply says the user holds, in short: the project's roles,
// then each tenant with the roles inside it.
func holds(t testing.TB, r response) string {
	t.Helper()
	reply := read[struct {
		User struct {
			RoleNames   []string              `json:"roleNames"`
			UserTenants []emulator.Membership `json:"userTenants"`
		} `json:"user"`
	}](t, r)
	held := []string{fmt.Sprint(reply.User.RoleNames)}
	for _, m := range reply.User.UserTenants {
		held = append(held, fmt.Sprint(m.TenantID, m.RoleNames))
	}
	return strings.Join(held, " ")
}
