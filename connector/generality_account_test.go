package connector_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/mapping"
)

// club is an API that creates members and answers with nothing.
type club struct {
	members []guest
	hidden  int  // how many times a new member is not found
	taken   bool // somebody else is faster
	sent    []string
}

type guest struct {
	ID     int64  `json:"id"`
	Handle string `json:"handle,omitempty"`
}

type guestCall struct {
	Handle string `in:"path" json:"handle"`
}

type clubError struct {
	Code string `json:"code"`
}

type joinCall struct {
	Body struct {
		Handle string  `json:"handle"`
		Level  *int32  `json:"level,omitempty"`
		Code   *string `json:"code,omitempty" secret:"true"`
	} `in:"body"`
}

func (c *club) operations() api.Operations {
	return api.NewOperations(
		&api.Operation{Name: "ListGuests", Method: "GET", Request: reflect.TypeFor[struct{}](), Reply: reflect.TypeFor[[]guest](), Failure: reflect.TypeFor[clubError]()},
		&api.Operation{
			Name: "GetGuest", Method: "GET", Request: reflect.TypeFor[guestCall](), Reply: reflect.TypeFor[guest](),
			Call: func(_ context.Context, _ api.Connection, request any) (any, error) {
				for _, m := range c.members {
					if c.hidden--; m.Handle == request.(*guestCall).Handle && c.hidden < 0 {
						return &m, nil
					}
				}
				return nil, &api.StatusError{StatusCode: http.StatusNotFound, Body: []byte(`{"code":"none"}`)}
			},
		},
		&api.Operation{
			Name: "Join", Method: "PUT", Request: reflect.TypeFor[joinCall](), Reply: reflect.TypeFor[api.NoReply](),
			Call: func(_ context.Context, _ api.Connection, request any) (any, error) {
				body := request.(*joinCall).Body
				sent := body.Handle
				if body.Level != nil {
					sent += fmt.Sprint(" level ", *body.Level)
				}
				if body.Code != nil {
					sent += fmt.Sprint(" code of ", len(*body.Code))
				}
				c.sent = append(c.sent, sent)
				c.members = append(c.members, guest{ID: int64(len(c.members) + 1), Handle: body.Handle})
				if c.taken {
					return nil, &api.StatusError{StatusCode: http.StatusConflict, Body: []byte(`{"code":"taken"}`)}
				}
				return &api.NoReply{}, nil
			},
		},
	)
}

// clubMapping is its mapping, but for the credentials.
const clubMapping = `version: 1
connector: {display_name: Club}
errors: {code: code, not_found: [none]}
resource_types:
  guest:
    display_name: Guest
    trait: user
    list: {operation: ListGuests}
    id: id
    name: handle or id
    user: {login: handle}
    account:
      fields:
        login: {display_name: Handle, required: true}
        level: {display_name: Level, default: 1}
      find: {operation: GetGuest, with: {handle: account.login}}
      create: {operation: Join, with: {handle: account.login, level: account.level}}
`

// byEmail makes the field of the handle one for an address.
var byEmail = strings.NewReplacer("account.login", "account.email", "login: {display_name", "email: {display_name")

