package descope_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// The credentials that ConductorOne may ask for.
var (
	withoutPassword = v2.CredentialOptions_builder{NoPassword: &v2.CredentialOptions_NoPassword{}}.Build()
	withPassword    = v2.CredentialOptions_builder{RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 24}.Build()}.Build()
	toBeChanged     = v2.CredentialOptions_builder{
		RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 24}.Build(), ForceChangeAtNextLogin: true,
	}.Build()
)

// hiring is the creation of ann@example.com: what is asked for and what came of it.
type hiring struct {
	profile map[string]any
	options *v2.CredentialOptions

	reply    *v2.CreateAccountResponse
	password string
}

// create asks a connector for the account, and decrypts the password.
func (h *hiring) create(ctx context.Context, t *testing.T, c types.ConnectorClient) error {
	t.Helper()
	if h.profile == nil {
		h.profile = map[string]any{"email": "ann@example.com", "tenant": "T1"}
	}
	profile, err := structpb.NewStruct(h.profile)
	if err != nil {
		t.Fatal(err)
	}
	request := v2.CreateAccountRequest_builder{AccountInfo: v2.AccountInfo_builder{Profile: profile}.Build(), CredentialOptions: h.options}.Build()
	provider, err := providers.GetEncryptionProvider(jwk.EncryptionProviderJwk)
	if err != nil {
		t.Fatal(err)
	}
	config, key, err := provider.GenerateKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request.SetEncryptionConfigs([]*v2.EncryptionConfig{config})
	if h.reply, err = c.CreateAccount(ctx, request); err != nil {
		return err
	}
	for _, encrypted := range h.reply.GetEncryptedData() {
		plaintext, err := provider.Decrypt(t.Context(), encrypted, key)
		if err != nil {
			t.Fatal(err)
		}
		h.password = string(plaintext.GetBytes())
	}
	return nil
}

// sentPasswords are the passwords that reached the API.
func sentPasswords(d *emulatortest.Running) (passwords []string) {
	for _, r := range d.Requests() {
		var request struct{ Password string }
		if r.Operation == "CreateUser" && json.Unmarshal(r.Body, &request) == nil && request.Password != "" {
			passwords = append(passwords, request.Password)
		}
	}
	return passwords
}

func annIn(d *emulatortest.Running) (emulator.User, bool) {
	users := d.Store().Users()
	i := slices.IndexFunc(users, func(u emulator.User) bool { return slices.Contains(u.LoginIDs, "ann@example.com") })
	if i < 0 {
		return emulator.User{}, false
	}
	return users[i], true
}

// hire creates the account under faults, and says what is true of every creation:
// success means that the account is there, and the password is the one that was sent.
func hire(t *testing.T, rules string, h *hiring, want outcome, writes int) {
	t.Helper()
	t.Run(rules, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := emulatortest.StartInMemory(t, company(colleague()), emulator.Options{})
			if rules != "" {
				d.Fail(t, strings.Split(rules, "|")...)
			}
			client, _ := harness.Client(t, options(t, d))
			h := *h
			err := h.create(t.Context(), t, client)
			want.check(t, "CreateUser", err)
			user, there := annIn(d)
			created := h.reply.GetSuccess().GetResource()
			switch {
			case err != nil:
				checkError(t, err)
				if slices.ContainsFunc(sentPasswords(d), func(p string) bool { return strings.Contains(err.Error(), p) }) {
					t.Error("the error has the password")
				}
			case !there || created.GetId().GetResource() != user.UserID:
				t.Errorf("it succeeded with %v; she is there: %v, as %s", h.reply, there, user.UserID)
			case h.options == withPassword && h.password != sentPasswords(d)[0], h.options != withPassword && h.password != "":
				t.Errorf("%q was sent, and %q returned", sentPasswords(d), h.password)
			}
			if n := d.Count("CreateUser"); n != writes {
				t.Errorf("CreateUser was called %d times", n)
			}
			if n := len(d.Store().Users()); there && n != 2 || !there && n != 1 {
				t.Errorf("there are %d users", n)
			}
		})
	})
}

func TestAccountWithLostReply(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"500 taken", "502 taken", "503 taken", "504 taken", "html:502 taken", "html taken", "empty taken", "204 taken", "stuck taken", "stuck:body taken",
		"reset taken", "half", "half:chunked", "half:silent", "type:text/plain", "slow-body:70s", "huge",
	} {
		hire(t, kind+" on=CreateUser", &hiring{options: withPassword}, outcome{}, 1)
		if kind != "huge" {
			hire(t, kind+" on=CreateUser|503 on=LoadUser call=2-3", &hiring{options: withoutPassword}, outcome{}, 1)
		}
	}
	hire(t, "reset taken on=CreateUser|lag:5s on=LoadUser", &hiring{options: withPassword}, outcome{}, 1)
}

