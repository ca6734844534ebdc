package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// account is a user reply in short, with what a test of accounts looks at.
func account(t testing.TB, r response) string {
	t.Helper()
	type user struct {
		UserID           string                `json:"userId"`
		LoginIDs         []string              `json:"loginIds"`
		Status           string                `json:"status"`
		Name             string                `json:"name"`
		Email            string                `json:"email"`
		VerifiedEmail    bool                  `json:"verifiedEmail"`
		Phone            string                `json:"phone"`
		RoleNames        []string              `json:"roleNames"`
		UserTenants      []emulator.Membership `json:"userTenants"`
		SSOAppIDs        []string              `json:"ssoAppIds"`
		CustomAttributes map[string]any        `json:"customAttributes"`
		Password         bool                  `json:"password"`
		Test             bool                  `json:"test"`
	}
	reply := read[struct {
		User    user  `json:"user"`
		Created *bool `json:"created"`
	}](t, r)
	u := reply.User
	s := fmt.Sprint(u.UserID, u.LoginIDs, " ", u.Status)
	for _, part := range []struct {
		name  string
		value any
		none  bool
	}{
		{"name", u.Name, u.Name == ""},
		{"email", u.Email, u.Email == ""},
		{"verified", "email", !u.VerifiedEmail},
		{"phone", u.Phone, u.Phone == ""},
		{"roles", u.RoleNames, len(u.RoleNames) == 0},
		{"tenants", u.UserTenants, len(u.UserTenants) == 0},
		{"apps", u.SSOAppIDs, len(u.SSOAppIDs) == 0},
		{"custom", u.CustomAttributes, len(u.CustomAttributes) == 0},
		{"with", "password", !u.Password},
		{"for", "tests", !u.Test},
	} {
		if !part.none {
			s += fmt.Sprint(" ", part.name, "=", part.value)
		}
	}
	if reply.Created != nil {
		s += fmt.Sprint(" created=", *reply.Created)
	}
	return s
}

// staff is the office, with an ada who has something of everything, and with bob.
func staff() emulator.Project {
	p := office()
	p.Users = []emulator.User{
		{
			UserID: "ada", LoginIDs: []string{"ada@x.example", "ada"}, Name: "Ada", Email: "ada@x.example", VerifiedEmail: true, Phone: "+15550100",
			RoleNames: []string{"P"}, Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Own"}}}, SSOAppIDs: []string{"app"},
			CustomAttributes: map[string]any{"floor": 3, "team": "red"}, Password: true,
		},
		{UserID: "bob", LoginIDs: []string{"bob@x.example"}},
	}
	return p
}