// TestAccountsOfAnotherAPI: one that answers with nothing, and accounts of other shapes.
func TestAccountsOfAnotherAPI(t *testing.T) {
	random := v2.CredentialOptions_builder{RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 16}.Build()}.Build()
	forced := v2.CredentialOptions_builder{RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 16}.Build(), ForceChangeAtNextLogin: true}.Build()
	none := v2.CredentialOptions_builder{NoPassword: &v2.CredentialOptions_NoPassword{}}.Build()
	const onlyPasswords = "      credentials: {random_password: {with: {code: password}}}\n"
	for name, test := range map[string]struct {
		mapping string // added to it
		byEmail bool
		there   []guest
		hidden  int
		taken   bool
		keyless bool
		login   string
		emails  []string // the last is the primary one
		profile map[string]any
		options *v2.CredentialOptions
		want    string // the result
		sent    string
	}{
		"what the profile has":  {profile: map[string]any{"login": "ann", "level": 7.0}, want: "created guest 1", sent: "ann level 7"},
		"what stands beside it": {login: "ann", want: "created guest 1", sent: "ann level 1"},
		"as the SDK's command line gives it": {
			login: "ann", profile: map[string]any{"login": "ann", "email": ""}, options: random, want: "created guest 1", sent: "ann level 1",
		},
		"what the profile leaves empty": {login: "ann", profile: map[string]any{"login": ""}, want: "created guest 1", sent: "ann level 1"},
		"found after a while":           {login: "ann", hidden: 3, want: "created guest 1", sent: "ann level 1"},
		"not found afterwards":          {login: "ann", hidden: 99, want: "Internal: a new guest: Join reported success, but there is no such guest", sent: "ann level 1"},
		"no field":                      {login: "ann", profile: map[string]any{"email": "a@b.c"}, want: `InvalidArgument: a new guest: there is no field "email"; it is one of login, level`},
		"no login":                      {want: `InvalidArgument: a new guest: "login" is required: Handle`},
		"there already":                 {there: []guest{{ID: 7, Handle: "ann"}}, login: "ann", want: "guest 7 exists"},
		"another one is there":          {there: []guest{{ID: 7, Handle: "bob"}}, login: "ann", want: "created guest 2", sent: "ann level 1"},
		"somebody else was faster":      {taken: true, login: "ann", want: "guest 1 exists", sent: "ann level 1"},
		"the primary address":           {byEmail: true, emails: []string{"a@b.c", "ann@b.c"}, want: "created guest 1", sent: "ann@b.c level 1"},
		"a login that is not a field":   {byEmail: true, login: "ann", profile: map[string]any{"login": "ann", "email": "ann@b.c"}, want: "created guest 1", sent: "ann@b.c level 1"},
		"another login that is not a field": {
			byEmail: true, login: "ann", profile: map[string]any{"login": "bob", "email": "ann@b.c"}, want: `InvalidArgument: a new guest: there is no field "login"; it is one of email, level`,
		},
		"the profile before what stands beside it": {login: "bob", profile: map[string]any{"login": "ann"}, want: "created guest 1", sent: "ann level 1"},
		"there already, and no password is given":  {mapping: onlyPasswords, there: []guest{{ID: 7, Handle: "ann"}}, login: "ann", options: random, want: "guest 7 exists"},
		"faster, and no password is given":         {mapping: onlyPasswords, taken: true, login: "ann", options: random, want: "guest 1 exists", sent: "ann level 1 code of 16"},
		"the preferred, without a key": {
			mapping: onlyPasswords, keyless: true, login: "ann", want: "InvalidArgument: a random password needs a key to encrypt it with, and none is given",
		},
		"passwords alone": {
			mapping: onlyPasswords, login: "ann", options: none, want: `InvalidArgument: an account with the credential "no password" cannot be created here: choose random password`,
		},
		"a password":                {mapping: onlyPasswords, login: "ann", options: random, want: "created guest 1 with a password", sent: "ann level 1 code of 16"},
		"the preferred, a password": {mapping: onlyPasswords, login: "ann", want: "created guest 1 with a password", sent: "ann level 1 code of 20"},
		"one that cannot be expired": {
			mapping: onlyPasswords, login: "ann", options: forced, sent: "ann level 1 code of 16",
			want: "guest 1: The guest was created, but does not have to change the password at the next sign-in: the mapping has no force_change. " +
				"Expire the password by hand. with a password",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, src := &club{members: test.there, hidden: test.hidden, taken: test.taken}, clubMapping
				if test.byEmail {
					src = byEmail.Replace(src)
				}
				plan, err := mapping.Load("club", []byte(src+test.mapping), mapping.Environment{Operations: c.operations()})
				if err != nil {
					t.Fatal(err)
				}
				client, _ := harness.Client(t, connector.Options{Name: "club", Plan: plan, BaseURL: "http://127.0.0.1", Token: "t"})
				profile, err := structpb.NewStruct(test.profile)
				if err != nil {
					t.Fatal(err)
				}
				provider, err := providers.GetEncryptionProvider(jwk.EncryptionProviderJwk)
				if err != nil {
					t.Fatal(err)
				}
				key, _, err := provider.GenerateKey(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var emails []*v2.AccountInfo_Email
				for i, address := range test.emails {
					emails = append(emails, v2.AccountInfo_Email_builder{Address: address, IsPrimary: i == len(test.emails)-1}.Build())
				}
				request := v2.CreateAccountRequest_builder{
					AccountInfo:       v2.AccountInfo_builder{Login: test.login, Emails: emails, Profile: profile}.Build(),
					CredentialOptions: test.options, EncryptionConfigs: []*v2.EncryptionConfig{key},
				}.Build()
				if test.keyless {
					request.SetEncryptionConfigs(nil)
				}
				reply, err := client.CreateAccount(t.Context(), request)
				if got := outcomeOf(reply, err); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if sent := strings.Join(c.sent, "; "); sent != test.sent {
					t.Errorf("it sent %q, want %q", sent, test.sent)
				}
			})
		})
	}
}

// TestDefaultsOfAnotherAPI: ConductorOne takes numbers of 32 bits, and is shown no other.
func TestDefaultsOfAnotherAPI(t *testing.T) {
	for level, shown := range map[string]bool{"1": true, "2147483647": true, "2147483648": false, "-2147483649": false} {
		plan, err := mapping.Load("club", []byte(strings.Replace(clubMapping, "default: 1}", "default: "+level+"}", 1)), mapping.Environment{Operations: (&club{}).operations()})
		if err != nil {
			t.Fatal(err)
		}
		client, _ := harness.Client(t, connector.Options{Name: "club", Plan: plan, BaseURL: "http://127.0.0.1", Token: "t"})
		reply, err := client.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
		if err != nil {
			t.Fatal(err)
		}
		field := reply.GetMetadata().GetAccountCreationSchema().GetFieldMap()["level"].GetIntField()
		if got := fmt.Sprint(field.GetDefaultValue()); field.HasDefaultValue() != shown || shown && got != level {
			t.Errorf("of %s it shows %s", level, got)
		}
	}
}

// outcomeOf is what a creation came to, in short.
func outcomeOf(reply *v2.CreateAccountResponse, err error) string {
	if err != nil {
		_, text, _ := strings.Cut(err.Error(), "club: ")
		return status.Code(err).String() + ": " + text
	}
	what := "created guest " + reply.GetSuccess().GetResource().GetId().GetResource()
	if todo := reply.GetActionRequired(); todo != nil {
		what = "guest " + todo.GetResource().GetId().GetResource() + ": " + todo.GetMessage()
	}
	if there := reply.GetAlreadyExists(); there != nil {
		what = "guest " + there.GetResource().GetId().GetResource() + " exists"
	}
	if reply.GetEncryptedData() != nil {
		what += " with a password"
	}
	return what
}
