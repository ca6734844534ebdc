package e2e

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

const chloe = "U2demoChloeDuval"

// invoke returns the arguments that invoke an action on Chloe, with more arguments.
func invoke(action string, more ...string) []string {
	return []string{"--invoke-action", action, "--invoke-action-args", "{" + strings.Join(append([]string{`"user_id": "` + chloe + `"`}, more...), ", ") + "}"}
}

// wrote describes the writes since the last time, each with its body as JSON.
func wrote(t *testing.T, d *emulatortest.Running) []string {
	t.Helper()
	var all []string
	for _, c := range changes(t, d) {
		body, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c.operation+" "+string(body))
	}
	return all
}

const (
	disables = `UpdateUserStatus {"loginId":"` + chloe + `","status":"disabled"}`
	enables  = `UpdateUserStatus {"loginId":"` + chloe + `","status":"enabled"}`
	signsOut = `LogoutAllUserDevices {"userId":"` + chloe + `"}`
)

// TestAccountStatus is the sequence with which Baton connectors with these actions are
// tested: sync, disable, sync, enable, sync, each twice. Readers look for the status in
// the trait.
func TestAccountStatus(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		d := emulatortest.Start(t, emulator.Demo(), emulator.Options{ManagementKey: key, SecondLayout: second})
		shows := func(status string) {
			t.Helper()
			r := read(t, synced(t, d)).resources["user:"+chloe]
			for _, a := range r.Annotations {
				if strings.HasSuffix(a.Type, ".UserTrait") && a.Status.Status != "STATUS_"+status || r.Status.Status != "RESOURCE_STATUS_"+status {
					t.Errorf("the status is %+v, in the trait %+v, want %s", r.Status, a.Status, status)
				}
			}
			d.ResetRequests()
		}
		shows("ENABLED")
		for range 2 {
			e := connector(t, d, invoke("disable_user")...)
			e.contains(t, "disable_user: done: user Chloe Duval ("+chloe+")")
			if got := wrote(t, d); e.code != 0 || !slices.Equal(got, []string{disables, signsOut}) {
				t.Errorf("exit code %d, wrote %v", e.code, got)
			}
		}
		shows("DISABLED")
		for range 2 {
			succeeds(t, d, invoke("enable_user")...)
			if got := wrote(t, d); !slices.Equal(got, []string{enables}) {
				t.Errorf("wrote %v", got)
			}
		}
		shows("ENABLED")
	}
}

// TestUpdateUser: what is not given stays, and what is given is sent, empty and false too.
func TestUpdateUser(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	before, _ := d.Store().User(chloe)
	for _, c := range []struct {
		profile, sent string
		change        func(u *emulator.User)
	}{
		{`{"name": "Chloë"}`, `{"loginId":"` + chloe + `","name":"Chloë"}`, func(u *emulator.User) { u.Name = "Chloë" }},
		{`"{\"given_name\": \"\", \"email_verified\": false}"`, `{"givenName":"","loginId":"` + chloe + `","verifiedEmail":false}`, func(u *emulator.User) { u.GivenName, u.VerifiedEmail = "", false }},
		{`{"phone": null, "family_name": "D."}`, `{"familyName":"D.","loginId":"` + chloe + `"}`, func(u *emulator.User) { u.FamilyName = "D." }},
		{`{}`, `{"loginId":"` + chloe + `"}`, func(*emulator.User) {}},
	} {
		d.ResetRequests()
		succeeds(t, d, invoke("update_user", `"user_profile": `+c.profile)...)
		if got := wrote(t, d); !slices.Equal(got, []string{"PatchUser " + c.sent}) {
			t.Errorf("%s: wrote %v, want %s", c.profile, got, c.sent)
		}
		c.change(&before)
		if after, _ := d.Store().User(chloe); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: the user is %+v, want %+v", c.profile, after, before)
		}
	}
}

