package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// createAccount are the arguments that create an account with a profile.
func createAccount(profile string, more ...string) []string {
	return append([]string{"--provisioning", "--create-account-profile", profile}, more...)
}

const annsProfile = `{"email": "ann@example.com", "name": "Ann Example", "tenant": "T2acme", "tenant_roles": ["Approver"], "invite": false}`

// annsRequest is what is sent to create her.
var annsRequest = change{"CreateUser", map[string]any{
	"loginId": "ann@example.com", "email": "ann@example.com", "name": "Ann Example", "verifiedEmail": true, "invite": false,
	"userTenants": []any{map[string]any{"tenantId": "T2acme", "roleNames": []any{"Approver"}}},
}}

// ann returns the user of that login id; false when there is none.
func ann(d *emulatortest.Running) (emulator.User, bool) {
	users := d.Store().Users()
	i := slices.IndexFunc(users, func(u emulator.User) bool { return slices.Contains(u.LoginIDs, "ann@example.com") })
	if i < 0 {
		return emulator.User{}, false
	}
	return users[i], true
}

// An account is created, is there in the next sync with all that it has, can be granted
// something and can lose it, and is not created again.
func TestCreateAccount(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	e := connector(t, d, createAccount(annsProfile)...)
	if got := changes(t, d); e.code != 0 || !reflect.DeepEqual(got, []change{annsRequest}) {
		t.Fatalf("exit code %d; it wrote %v, want %v\n%s", e.code, got, annsRequest, e.all)
	}
	user, ok := ann(d)
	if !ok {
		t.Fatal("she is not there")
	}
	e.contains(t, "created user Ann Example ("+user.UserID+"), pending")
	if e.stdout != "" {
		t.Errorf("stdout has %q", e.stdout)
	}

	file := synced(t, d)
	found := read(t, file)
	equal(t, found, wantedOf(d.Store(), false, false))
	if r := found.resources["user:"+user.UserID]; r.DisplayName != "Ann Example" || r.Status.Status != "RESOURCE_STATUS_PENDING" {
		t.Errorf("the sync has %v", r)
	}
	for _, grant := range []string{"tenant:T2acme:member:user:", "role:T2acme%2FApprover:assigned:user:", "role:T2acme/Approver:assigned:user:"} {
		_, ok := found.grants[grant+user.UserID]
		if strings.Contains(grant, "%2F") == ok {
			t.Errorf("%s: %v", grant, ok)
		}
	}

	succeeds(t, d, grantTo(file, "role:Viewer:assigned", "user", user.UserID)...)
	file = synced(t, d)
	succeeds(t, d, revoke(file, "role:Viewer:assigned:user:"+user.UserID)...)
	equal(t, read(t, synced(t, d)), wantedOf(d.Store(), false, false))

	d.ResetRequests()
	e = connector(t, d, createAccount(annsProfile, "--show-password")...)
	if got := changes(t, d); e.code != 0 || got != nil || e.stdout != "" {
		t.Errorf("again: exit code %d; it wrote %v\n%s", e.code, got, e.all)
	}
	e.contains(t, "nothing to do: user Ann Example ("+user.UserID+") exists already, pending; it has the password that it had")
}