// TestAccountNotCreated ends with an error, and is not tried again where the server may
// have acted.
func TestAccountNotCreated(t *testing.T) {
	t.Parallel()
	const perhaps = "it may have been created all the same: doing it again does no harm, and shows it"
	for kind, want := range map[string]outcome{
		"500": {code: codes.Aborted, says: perhaps}, "502": {code: codes.Aborted, says: perhaps}, "503": {code: codes.Aborted, says: perhaps},
		"html:502": {code: codes.Aborted, says: perhaps}, "stuck": {code: codes.Aborted, says: perhaps}, "reset": {code: codes.Aborted, says: perhaps},
		"error:E111403": {code: codes.FailedPrecondition, says: "a new user: CreateUser: HTTP 500 Internal Server Error: E111403"},
		"400":           {code: codes.InvalidArgument, says: "a new user: CreateUser: HTTP 400"},
		"403":           {code: codes.PermissionDenied, says: "a new user: CreateUser: HTTP 403"},
	} {
		hire(t, kind+" on=CreateUser", &hiring{options: withPassword}, want, 1)
	}
	hire(t, "429:2 on=CreateUser times=1", &hiring{options: withPassword}, outcome{}, 2)
}

// TestAccountIsLookedForFirst: without knowing whether it is there, nothing is sent.
func TestAccountIsLookedForFirst(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]outcome{
		"403":      {code: codes.PermissionDenied, says: "LoadUser: HTTP 403"},
		"400":      {code: codes.InvalidArgument, says: "LoadUser: HTTP 400"},
		"empty":    {code: codes.Internal, says: "LoadUser: "},
		"html:404": {code: codes.FailedPrecondition, says: "LoadUser: HTTP 404"},
		"html":     {code: codes.Internal, says: "LoadUser: "},
		"503":      {code: codes.Unavailable, says: "LoadUser: HTTP 503"},
	} {
		hire(t, kind+" on=LoadUser", &hiring{options: withPassword}, want, 0)
	}
	hire(t, "503 on=LoadUser times=1", &hiring{options: withPassword}, outcome{}, 1)
}

// TestAccountReplies: what a hostile or strange API answers is not taken for an account.
func TestAccountReplies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		operation, reply string
		want             outcome
		created          bool
	}{
		"nobody is found, with success":  {"LoadUser", `{"user":null}`, outcome{code: codes.Internal, says: "LoadUser: "}, false},
		"somebody without an id":         {"LoadUser", `{"user":{"name":"Ann"}}`, outcome{code: codes.Internal, says: "userId of the record is absent"}, false},
		"an id that is a number":         {"LoadUser", `{"user":{"userId":7}}`, outcome{code: codes.Internal, says: "LoadUser: "}, false},
		"a new one without a record":     {"CreateUser", `{"created":true}`, outcome{}, true},
		"nothing of the new one":         {"CreateUser", `{}`, outcome{}, true},
		"a new one without an id":        {"CreateUser", `{"user":{"name":"Ann"},"created":true}`, outcome{}, true},
		"created, which is not readable": {"CreateUser", `{"user":{"userId":"U9"},"created":"yes"}`, outcome{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := emulatortest.Start(t, company(), emulator.Options{})
			d.Intercept(func(operation string, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if operation != test.operation {
					return false
				}
				if operation == "CreateUser" {
					d.Store().PutUser(emulator.User{UserID: "U1", LoginIDs: []string{"ann@example.com"}})
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, test.reply)
				return true
			})
			client, _ := harness.Client(t, options(t, d))
			h := &hiring{options: withPassword}
			err := h.create(t.Context(), t, client)
			test.want.check(t, test.operation, err)
			if n := d.Count("CreateUser"); n > 0 != test.created {
				t.Errorf("CreateUser was called %d times", n)
			}
			if err == nil && h.reply.GetSuccess().GetResource().GetId().GetResource() != "U1" {
				t.Errorf("it came to %v", h.reply)
			}
		})
	}
}

// TestSomebodyElseCreatesTheAccount after it was looked for: the password is not theirs.
func TestSomebodyElseCreatesTheAccount(t *testing.T) {
	t.Parallel()
	for _, taken := range []string{"", emulator.NotCreated} {
		d := emulatortest.Start(t, company(), emulator.Options{Taken: taken})
		d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if operation == "CreateUser" {
				d.Store().PutUser(emulator.User{UserID: "U1", LoginIDs: []string{"ann@example.com"}})
			}
			return false
		})
		client, _ := harness.Client(t, options(t, d))
		h := &hiring{options: toBeChanged}
		if err := h.create(t.Context(), t, client); err != nil {
			t.Fatal(err)
		}
		if h.reply.GetAlreadyExists().GetResource().GetId().GetResource() != "U1" || h.password != "" || d.Count("ExpireUserPassword") > 0 {
			t.Errorf("%q: it came to %v, with %q", taken, h.reply, h.password)
		}
	}
}