// TestOtherActions: what has no status to show is done all the same.
func TestOtherActions(t *testing.T) {
	t.Parallel()
	project := emulator.Demo()
	project.Users = append(project.Users, emulator.User{UserID: "U2ivan", LoginIDs: []string{"ivan@x.example"}, Email: "ivan@x.example", Status: "invited"})
	for _, second := range []bool{false, true} {
		d := emulatortest.Start(t, project, emulator.Options{ManagementKey: key, SecondLayout: second})
		user, _ := d.Store().User(chloe)
		for _, c := range []struct{ action, user, wrote, effect string }{
			{"sign_out", chloe, signsOut, fmt.Sprint(emulator.Effect{Kind: emulator.SignedOut, UserID: chloe})},
			{"expire_password", chloe, `ExpireUserPassword {"loginId":"` + user.LoginIDs[0] + `"}`, fmt.Sprint(emulator.Effect{Kind: emulator.PasswordExpired, UserID: chloe})},
			{"resend_invitation", "U2ivan", `CreateUser {"invite":true,"loginId":"U2ivan"}`, fmt.Sprint(emulator.Effect{Kind: emulator.Invited, UserID: "U2ivan", Mail: "ivan@x.example"})},
		} {
			count := len(d.Store().Effects())
			d.ResetRequests()
			args := []string{"--invoke-action", c.action, "--invoke-action-args", `{"user_id": {"resource_type_id": "user", "resource_id": "` + c.user + `"}}`}
			e := connector(t, d, args...)
			e.contains(t, c.action+": done: user ", c.user)
			if got := wrote(t, d); e.code != 0 || !slices.Equal(got, []string{c.wrote}) {
				t.Errorf("exit code %d, %s wrote %v", e.code, c.action, got)
			}
			if got := d.Store().Effects(); len(got) != count+1 || fmt.Sprint(got[count]) != c.effect {
				t.Errorf("%s: %v, want %s", c.action, got[count:], c.effect)
			}
		}
		if users := len(d.Store().Users()); users != len(project.Users) {
			t.Errorf("there are %d users, and were %d", users, len(project.Users))
		}
	}
}

// TestActionsWithoutAnswer: an answer is lost before the request was taken, and after.
func TestActionsWithoutAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule   string
		args   []string
		wrote  []string
		says   string // the error; empty for success
		status string
	}{
		{"reset on=UpdateUserStatus times=1", invoke("disable_user"), []string{disables, disables, signsOut}, "", "disabled"},
		{"reset on=UpdateUserStatus times=1 taken", invoke("disable_user"), []string{disables, signsOut}, "", "disabled"},
		{"html:200 on=UpdateUserStatus", invoke("disable_user"), []string{disables}, "not JSON", "enabled"},
		{"429:1 on=UpdateUserStatus times=1", invoke("disable_user"), []string{disables, disables, signsOut}, "", "disabled"},
		{"reset on=LogoutAllUserDevices times=1 taken", invoke("disable_user"), []string{disables, signsOut}, "it may have been done all the same", "disabled"},
		{"reset on=PatchUser times=1 taken", invoke("update_user", `"user_profile": {"name": "C"}`), []string{`PatchUser {"loginId":"` + chloe + `","name":"C"}`}, "it may have been done all the same", "enabled"},
		{"other:U2demoKwameAsante on=UpdateUserStatus", invoke("disable_user"), []string{disables}, `answered with the user "U2demoKwameAsante"`, "enabled"},
		{"html:200 on=LogoutAllUserDevices", invoke("sign_out"), []string{signsOut}, "not JSON", "enabled"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			d.Fail(t, c.rule)
			if c.says == "" {
				succeeds(t, d, c.args...)
			} else {
				fails(t, d, c.args...).contains(t, c.says)
			}
			if got := wrote(t, d); !slices.Equal(got, c.wrote) {
				t.Errorf("wrote %v, want %v", got, c.wrote)
			}
			if u, _ := d.Store().User(chloe); u.Status != c.status {
				t.Errorf("the status is %q", u.Status)
			}
		})
	}
}