// What only the flags say, what is absent, and what is empty.
func TestCreateAccountRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want map[string]any
	}{
		"an e-mail address alone, with an invitation": {
			[]string{"-p", "--create-account-email", "ann@example.com"},
			map[string]any{"loginId": "ann@example.com", "email": "ann@example.com", "verifiedEmail": true, "invite": true},
		},
		"a login of its own": {
			[]string{"-p", "--create-account-email", "ann@example.com", "--create-account-login", "ann", "--create-account-resource-type", "user"},
			map[string]any{"loginId": "ann", "email": "ann@example.com", "verifiedEmail": true, "invite": true},
		},
		"what is empty": {
			createAccount(`{"email": "ann@example.com", "name": "", "phone": null, "email_verified": "false", "roles": [], "custom_attributes": {}}`),
			map[string]any{
				"loginId": "ann@example.com", "email": "ann@example.com", "name": "", "verifiedEmail": false, "invite": true,
				"roleNames": []any{}, "customAttributes": map[string]any{},
			},
		},
		"everything": {
			createAccount(`{"email": "ann@example.com", "login": "ann", "name": "Ann", "given_name": "A", "family_name": "N", "phone": "+15551234567",
				"email_verified": true, "invite": false, "tenant": "T2acme", "roles": ["Viewer"], "custom_attributes": {"floor": 3, "badge": "7, 8"}}`),
			map[string]any{
				"loginId": "ann", "email": "ann@example.com", "name": "Ann", "givenName": "A", "familyName": "N", "phone": "+15551234567",
				"verifiedEmail": true, "invite": false, "userTenants": []any{map[string]any{"tenantId": "T2acme"}},
				"roleNames": []any{"Viewer"}, "customAttributes": map[string]any{"floor": 3.0, "badge": "7, 8"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			e := connector(t, d, test.args...)
			if got := changes(t, d); e.code != 0 || !reflect.DeepEqual(got, []change{{"CreateUser", test.want}}) {
				t.Errorf("exit code %d; it wrote %v, want %v\n%s", e.code, got, test.want, e.all)
			}
			invited := slices.ContainsFunc(d.Store().Effects(), func(effect emulator.Effect) bool { return effect.Kind == emulator.Invited })
			if invited != test.want["invite"].(bool) {
				t.Errorf("an invitation was sent: %v", invited)
			}
		})
	}
}

// A password is made and shown when somebody asks for it, and nowhere else.
func TestCreateAccountWithPassword(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	folder := filepath.Join(t.TempDir(), "replies")
	e := connector(t, d, createAccount(annsProfile, "--show-password", "--record", folder)...)
	password, rest, _ := strings.Cut(e.stdout, "\n")
	if e.code != 0 || len(password) != 20 || rest != "" {
		t.Fatalf("exit code %d, and on stdout %q\n%s", e.code, e.stdout, e.all)
	}
	var sent []byte
	for _, r := range d.Requests() {
		if r.Operation == "CreateUser" {
			sent = r.Body
		}
	}
	var request struct{ Password string }
	if err := json.Unmarshal(sent, &request); err != nil || request.Password != password {
		t.Errorf("%q was sent, and %q shown", request.Password, password)
	}
	if user, _ := ann(d); !user.Password {
		t.Error("she has no password")
	}
	secret := harness.KeyOf(password)
	secret.Hidden(t, "stderr", []byte(strings.TrimPrefix(e.all, e.stdout)))
	for _, found := range secret.InFolder(t, folder) {
		t.Error(found)
	}
}

// A password that the API quotes in its refusal is not in what is shown or logged.
func TestRefusedPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	var password string
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		if operation != "CreateUser" {
			return false
		}
		var request struct{ Password string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		password = request.Password
		said, err := json.Marshal(map[string]string{"errorCode": "E011003", "errorDescription": "the password " + password + " is too weak"})
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		w.Write(said)
		return true
	})
	e := fails(t, d, createAccount(annsProfile, "--show-password")...)
	if len(password) != 20 {
		t.Fatalf("the password %q was sent\n%s", password, e.all)
	}
	e.contains(t, "a new user: CreateUser: HTTP 400 Bad Request: E011003: the password [key] is too weak")
	harness.KeyOf(password).Hidden(t, "the output", []byte(e.all))
}

