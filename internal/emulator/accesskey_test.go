package emulator_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// Every field of an access key is in a reply, whatever its value.
func TestAnEmptyAccessKey(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{
		AccessKeys: []emulator.AccessKey{{ID: "k", Tenants: []emulator.Membership{{TenantID: "gone"}}}},
	}, emulator.Options{})
	const want = `{"keys":[{"id":"k","name":"","description":"","status":"active","clientId":"","boundUserId":"","roleNames":[],` +
		`"createdTime":0,"expireTime":0,"createdBy":"","editable":false,"permittedIps":[],"customClaims":{},"customAttributes":{},` +
		`"keyTenants":[{"tenantId":"gone","roleNames":[],"tenantName":""}]}]}`
	if got := string(call(t, srv, accessKeys, "{}").body); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestSearchAccessKeys(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	for body, want := range map[string]string{
		`{}`: "K2demoReporting K2demoTomasz K2demoTrialImport K2demoNightly K2demoAcmeSCIM",
		`{"tenantIds":["T2acme","T2dune","none"]}`:                     "K2demoNightly K2demoAcmeSCIM",
		`{"tenantIds":[],"text":null}`:                                 "K2demoReporting K2demoTomasz K2demoTrialImport K2demoNightly K2demoAcmeSCIM",
		`{"boundUserId":"U2demoTomaszReyl"}`:                           "K2demoTomasz",
		`{"creatingUser":"U2demoInesMarlow"}`:                          "K2demoReporting K2demoTrialImport",
		`{"text":"IMPORT"}`:                                            "K2demoTrialImport",
		`{"text":"dashboard"}`:                                         "K2demoReporting",
		`{"text":"users","tenantIds":["T2birch"]}`:                     "",
		`{"creatingUser":"U2demoInesMarlow","boundUserId":"U2nobody"}`: "",
	} {
		keys := read[struct {
			Keys []struct{ ID string } `json:"keys"`
		}](t, call(t, srv, accessKeys, body))
		ids := make([]string, len(keys.Keys))
		for i, k := range keys.Keys {
			ids[i] = k.ID
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	for body, want := range map[string]string{
		`{"limit":10}`:           "400 E011003",
		`{"tenantIds":"T2acme"}`: "400 E011003",
		``:                       "400 E011003",
	} {
		if got := call(t, srv, accessKeys, body).failure(); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

// Access keys refer to tenants by name as well.
func TestTheTenantsOfAnAccessKey(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	got := string(call(t, srv, accessKeys, `{"tenantIds":["T2birch"]}`).body)
	const want = `"keyTenants":[{"tenantId":"T2birch","roleNames":["Approver"],"tenantName":"Birch \u0026 Sons"},` +
		`{"tenantId":"T2dune","roleNames":["Support/L2"],"tenantName":"Dune Travel"}]`
	if !strings.Contains(got, want) {
		t.Errorf("no %s in %s", want, got)
	}
}

// A reply from the past, which a fault gives, has the access keys and applications too.
func TestAccessKeysOfThePast(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	for _, list := range []struct{ what, body string }{{accessKeys, "{}"}, {applications, ""}} {
		want := string(call(t, srv, list.what, list.body).body)
		srv.Fail(t, "lag:1h")
		if got := string(call(t, srv, list.what, list.body).body); got != want {
			t.Errorf("%s: got %s, want %s", list.what, got, want)
		}
		srv.Fail(t)
	}
}