func TestCreateUser(t *testing.T) {
	for _, tt := range []struct{ name, body, want, effects string }{
		{"login id alone", `{"loginId":"new"}`, "U2new1[new] invited created=true", "[]"},
		{
			"everything", `{"loginId":"new","email":"n@x.example","verifiedEmail":true,"phone":"+1555","name":"New","roleNames":["P","P"],` +
				`"userTenants":[{"tenantId":"T1","roleNames":["Own","P"]},{"tenantId":"T2"}],"additionalIdentifiers":["n","new"],` +
				`"ssoAppIds":["app"],"customAttributes":{"floor":4,"tags":["a"]},"password":"secret-word","test":true,"status":"enabled"}`,
			"U2new1[new n] enabled name=New email=n@x.example verified=email phone=+1555 roles=[P] tenants=[{T1 [Own P]} {T2 []}] apps=[app]" +
				" custom=map[floor:4 tags:[a]] with=password for=tests created=true",
			"[]",
		},
		{"disabled from the start", `{"loginId":"new","status":"disabled"}`, "U2new1[new] disabled created=true", "[]"},
		{"null is absent", `{"loginId":"new","name":null,"invite":null,"userTenants":null}`, "U2new1[new] invited created=true", "[]"},
		{"a status that nobody is given", `{"loginId":"new","status":"expired"}`, "400 E011003", "[]"},
		{"no login id", `{"email":"n@x.example"}`, "400 E011003", "[]"},
		{"an empty login id", `{"loginId":""}`, "400 E011002", "[]"},
		{"an unknown field", `{"loginId":"new","hashedPassword":{}}`, "400 E011003", "[]"},
		{"an unknown field of a tenant", `{"loginId":"new","userTenants":[{"tenantId":"T1","tenantName":"One"}]}`, "400 E011003", "[]"},
		{"a tenant without an id", `{"loginId":"new","userTenants":[{"roleNames":["P"]}]}`, "400 E011003", "[]"},
		{"an unknown role", `{"loginId":"new","roleNames":["none"]}`, "400 E111403", "[]"},
		{"an unknown tenant", `{"loginId":"new","userTenants":[{"tenantId":"none"}]}`, "400 E111104", "[]"},
		{"another tenant's role", `{"loginId":"new","userTenants":[{"tenantId":"T1","roleNames":["Only2"]}]}`, "400 E111403", "[]"},
		{"a tenant twice", `{"loginId":"new","userTenants":[{"tenantId":"T1"},{"tenantId":"T1"}]}`, "400 E011004", "[]"},

		{"a login id that is taken", `{"loginId":"ada@x.example","name":"New"}`, "400 E062107", "[]"},
		{"a login id that is taken, with an invitation", `{"loginId":"ada@x.example","invite":true}`, "400 E062107", "[]"},
		{"an additional login id that is taken", `{"loginId":"new","additionalIdentifiers":["ada"]}`, "400 E062107", "[]"},
		{"a user id", `{"loginId":"bob","invite":false}`, "400 E062107", "[]"},

		{"with an invitation", `{"loginId":"new@x.example","invite":true}`, "U2new1[new@x.example] invited created=true", "[{invited U2new1 new@x.example  }]"},
		{
			"with an invitation to another address", `{"loginId":"new@x.example","email":"n@x.example","invite":true,"inviteUrl":"https://x.example/join"}`,
			"U2new1[new@x.example] invited email=n@x.example created=true", "[{invited U2new1 n@x.example  https://x.example/join}]",
		},
		{"with an invitation to a phone", `{"loginId":"new","phone":"+1555","invite":true}`, "U2new1[new] invited phone=+1555 created=true", "[{invited U2new1  +1555 }]"},
		{
			"with an invitation in no way", `{"loginId":"new@x.example","phone":"+1555","invite":true,"sendMail":false,"sendSMS":false}`,
			"U2new1[new@x.example] invited phone=+1555 created=true", "[{invited U2new1   }]",
		},
		{"invited again", `{"loginId":"bob","invite":true,"name":"Robert"}`, "bob[bob@x.example] enabled created=false", "[{invited bob bob@x.example  }]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := emulatortest.Start(t, staff(), emulator.Options{})
			before := found(t, call(t, srv, search, `{"withTestUser":true}`))
			reply := call(t, srv, createUser, tt.body)
			got := reply.failure()
			if got == "200" {
				got = account(t, reply)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			want := before
			if strings.Contains(tt.want, "created=true") {
				want = "ada bob U2new1 of 3"
			}
			if after := found(t, call(t, srv, search, `{"withTestUser":true}`)); after != want {
				t.Errorf("then there are %s", after)
			}
			if got := fmt.Sprint(srv.Store().Effects()); got != tt.effects {
				t.Errorf("effects %s, want %s", got, tt.effects)
			}
		})
	}
}