func TestRefusedActions(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	for _, c := range []struct {
		args []string
		says string
	}{
		{invoke("resend_invitation"), `resend_invitation for user "` + chloe + `": the status is "enabled", and must be pending`},
		{[]string{"--invoke-action", "disable_user", "--invoke-action-args", `{"user_id": "U2nobody"}`}, `disable_user for user "U2nobody": there is no user "U2nobody"`},
		{[]string{"--invoke-action", "disable_user"}, "user_id is required: the id of the user"},
		{[]string{"--invoke-action", "disable_user", "--invoke-action-args", "U1"}, "--invoke-action-args is not a JSON object"},
		{[]string{"--invoke-action", "disable_usr", "--invoke-action-args", "{}"}, `--invoke-action: there is no action "disable_usr"; did you mean "disable_user"?`},
		{append(invoke("sign_out"), "--invoke-action-resource-type", "role"), `--invoke-action-resource-type "role": no such type has an action sign_out; leave it out`},
		{invoke("sign_out", `"all": true`), `sign_out: there is no argument "all"`},
		{[]string{"--list-action-schemas", "--list-action-schemas-resource-type", "usr"}, `--list-action-schemas-resource-type "usr": no such type has actions of its own; leave it out`},
		{[]string{"-p", "--delete-resource", ""}, "--delete-resource is empty: give it a value, or leave it out"},
		{invoke("update_user"), "user_profile is required"},
		{invoke("update_user", `"user_profile": {"nmae": "C"}`), `user_profile: there is no key "nmae"; did you mean "name"?`},
		{invoke("update_user", `"user_profile": {"email_verified": "no"}`), `"verifiedEmail": a truth value is expected, not text`},
		{[]string{"--invoke-action-args", `{"a": 1}`}, "--invoke-action-args is for --invoke-action, which is not given"},
		{append(invoke("sign_out"), "--delete-resource", chloe), "--delete-resource and --invoke-action ask for two different runs"},
		{[]string{"--delete-resource", chloe, "--delete-resource-type", "user"}, "a deletion needs --provisioning"},
		{[]string{"-p", "--delete-resource", "Viewer", "--delete-resource-type", "role"}, `--delete-resource-type "role": only a user can be deleted`},
		{[]string{"-p", "--delete-resource-type", "user"}, "--delete-resource-type is for --delete-resource, which is not given"},
	} {
		fails(t, d, c.args...).contains(t, c.says)
		if got := wrote(t, d); got != nil {
			t.Errorf("%v wrote %v", c.args, got)
		}
	}
}

// TestDelete: what is gone already is success, and a lost answer is settled by reading.
func TestDelete(t *testing.T) {
	t.Parallel()
	deletes := []string{"-p", "--delete-resource", chloe, "--delete-resource-type", "user"}
	const wanted = `DeleteUser {"userId":"` + chloe + `"}`
	for _, c := range []struct {
		rule  string
		wrote []string
		says  string
	}{
		{"", []string{wanted}, "deleted the user Chloe Duval (" + chloe + ")"},
		{"reset on=DeleteUser times=1", []string{wanted, wanted}, "deleted the user Chloe Duval"},
		{"reset on=DeleteUser times=1 taken", []string{wanted}, "deleted the user Chloe Duval"},
		{"html:200 on=DeleteUser", []string{wanted}, "not JSON"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			if c.rule != "" {
				d.Fail(t, c.rule)
			}
			e := connector(t, d, deletes...)
			e.contains(t, c.says)
			_, there := d.Store().User(chloe)
			if got := wrote(t, d); !slices.Equal(got, c.wrote) || there != (e.code != 0) {
				t.Errorf("exit code %d, the user is there: %t, wrote %v, want %v", e.code, there, got, c.wrote)
			}
			if there {
				return
			}
			again := connector(t, d, deletes[:3]...) // Users are all that can be deleted.
			again.contains(t, "nothing to delete: no user has the id "+chloe)
			if got := wrote(t, d); again.code != 0 || got != nil {
				t.Errorf("again: exit code %d, wrote %v", again.code, got)
			}
			if _, ok := read(t, synced(t, d)).resources["user:"+chloe]; ok {
				t.Error("the next sync has the user")
			}
		})
	}
}

func TestListActionSchemas(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	e := connector(t, d, "--list-action-schemas")
	var schemas []struct {
		Name, ResourceTypeID string
		Arguments            []struct {
			Name       string
			IsRequired bool
		}
	}
	if err := json.Unmarshal([]byte(e.stdout), &schemas); err != nil || e.code != 0 {
		t.Fatalf("exit code %d, %v\n%s", e.code, err, e.all)
	}
	var got []string
	for _, s := range schemas {
		line := strings.Trim(s.ResourceTypeID+":"+s.Name, ":")
		for _, a := range s.Arguments {
			line += fmt.Sprintf(" %s %t", a.Name, a.IsRequired)
		}
		got = append(got, line)
	}
	if want := []string{
		"disable_user user_id true", "enable_user user_id true", "user:expire_password user_id true",
		"user:resend_invitation user_id true", "user:sign_out user_id true", "update_user user_id true user_profile true",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := connector(t, d, "--list-action-schemas", "--list-action-schemas-resource-type", "user"); strings.Contains(got.stdout, "disable_user") || !strings.Contains(got.stdout, "sign_out") {
		t.Error(got.stdout)
	}
}