// The answer to the request is lost: reading shows what came about.
func TestCreateAccountWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault string
		taken bool
	}{
		"lost after it was carried out":    {"reset on=CreateUser taken", true},
		"half of it, after it was done":    {"half on=CreateUser", true},
		"a gateway's page, after all":      {"html:502 on=CreateUser taken", true},
		"lost before it was carried out":   {"reset on=CreateUser", false},
		"a gateway that does not pass on":  {"html:502 on=CreateUser", false},
		"an error inside the service, 500": {"500 on=CreateUser", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			d.Fail(t, test.fault)
			e := connector(t, d, createAccount(annsProfile)...)
			user, there := ann(d)
			if there != test.taken || (e.code == 0) != test.taken {
				t.Fatalf("exit code %d, and she is there: %v\n%s", e.code, there, e.all)
			}
			if n := len(changes(t, d)); n != 1 {
				t.Errorf("it was sent %d times", n)
			}
			if test.taken {
				e.contains(t, "created user Ann Example ("+user.UserID+"), pending", "the answer to a write was lost; reading shows that it was done")
				return
			}
			d.Fail(t)
			e = connector(t, d, createAccount(annsProfile)...)
			e.contains(t, "created user Ann Example (")
		})
	}
}

func TestRefusedAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"without -p":             {[]string{"--create-account-profile", annsProfile}, "needs --provisioning (-p, BATON_PROVISIONING=true), which is not given or is off: nothing was sent"},
		"a missing field":        {createAccount(`{"name": "Ann"}`), `a new user: "email" is required: E-mail address`},
		"an empty one":           {createAccount(`{"email": ""}`), `a new user: "email" is required: E-mail address`},
		"one of blanks":          {createAccount(`{"email": " \t"}`), `a new user: "email" is required: E-mail address`},
		"a misspelt field":       {createAccount(`{"emial": "ann@example.com"}`), `there is no field "emial"; did you mean "email"?`},
		"a field of another API": {createAccount(`{"email": "ann@example.com", "password": "x"}`), `there is no field "password"`},
		"a list as text":         {createAccount(`{"email": "ann@example.com", "roles": "Viewer,Editor"}`), `"roles" is not a list of texts`},
		"roles without a tenant": {createAccount(`{"email": "ann@example.com", "tenant_roles": ["Approver"]}`), `CreateUser: "userTenants.tenantId" is required, but account.tenant has no value`},
		"no JSON":                {createAccount(`email=ann@example.com`), `--create-account-profile is not a JSON object; write it as in '{"email": "ann@example.com"}'`},
		"null":                   {createAccount(`null`), "--create-account-profile is not a JSON object"},
		"two addresses":          {createAccount(annsProfile, "--create-account-email", "a@example.com"), `--create-account-email and "email" in the profile differ`},
		"no such type":           {createAccount(annsProfile, "--create-account-resource-type", "usr"), `there is no resource type "usr"; did you mean "user"?`},
		"a type of other things": {createAccount(annsProfile, "--create-account-resource-type", "role"), "a role cannot be created, only a user"},
		"two changes":            {createAccount(annsProfile, "--revoke-grant", "x"), "--create-account-profile and --revoke-grant ask for two different runs"},
		"a sync as well":         {createAccount(annsProfile, "--sync-resources", "bid:r:user/U2"), "--create-account-profile and --sync-resources ask for two different runs"},
		"a type alone":           {[]string{"-p", "--create-account-resource-type", "user"}, "--create-account-resource-type is for --create-account-profile, which is not given"},
		"a password alone":       {[]string{"-p", "--show-password"}, "--show-password is for --create-account-profile, which is not given"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			fails(t, d, test.args...).contains(t, test.says)
			if d.Count("CreateUser") > 0 {
				t.Error("something was sent")
			}
		})
	}
}

// What the API refuses is said in its words, and nobody is there afterwards.
func TestAccountsThatTheAPIRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ profile, says string }{
		"a role that there is not":   {`{"email": "ann@example.com", "roles": ["Nobody"]}`, "E111403"},
		"a tenant that there is not": {`{"email": "ann@example.com", "tenant": "T2none"}`, "E111104"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			fails(t, d, createAccount(test.profile)...).contains(t, "a new user: CreateUser: HTTP 400 Bad Request: "+test.says)
			if _, there := ann(d); there {
				t.Error("she is there all the same")
			}
		})
	}
}