// TestTakenLoginIDs: what the service answers is not documented, so that each answer
// can be chosen.
func TestTakenLoginIDs(t *testing.T) {
	for taken, want := range map[string]string{
		"":                  "400 E062107",
		"E011004":           "400 E011004",
		emulator.NotCreated: "bob[bob@x.example] enabled created=false",
	} {
		srv := emulatortest.Start(t, staff(), emulator.Options{Taken: taken})
		reply := call(t, srv, createUser, `{"loginId":"bob@x.example","name":"Robert"}`)
		got := reply.failure()
		if got == "200" {
			got = account(t, reply)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", taken, got, want)
		}
		if got := found(t, call(t, srv, search, "{}")); got != "ada bob of 2" {
			t.Error(got)
		}
		if got := call(t, srv, patchUser, `{"loginId":"ada","additionalIdentifiers":["bob@x.example"]}`).failure(); !strings.HasPrefix(got, "400 E") {
			t.Errorf("%q: a change to a login id that is taken: %s", taken, got)
		}
	}
}

func TestChangeUser(t *testing.T) {
	const before = "ada[ada@x.example ada] enabled name=Ada email=ada@x.example verified=email phone=+15550100 roles=[P] tenants=[{T1 [Own]}] apps=[app]" +
		" custom=map[floor:3 team:red] with=password"
	for _, tt := range []struct {
		name, what, body string
		want             string // in the first layout, and without a second in both
		second           string
	}{
		{"nothing", patchUser, `{"loginId":"ada"}`, before, ""},
		{"null is absent", patchUser, `{"loginId":"ada","name":null,"roleNames":null}`, before, ""},
		{"a name", patchUser, `{"loginId":"ada@x.example","name":"A."}`, strings.Replace(before, "=Ada", "=A.", 1), ""},
		{"empty texts clear", patchUser, `{"loginId":"ada","name":"","phone":""}`, strings.Replace(strings.Replace(before, " name=Ada", "", 1), " phone=+15550100", "", 1), ""},
		{"false", patchUser, `{"loginId":"ada","verifiedEmail":false}`, strings.Replace(before, " verified=email", "", 1), ""},
		{
			"another address", patchUser, `{"loginId":"ada","email":"a@x.example"}`, strings.Replace(before, "email=ada@", "email=a@", 1),
			strings.Replace(before, "email=ada@x.example verified=email", "email=a@x.example", 1),
		},
		{"another address that is verified", patchUser, `{"loginId":"ada","email":"a@x.example","verifiedEmail":true}`, strings.Replace(before, "email=ada@", "email=a@", 1), ""},
		{
			"lists", patchUser, `{"loginId":"ada","roleNames":["Q"],"userTenants":[{"tenantId":"T2","roleNames":["Own"]}],"ssoAppIds":[],"additionalIdentifiers":["a"]}`,
			"ada[ada@x.example a] enabled name=Ada email=ada@x.example verified=email phone=+15550100 roles=[Q] tenants=[{T2 [Own]}]" +
				" custom=map[floor:3 team:red] with=password", "",
		},
		{
			"empty lists", patchUser, `{"loginId":"ada","roleNames":[],"userTenants":[],"additionalIdentifiers":[]}`,
			"ada[ada@x.example] enabled name=Ada email=ada@x.example verified=email phone=+15550100 apps=[app] custom=map[floor:3 team:red] with=password", "",
		},
		{
			"custom attributes", patchUser, `{"loginId":"ada","customAttributes":{"floor":4}}`,
			strings.Replace(before, "floor:3", "floor:4", 1), strings.Replace(before, "floor:3 team:red", "floor:4", 1),
		},
		{"a status", patchUser, `{"loginId":"ada","status":"disabled"}`, strings.Replace(before, "enabled", "disabled", 1), ""},
		{"an unknown role", patchUser, `{"loginId":"ada","name":"A.","roleNames":["none"]}`, "400 E111403", ""},
		{"an unknown field", patchUser, `{"loginId":"ada","password":"x"}`, "400 E011003", ""},
		{"nobody", patchUser, `{"loginId":"none","name":"A."}`, "404 E112102", ""},
		{"an empty identifier", patchUser, `{"loginId":"","name":"A."}`, "404 E112102", ""},

		{"update wipes", updateUser, `{"loginId":"ada","name":"A."}`, "ada[ada@x.example] enabled name=A. with=password", ""},
		{
			"update with all", updateUser, `{"loginId":"ada","name":"A.","email":"a@x.example","verifiedEmail":true,"roleNames":["Q"],"customAttributes":{"floor":4},"additionalIdentifiers":["a"]}`,
			"ada[ada@x.example a] enabled name=A. email=a@x.example verified=email roles=[Q] custom=map[floor:4] with=password", "",
		},
		{"update of the status", updateUser, `{"loginId":"ada","status":"invited"}`, "ada[ada@x.example] invited with=password", ""},
		{"an empty login id", patchUser, `{"loginId":"ada","additionalIdentifiers":[""]}`, "400 E011004", ""},
		{"update of nobody", updateUser, `{"loginId":"none"}`, "404 E112102", ""},

		{"disable", updateStatus, `{"loginId":"ada","status":"disabled"}`, strings.Replace(before, "enabled", "disabled", 1), ""},
		{"enable", updateStatus, `{"loginId":"ada@x.example","status":"enabled"}`, before, ""},
		{"back to invited", updateStatus, `{"loginId":"ada","status":"invited"}`, strings.Replace(before, "enabled", "invited", 1), ""},
		{"expire", updateStatus, `{"loginId":"ada","status":"expired"}`, "400 E011003", ""},
		{"no status", updateStatus, `{"loginId":"ada"}`, "400 E011003", ""},
		{"the status of nobody", updateStatus, `{"loginId":"none","status":"disabled"}`, "404 E112102", ""},
	} {
		for _, second := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", tt.name, second), func(t *testing.T) {
				want := tt.want
				if second && tt.second != "" {
					want = tt.second
				}
				srv := emulatortest.Start(t, staff(), emulator.Options{SecondLayout: second})
				reply := call(t, srv, tt.what, tt.body)
				after := account(t, call(t, srv, loadUser+"?userId=ada", ""))
				got := reply.failure()
				if got == "200" {
					if got = account(t, reply); got != after {
						t.Errorf("the reply says %s, the user is %s", got, after)
					}
				} else if after != before {
					t.Errorf("a failed call left %s", after)
				}
				if got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	}
}