// TestPasswordHasToBeChanged in both layouts of what Descope does not document.
func TestPasswordHasToBeChanged(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		d := emulatortest.Start(t, company(), emulator.Options{SecondLayout: second})
		client, _ := harness.Client(t, options(t, d))
		h := &hiring{options: toBeChanged}
		if err := h.create(t.Context(), t, client); err != nil {
			t.Fatal(err)
		}
		user, _ := annIn(d)
		expired := emulator.Effect{Kind: emulator.PasswordExpired, UserID: user.UserID}
		if h.reply.GetSuccess() == nil || h.password == "" || !slices.Contains(d.Store().Effects(), expired) {
			t.Errorf("it came to %v with %v", h.reply, d.Store().Effects())
		}

		d.Fail(t, "403 on=ExpireUserPassword")
		d.Store().DeleteUser(user.UserID)
		again := &hiring{options: toBeChanged}
		if err := again.create(t.Context(), t, client); err != nil {
			t.Fatal(err)
		}
		user, _ = annIn(d)
		todo := again.reply.GetActionRequired()
		if todo.GetResource().GetId().GetResource() != user.UserID || again.password != sentPasswords(d)[1] || again.password == h.password {
			t.Errorf("it came to %v", again.reply)
		}
		if !strings.Contains(todo.GetMessage(), "ExpireUserPassword: HTTP 403") || !strings.Contains(todo.GetMessage(), "Expire the password by hand.") {
			t.Errorf("it says %q", todo.GetMessage())
		}
	}
}

// TestCredentialsOfAccounts: what is not offered is refused before anything is sent, and
// so is a password that nobody could read.
func TestCredentialsOfAccounts(t *testing.T) {
	t.Parallel()
	d := emulatortest.Start(t, company(), emulator.Options{})
	client, _ := harness.Client(t, options(t, d))
	sso := &hiring{options: v2.CredentialOptions_builder{Sso: &v2.CredentialOptions_SSO{}}.Build()}
	outcome{code: codes.InvalidArgument, says: `an account with the credential "sso" cannot be created here: choose no password or random password`}.check(t, "", sso.create(t.Context(), t, client))
	short := &hiring{options: v2.CredentialOptions_builder{RandomPassword: &v2.CredentialOptions_RandomPassword{}}.Build()}
	if err := short.create(t.Context(), t, client); err == nil {
		t.Error("there is a password without a length")
	}
	_, err := client.CreateAccount(t.Context(), v2.CreateAccountRequest_builder{
		AccountInfo: v2.AccountInfo_builder{Emails: []*v2.AccountInfo_Email{v2.AccountInfo_Email_builder{Address: "ann@example.com"}.Build()}}.Build(), CredentialOptions: withPassword,
	}.Build())
	outcome{code: codes.InvalidArgument, says: "a random password needs a key to encrypt it with, and none is given"}.check(t, "", err)
	if n := d.Count("LoadUser") + d.Count("CreateUser"); n > 0 {
		t.Errorf("there were %d requests", n)
	}
	preferred := &hiring{}
	if err := preferred.create(t.Context(), t, client); err != nil || preferred.password != "" || sentPasswords(d) != nil {
		t.Errorf("without a wish there is a password, or %v", err)
	}
}

// TestAccountMetadata is what ConductorOne asks for, in the order of the mapping.
func TestAccountMetadata(t *testing.T) {
	t.Parallel()
	client, _ := harness.Client(t, options(t, emulatortest.Start(t, company(), emulator.Options{})))
	reply, err := client.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	fields := reply.GetMetadata().GetAccountCreationSchema().GetFieldMap()
	names := slices.SortedFunc(func(yield func(string) bool) {
		for name := range fields {
			if !yield(name) {
				return
			}
		}
	}, func(a, b string) int { return int(fields[a].GetOrder() - fields[b].GetOrder()) })
	want := []string{"email", "login", "name", "given_name", "family_name", "phone", "email_verified", "invite", "tenant", "tenant_roles", "roles", "custom_attributes"}
	if !slices.Equal(names, want) {
		t.Errorf("the fields are %v", names)
	}
	email, invite := fields["email"], fields["invite"]
	if !email.GetRequired() || email.GetStringField() == nil || email.GetPlaceholder() == "" || email.GetDisplayName() == "" {
		t.Errorf("the address is %v", email)
	}
	if invite.GetRequired() || !invite.GetBoolField().GetDefaultValue() {
		t.Errorf("the invitation is %v", invite)
	}
	if fields["roles"].GetStringListField() == nil || fields["custom_attributes"].GetMapField() == nil {
		t.Errorf("roles and attributes are %v, %v", fields["roles"], fields["custom_attributes"])
	}
	details := reply.GetMetadata().GetCapabilities().GetCredentialDetails().GetCapabilityAccountProvisioning()
	if details.GetPreferredCredentialOption() != v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD || len(details.GetSupportedCredentialOptions()) != 2 {
		t.Errorf("the credentials are %v", details)
	}
}
