package mapping_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

const updateUser = `    actions:
      update_user:
        kind: account_update_profile
        display_name: Update user
        inputs:
          user_profile: {display_name: Profile, required: true, object: [name, verified, phone, attributes]}
          note: {display_name: Note}
        call:
          operation: PatchUser
          with:
            loginId: resource.userId
            name: input.user_profile.name
            verifiedEmail: input.user_profile.verified
            phone: input.user_profile.phone
            customAttributes: input.user_profile.attributes
            picture: input.note
          record: user`

// TestInputs: what is absent is not sent, and what is empty is. An object is as good as
// its JSON text.
func TestInputs(t *testing.T) {
	plan, err := mapping.Load("f", []byte(withUser(t, updateUser)), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	a := plan.Type("user").Actions[0]
	for _, c := range []struct {
		given string
		want  string
	}{
		{`{"user_profile": {"name": "Ann"}}`, `{"loginId":"U1","name":"Ann"}`},
		{`{"user_profile": "{\"name\": \"Ann\"}"}`, `{"loginId":"U1","name":"Ann"}`},
		{`{"user_profile": {"name": "", "verified": false}}`, `{"loginId":"U1","name":"","verifiedEmail":false}`},
		{`{"user_profile": {"name": null, "phone": "+1"}, "note": null}`, `{"loginId":"U1","phone":"+1"}`},
		{`{"user_profile": {"attributes": {"level": 3, "tags": []}}, "note": ""}`, `{"customAttributes":{"level":3,"tags":[]},"loginId":"U1","picture":""}`},
		{`{"user_profile": {}}`, `{"loginId":"U1"}`},
		{`{}`, "user_profile is required"},
		{`{"user_profile": null}`, "user_profile is required"},
		{`{"user_profile": " "}`, "user_profile is required"},
		{`{"user_profile": "null"}`, "user_profile is required"},
		{`{"user_profile": "{\"attributes\": {\"n\": 12345678901234567891}}"}`, `{"customAttributes":{"n":12345678901234567891},"loginId":"U1"}`},
		{`{"user_profile": "name"}`, "user_profile: the text is not JSON"},
		{`{"user_profile": "{} {}"}`, "user_profile: the text is more than one JSON value"},
		{`{"user_profile": ["name"]}`, "user_profile: a JSON object is expected"},
		{`{"user_profile": {"nmae": "Ann"}}`, `user_profile: there is no key "nmae"; did you mean "name"?`},
		{`{"user_profile": {}, "profile": {}}`, `there is no argument "profile"; it is one of user_profile, note`},
		{`{"user_profile": {"verified": "yes"}}`, `PatchUser: "verifiedEmail": a truth value is expected, not text`},
	} {
		var given map[string]any
		if err := json.Unmarshal([]byte(c.given), &given); err != nil {
			t.Fatal(err)
		}
		got := ""
		inputs, err := a.ReadInputs(given)
		var request any
		if err == nil {
			request, err = a.Calls[0].Request(mapping.Inputs{Resource: mapping.ID{"U1"}, Input: inputs})
		}
		if err != nil {
			got = err.Error()
		} else {
			got = asJSON(t, request.(*descope.PatchUserCall).Body)
		}
		if got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.given, got, c.want)
		}
	}
}

// TestShowsStatus: of the calls whose replies have the record each does, else the last.
func TestShowsStatus(t *testing.T) {
	const shows, silent = `{operation: UpdateUserStatus, with: {loginId: resource.userId}, request: {status: disabled}, record: user}`, `{operation: LogoutAllUserDevices, with: {userId: resource.userId}}`
	for _, c := range []struct {
		becomes string
		calls   []string
		want    []bool
	}{
		{"becomes: disabled, ", []string{shows, silent}, []bool{true, false}},
		{"becomes: disabled, ", []string{silent, shows, silent, shows}, []bool{false, true, false, true}},
		{"becomes: disabled, ", []string{silent, silent}, []bool{false, true}},
		{"", []string{shows, silent}, []bool{false, false}},
	} {
		plan, err := mapping.Load("f", []byte(withUser(t, "    actions: {a: {display_name: A, "+c.becomes+"call: ["+strings.Join(c.calls, ", ")+"]}}")), descopeAPI)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			if got := plan.Type("user").Actions[0].ShowsStatus(i); got != want {
				t.Errorf("%s%v: call %d shows the status: %t", c.becomes, c.calls, i, got)
			}
		}
	}
}

// FuzzInputs: whatever somebody gives, the request is about the user, and has nothing that
// was not given.
func FuzzInputs(f *testing.F) {
	for _, seed := range []string{`{"name": "Ann"}`, `{}`, `null`, `[]`, `"name"`, `{"name": null, "verified": 1}`, `{"attributes": {"a": [1e400, {}]}}`, ` {"phone":""}x`, `{"name":"a","name":"b"}`} {
		f.Add(seed)
	}
	src, err := os.ReadFile("testdata/frozen.yaml")
	if err != nil {
		f.Fatal(err)
	}
	const before = "    ignored: # looks like access\n      permissions:"
	plan, err := mapping.Load("f", []byte(strings.Replace(string(src), before, updateUser+"\n"+before, 1)), descopeAPI)
	if err != nil {
		f.Fatal(err)
	}
	a := plan.Type("user").Actions[0]
	f.Fuzz(func(t *testing.T, profile string) {
		inputs, err := a.ReadInputs(map[string]any{"user_profile": profile})
		if err != nil {
			return
		}
		request, err := a.Calls[0].Request(mapping.Inputs{Resource: mapping.ID{"U1"}, Input: inputs})
		if err != nil {
			return
		}
		given := inputs["user_profile"].(map[string]any)
		body := request.(*descope.PatchUserCall).Body
		for key, sent := range map[string]bool{
			"name": body.Name != nil, "verified": body.VerifiedEmail != nil, "phone": body.Phone != nil, "attributes": body.CustomAttributes != nil, "picture": body.Picture != nil,
		} {
			if sent != (given[key] != nil) {
				t.Errorf("%s: %s was sent: %t", profile, key, sent)
			}
		}
		if body.LoginID != "U1" {
			t.Errorf("%s: the request is about %q", profile, body.LoginID)
		}
	})
}