func TestCallsWithoutContent(t *testing.T) {
	for _, tt := range []struct {
		what, body string
		want       string
		second     string // what the second layout answers, if it is another status
		effects    string
		left       string
	}{
		{logout, `{"userId":"ada"}`, "200", "", "[{signed-out ada   }]", "ada bob of 2"},
		{logout, `{"loginId":"ada@x.example","sessionTypes":["user"]}`, "200", "", "[{signed-out ada   }]", "ada bob of 2"},
		{logout, `{"loginId":"bob"}`, "404 E112102", "", "[]", "ada bob of 2"},
		{logout, `{"userId":"none"}`, "404 E112102", "", "[]", "ada bob of 2"},
		{logout, `{}`, "400 E011002", "", "[]", "ada bob of 2"},
		{logout, `{"loginIds":["ada"]}`, "400 E011003", "", "[]", "ada bob of 2"},
		{expirePassword, `{"loginId":"ada@x.example"}`, "200", "", "[{password-expired ada   }]", "ada bob of 2"},
		{expirePassword, `{"loginId":"bob"}`, "200", "404 E112102", "[{password-expired bob   }]", "ada bob of 2"},
		{expirePassword, `{"loginId":"none"}`, "404 E112102", "", "[]", "ada bob of 2"},
		{expirePassword, `{"userId":"ada"}`, "400 E011003", "", "[]", "ada bob of 2"},
		{deleteUser, `{"userId":"ada"}`, "200", "", "[]", "bob of 1"},
		{deleteUser, `{"loginId":"ada"}`, "200", "", "[]", "bob of 1"},
		{deleteUser, `{"loginId":"bob"}`, "404 E112102", "", "[]", "ada bob of 2"},
		{deleteUser, `{"userId":"none"}`, "404 E112102", "", "[]", "ada bob of 2"},
		{deleteUser, `{}`, "400 E011002", "", "[]", "ada bob of 2"},
		{deleteUser, `{"userId":"ada","force":true}`, "400 E011003", "", "[]", "ada bob of 2"},
	} {
		for _, second := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s%s/%t", tt.what, tt.body, second), func(t *testing.T) {
				srv := emulatortest.Start(t, staff(), emulator.Options{SecondLayout: second})
				want, effects, body := tt.want, tt.effects, ""
				if second {
					body = "{}"
					if tt.second != "" {
						want, effects = tt.second, "[]"
					}
				}
				reply := call(t, srv, tt.what, tt.body)
				if got := reply.failure(); got != want || want == "200" && string(reply.body) != body {
					t.Errorf("got %s %s, want %s %s", got, reply.body, want, body)
				}
				if got := fmt.Sprint(srv.Store().Effects()); got != effects {
					t.Errorf("effects %s, want %s", got, effects)
				}
				if got := found(t, call(t, srv, search, "{}")); got != tt.left {
					t.Errorf("then there are %s", got)
				}
			})
		}
	}
}

