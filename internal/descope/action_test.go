package descope_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/mapping"
)

// TestActionAnswers: what the replies of an action say is believed of the right user, and
// of the last call alone.
func TestActionAnswers(t *testing.T) {
	t.Parallel()
	const enable, disable, status, logout = "enable_user", "disable_user", "UpdateUserStatus", "LogoutAllUserDevices"
	for name, test := range map[string]struct {
		action string
		rules  string
		// replies are sent in place of the API's, which did what it was to do.
		replies map[string]string
		deletes string // the operation that deletes the user as well
		want    string // the error
		reads   int
	}{
		"of another user":               {action: enable, replies: map[string]string{status: `{"user":{"userId":"U2","status":"enabled"}}`}, want: `UpdateUserStatus answered with the user "U2"`, reads: 1},
		"of nobody":                     {action: enable, replies: map[string]string{status: `{"user":{"status":"enabled"}}`}, reads: 2},
		"another status":                {action: enable, replies: map[string]string{status: `{"user":{"userId":"U1","status":"disabled"}}`}, want: `the calls reported success, but the status is "disabled", and not enabled`, reads: 1},
		"another status before the end": {action: disable, replies: map[string]string{status: `{"user":{"userId":"U1","status":"enabled"}}`}, reads: 2},
		"no record":                     {action: enable, replies: map[string]string{status: `{}`}, reads: 2},
		"of a user who is gone":         {action: "sign_out", replies: map[string]string{logout: `{}`}, deletes: logout, want: `the calls reported success, but there is no user "U1" any more`, reads: 5},
		"too late to begin":             {action: enable, rules: "slow:40s on=LoadUser", want: "not begun within 25s", reads: 1},
		"too late to end":               {action: enable, rules: "slow:40s on=UpdateUserStatus", want: "not finished within 25s; it may have been done all the same", reads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				u := member()
				if test.action == enable {
					u.Status = "disabled"
				}
				d := emulatortest.StartInMemory(t, company(u, colleague()), emulator.Options{})
				if test.rules != "" {
					d.Fail(t, test.rules) // In place of replies.
				}
				answer := func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
					reply, replaced := test.replies[operation]
					if replaced {
						d.Answer(discard{http.Header{}}, r)
						w.Header().Set("Content-Type", "application/json")
						_, _ = io.WriteString(w, reply)
					}
					if operation == test.deletes {
						d.Store().DeleteUser("U1")
					}
					return replaced
				}
				if test.replies != nil {
					d.Intercept(answer)
				}
				o, typ := options(t, d), ""
				for _, a := range o.Plan.Type("user").Actions {
					if a.Name == test.action && !a.Kind.OfAccount() {
						a.Becomes, typ = mapping.StatusDisabled, "user" // By a reply without a record.
					}
				}
				client, _ := harness.Client(t, o)
				err := act(t, client, test.action, typ)
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if n := d.Count("LoadUser"); n != test.reads {
					t.Errorf("the user was read %d times, not %d", n, test.reads)
				}
			})
		})
	}
}

// TestDeletionIsRead: a user who is not there is not deleted, one who may be is, and what
// a refusal means is read.
func TestDeletionIsRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faster bool // somebody else deletes the user first
		rules  string
		id     *v2.ResourceId
		want   string
		writes int
	}{
		"there":                    {id: user("U1").GetId(), writes: 1},
		"somebody else is faster":  {id: user("U1").GetId(), faster: true, writes: 1},
		"not there":                {id: user("U7").GetId()},
		"gone, by an error of 500": {id: user("U1").GetId(), rules: "error:E112102 taken on=DeleteUser", writes: 1},
		"not gone, by that error":  {id: user("U1").GetId(), rules: "error:E112102 on=DeleteUser", want: "E112102", writes: 1},
		"cannot be looked for":     {id: user("U1").GetId(), rules: "403 on=LoadUser", want: "LoadUser: HTTP 403"},
		"cannot be looked for after it": {id: user("U1").GetId(), rules: "403 on=LoadUser call=2-", writes: 1,
			want: `deleting user "U1": DeleteUser reported success, but reading it back failed: LoadUser: HTTP 403`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := emulatortest.Start(t, company(member(), colleague()), emulator.Options{})
			if test.rules != "" {
				d.Fail(t, test.rules)
			}
			if test.faster {
				d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
					if operation == "DeleteUser" {
						d.Store().DeleteUser("U1")
					}
					return false
				})
			}
			client, _ := harness.Client(t, options(t, d))
			_, err := client.DeleteResource(t.Context(), v2.DeleteResourceRequest_builder{ResourceId: test.id}.Build())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if n := d.Count("DeleteUser"); n != test.writes {
				t.Errorf("%d deletions were sent", n)
			}
		})
	}
}