// A login id that belongs to somebody under another name is that account.
func TestAccountThatIsThereUnderAnotherName(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	user := d.Store().Users()[0]
	user.LoginIDs = append(user.LoginIDs, "another")
	d.Store().PutUser(user)
	e := connector(t, d, createAccount(`{"email": "new@example.com", "login": "another"}`)...)
	if got := changes(t, d); e.code != 0 || got != nil {
		t.Errorf("exit code %d; it wrote %v\n%s", e.code, got, e.all)
	}
	e.contains(t, "nothing to do: user ", user.UserID+") exists already, ")
}

// A mapping without accounts says so.
func TestNoAccountsInTheMapping(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	src, err := os.ReadFile(filepath.Join("..", "..", "mapping", "descope.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(src), "    account:\n")
	_, after, closed := strings.Cut(rest, "\n  tenant:\n")
	if !ok || !closed {
		t.Fatal("the mapping has no account before the tenants")
	}
	file := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(file, []byte(before+"\n  tenant:\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, d, createAccount(annsProfile, "--mapping", file)...).contains(t, "no account can be created: the mapping has no account block")
}

// Somebody else creates the account between the look and the request. Whichever way
// Descope answers then, it is the other's account, and no password is shown for it.
func TestAccountCreatedInBetween(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{emulator.DefaultTaken, "E777777", emulator.NotCreated} {
		t.Run(taken, func(t *testing.T) {
			t.Parallel()
			d := emulatortest.Start(t, emulator.Demo(), emulator.Options{ManagementKey: key, Taken: taken, SecondLayout: true})
			d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
				if operation == "CreateUser" {
					d.Store().PutUser(emulator.User{UserID: "U2other", LoginIDs: []string{"ann@example.com"}, Name: "Other Ann", Status: "enabled"})
				}
				return false
			})
			e := connector(t, d, createAccount(annsProfile, "--show-password")...)
			if e.code != 0 || e.stdout != "" || d.Count("CreateUser") != 1 {
				t.Errorf("exit code %d, %d requests\n%s", e.code, d.Count("CreateUser"), e.all)
			}
			e.contains(t, "nothing to do: user Other Ann (U2other) exists already, enabled")
			if user, _ := ann(d); user.Name != "Other Ann" || user.Password || len(user.Tenants) > 0 {
				t.Errorf("it was changed: %v", user)
			}
		})
	}
}

// The steps by which Baton connectors are tested: create, find, delete, delete again. All
// settings are in the environment, and the file is the default one.
func TestAccountProvisioningSteps(t *testing.T) {
	t.Parallel()
	d, dir := descope(t, emulator.Demo()), t.TempDir()
	env := []string{
		"BATON_MANAGEMENT_KEY=" + key, "BATON_PROJECT_ID=" + d.ProjectID(), "BATON_BASE_URL=" + d.URL, "BATON_PROVISIONING=true",
		"BATON_ACCOUNT_LOGIN=ann@example.com", "BATON_CONNECTOR=./baton-descope", // of the steps
	}
	step := func(args ...string) {
		t.Helper()
		if e := runIn(t, dir, env, "baton-descope", args...); e.code != 0 {
			t.Fatalf("%v: exit code %d\n%s", args, e.code, e.all)
		}
	}
	named := func() (ids []string) {
		t.Helper()
		for _, r := range read(t, filepath.Join(dir, "sync.c1z")).resources {
			if r.ID.ResourceType == "user" && r.DisplayName == "ann@example.com" {
				ids = append(ids, r.ID.Resource)
			}
		}
		return ids
	}
	step()
	step("--create-account-login=ann@example.com", "--create-account-email=ann@example.com", `--create-account-profile={"email": "ann@example.com", "login": ""}`)
	step()
	created := named()
	if len(created) != 1 {
		t.Fatalf("there are %v", created)
	}
	step("--delete-resource", created[0], "--delete-resource-type", "user")
	step("--delete-resource", created[0], "--delete-resource-type", "user")
	step()
	if ids := named(); ids != nil {
		t.Errorf("there is %v", ids)
	}
}