// TestUpdateKeepsTheStatus: a disabled user is not enabled by a change of details.
func TestUpdateKeepsTheStatus(t *testing.T) {
	srv := emulatortest.Start(t, staff(), emulator.Options{})
	call(t, srv, updateStatus, `{"loginId":"bob","status":"disabled"}`)
	if got := account(t, call(t, srv, updateUser, `{"loginId":"bob","name":"Rob"}`)); got != "bob[bob@x.example] disabled name=Rob" {
		t.Error(got)
	}
}

// TestAnotherPhone: it is verified no longer in the second layout.
func TestAnotherPhone(t *testing.T) {
	for _, second := range []bool{false, true} {
		srv := emulatortest.Start(t, staff(), emulator.Options{SecondLayout: second})
		for _, step := range []struct {
			body     string
			verified bool
		}{
			{`{"loginId":"bob","name":"Rob"}`, false},
			{`{"loginId":"bob","phone":"+1555","verifiedPhone":true}`, true},
			{`{"loginId":"bob","phone":"+1555"}`, true},
			{`{"loginId":"bob","phone":"+1556"}`, !second},
		} {
			want := fmt.Sprintf(`"verifiedPhone":%t`, step.verified)
			if got := string(call(t, srv, patchUser, step.body).body); !strings.Contains(got, want) {
				t.Errorf("second layout %t: %s: no %s in %s", second, step.body, want, got)
			}
		}
	}
}

func TestNewIDsAreNobodys(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{Users: []emulator.User{{UserID: "U2new1"}}}, emulator.Options{})
	if got := account(t, call(t, srv, createUser, `{"loginId":"new"}`)); got != "U2new2[new] invited created=true" {
		t.Error(got)
	}
}

func TestDeletedUsersAreGone(t *testing.T) {
	srv := emulatortest.Start(t, staff(), emulator.Options{})
	for _, step := range []struct{ what, body, want string }{
		{deleteUser, `{"userId":"bob"}`, "200"},
		{deleteUser, `{"userId":"bob"}`, "404 E112102"},
		{loadUser + "?loginId=bob@x.example", "", "404 E112102"},
		{createUser, `{"loginId":"bob@x.example"}`, "200"},
		{deleteUser, `{"loginId":"bob@x.example"}`, "200"},
		{createUser, `{"loginId":"bob@x.example"}`, "200"},
	} {
		if got := call(t, srv, step.what, step.body).failure(); got != step.want {
			t.Errorf("%s %s: %s, want %s", step.what, step.body, got, step.want)
		}
	}
	if got := found(t, call(t, srv, search, "{}")); got != "ada U2new2 of 2" {
		t.Errorf("an id is of two users: %s", got)
	}
}

// TestLostAnswersOfAccounts: a change whose answer is lost has been made or not, and
// reading shows which.
func TestLostAnswersOfAccounts(t *testing.T) {
	for _, c := range []struct{ operation, what, body, read, before, after string }{
		{"CreateUser", createUser, `{"loginId":"new"}`, "?loginId=new", "404 E112102", "U2new1[new] invited"},
		{"DeleteUser", deleteUser, `{"userId":"bob"}`, "?userId=bob", "bob[bob@x.example] enabled", "404 E112102"},
		{"UpdateUserStatus", updateStatus, `{"loginId":"bob","status":"disabled"}`, "?userId=bob", "bob[bob@x.example] enabled", "bob[bob@x.example] disabled"},
		{"PatchUser", patchUser, `{"loginId":"bob","name":"Rob"}`, "?userId=bob", "bob[bob@x.example] enabled", "bob[bob@x.example] enabled name=Rob"},
	} {
		for rule, taken := range map[string]bool{
			"reset": false, "reset taken": true, "503": false, "503 taken": true, "429:1": false, "html": false, "html taken": true, "half": true,
		} {
			t.Run(c.operation+"/"+rule, func(t *testing.T) {
				srv := emulatortest.Start(t, staff(), emulator.Options{SecondLayout: true})
				srv.Fail(t, rule+" times=1 on="+c.operation)
				send := srv.Request(t, c.what, c.body)
				if reply, err := http.DefaultClient.Do(send); err == nil {
					reply.Body.Close()
				}
				reply := call(t, srv, loadUser+c.read, "")
				got, want := reply.failure(), c.before
				if got == "200" {
					got = account(t, reply)
				}
				if taken {
					want = c.after
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

// TestListsThatLagBehindAccounts: a user who was created, changed or deleted shows
// after a while.
func TestListsThatLagBehindAccounts(t *testing.T) {
	for rule, want := range map[string][]string{
		"lag:1h":  {"ada bob of 2", " of 0"},
		"lag:1ns": {"ada U2new1 of 2", "ada of 1"},
	} {
		srv := emulatortest.Start(t, staff(), emulator.Options{})
		srv.Fail(t, rule+" on=SearchUsers")
		call(t, srv, createUser, `{"loginId":"new"}`)
		call(t, srv, updateStatus, `{"loginId":"ada","status":"disabled"}`)
		call(t, srv, deleteUser, `{"userId":"bob"}`)
		got := []string{found(t, call(t, srv, search, "{}")), found(t, call(t, srv, search, `{"statuses":["disabled"]}`))}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", rule, got, want)
		}
	}
}

// A change to a raw row rewrites what has changed, and nothing else.
func TestChangeARawUser(t *testing.T) {
	srv := emulatortest.Start(t, office(), emulator.Options{})
	srv.Store().AddRawUser(`{"userId":"raw","status":"frozen","name":7,"newField":[1.50]}`)
	got := string(call(t, srv, updateStatus, `{"loginId":"raw","status":"enabled"}`).body)
	for _, part := range []string{`"status":"enabled"`, `"name":7`, `"newField":[1.50]`} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
}

func TestRateLimitOfCreations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := emulator.New(numbered(1), emulator.Options{RateLimit: 1})
		create := func(n int) string {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/mgmt/user/create", strings.NewReader(fmt.Sprintf(`{"loginId":"new%d"}`, n)))
			r.Header.Set("Authorization", "Bearer "+emulator.DefaultProjectID+":"+emulator.DefaultManagementKey)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, r)
			return strings.TrimSpace(response{w.Result(), w.Body.Bytes()}.failure() + " " + w.Header().Get("Retry-After"))
		}
		for n := range emulator.CreateLimit {
			if got := create(n); got != "200" {
				t.Fatalf("creation %d: %s", n, got)
			}
		}
		time.Sleep(20 * time.Second)
		if got := create(emulator.CreateLimit); got != "429 E130429 40" {
			t.Error(got)
		}
		time.Sleep(40 * time.Second)
		if got := create(emulator.CreateLimit); got != "200" {
			t.Error(got)
		}
	})
}
