package descope_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// A change under a fault succeeds with the change made, or fails with an error that names
// the failed operation. It never succeeds without the change, and never changes anything
// else. If the reply of a write is lost, a read settles its outcome.

// change is a grant or a revocation for U1, and what U1 holds before and after it.
type change struct {
	grants       bool
	entitlement  *v2.Entitlement
	before, then emulator.User
}

// changes has one change of each kind, by the operation that writes it.
func changes() map[string]change {
	u1 := func(tenants ...emulator.Membership) emulator.User {
		u := member()
		u.Tenants = append([]emulator.Membership{{TenantID: "T1", RoleNames: []string{"Local"}}}, tenants...)
		return u
	}
	t2, t3 := emulator.Membership{TenantID: "T2"}, emulator.Membership{TenantID: "T3"}
	viewer := emulator.Membership{TenantID: "T2", RoleNames: []string{"Viewer"}}
	return map[string]change{
		"AddUserRoles":     {true, entitlement("role", "T2/Viewer", "assigned"), u1(t2), u1(viewer)},
		"RemoveUserRoles":  {false, entitlement("role", "T2/Viewer", "assigned"), u1(viewer), u1(t2)},
		"AddUserTenant":    {true, entitlement("tenant", "T3", "member"), u1(t2), u1(t2, t3)},
		"RemoveUserTenant": {false, entitlement("tenant", "T2", "member"), u1(viewer), u1()},
	}
}

// colleague is a user that no change affects.
func colleague() emulator.User {
	return emulator.User{UserID: "U2", RoleNames: []string{"Viewer"}, Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer"}}, {TenantID: "T3"}}}
}

// changedOrFailed makes a change and returns its error. Only this function defines the
// permitted outcomes of a change.
func changedOrFailed(t *testing.T, d *emulatortest.Running, c change) error {
	t.Helper()
	client, _ := harness.Client(t, options(t, d))
	return changedBy(t, client, d, c)
}

// changedBy is changedOrFailed with a connector that has made others. This is the one
// place that says how a change may end.
func changedBy(t *testing.T, client types.ConnectorClient, d *emulatortest.Running, c change) error {
	t.Helper()
	var err error
	if c.grants {
		_, err = grant(t, client, c.entitlement, "U1")
	} else {
		_, err = revoke(t, client, c.entitlement, "U1")
	}
	held := func(u emulator.User) map[emulator.Assignment]bool {
		return emulator.New(company(u, colleague()), emulator.Options{}).Store().Assignments()
	}
	now, made, unmade := d.Store().Assignments(), held(c.then), held(c.before)
	switch {
	case err == nil && !maps.Equal(now, made):
		t.Errorf("it succeeded, and what is held is %v, not %v", now, made)
	case err != nil && !maps.Equal(now, made) && !maps.Equal(now, unmade):
		t.Errorf("it failed, and what is held is %v", now)
	}
	if err != nil {
		checkError(t, err)
	}
	return err
}

// changing makes each change under the faults of some rules, where WRITE stands for
// the operation that writes it. writes is the number of calls of it, 0 for any.
func changing(t *testing.T, rules string, want outcome, writes ...int) {
	t.Helper()
	for operation, c := range changes() {
		t.Run(operation+" "+rules, func(t *testing.T) {
			sampled(t)
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, company(c.before, colleague()), emulator.Options{})
				d.Fail(t, strings.Split(strings.ReplaceAll(rules, "WRITE", operation), "|")...)
				start := time.Now()
				want.check(t, operation, changedOrFailed(t, d, c))
				if took := time.Since(start); took > 40*time.Second && !strings.Contains(rules, "LoadUser") {
					t.Errorf("it took %v", took)
				}
				if n := d.Count(operation); len(writes) > 0 && !slices.Contains(writes, n) {
					t.Errorf("%s was called %d times", operation, n)
				}
			})
		})
	}
}

// TestUnappliedWriteIsRepeated: a write that got no answer, or only one of a gateway, is
// repeated when a read does not show the change.
func TestUnappliedWriteIsRepeated(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"429", "429:2", "429:date+5", "429:10", "502", "503", "503:3", "504", "html:502", "error:E130429", "reset",
	} {
		changing(t, kind+" on=WRITE times=1", outcome{}, 2)
		changing(t, kind+" on=WRITE times=2", outcome{}, 3)
	}
	changing(t, "slow:25s on=WRITE", outcome{}, 1)
}

// TestWriteWithLostReply: the write is not repeated, since a read shows the change.
func TestWriteWithLostReply(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"500 taken", "502 taken", "503 taken", "504 taken", "html:502 taken",
		"html taken", "empty taken", "204 taken", "stuck taken", "stuck:body taken", "reset taken",
		"half", "half:chunked", "half:silent", "type:text/plain", "slow-body:70s",
	} {
		changing(t, kind+" on=WRITE", outcome{}, 1)
		// The read that settles it has faults as well.
		for _, reading := range []string{"503", "reset", "half", "stuck", "429:2"} {
			changing(t, kind+" on=WRITE|"+reading+" on=LoadUser call=2-3", outcome{}, 1)
		}
	}
	changing(t, "huge on=WRITE", outcome{}, 1)
}

// TestWriteIsRefused: a refused write changes nothing and is not retried.
func TestWriteIsRefused(t *testing.T) {
	t.Parallel()
	for kind, want := range lasting {
		if kind == "type:text/plain" {
			continue // The write was applied.
		}
		want.says = strings.TrimPrefix(want.says, "baton-descope: ")
		changing(t, kind+" on=WRITE", want, 1)
	}
	changing(t, "error:E111403 on=WRITE", outcome{code: codes.FailedPrecondition, says: "%s: HTTP 500 Internal Server Error: E111403"}, 1)
}

// TestWriteNeverSucceeds: the error comes within about half a minute, and says whether
// the change may have been made.
func TestWriteNeverSucceeds(t *testing.T) {
	t.Parallel()
	const perhaps = "the change may have been made"
	for kind, want := range map[string]outcome{
		"429": {says: "HTTP 429"}, "429:20": {says: "HTTP 429"}, "429:100": {says: "HTTP 429"}, "503:3": {says: "HTTP 503"},
		"500": {says: perhaps}, "502": {says: perhaps}, "503": {says: perhaps}, "504": {says: perhaps}, "html:502": {says: perhaps},
		"stuck": {says: perhaps}, "stuck:body": {says: perhaps}, "slow:70s": {says: perhaps}, "reset": {says: perhaps},
		"error:E130429": {says: "E130429"},
	} {
		if want.says != "" {
			want.code = codes.Aborted
		}
		changing(t, kind+" on=WRITE", want)
	}
}

// TestReadingBeforeAWrite: if the current grants cannot be read, nothing is written.
func TestReadingBeforeAWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range passing {
		changing(t, kind+" on=LoadUser times=1", outcome{}, 1)
	}
	for kind, want := range lasting {
		want.says = strings.ReplaceAll(want.says, "%s", "LoadUser")
		want.says = strings.TrimPrefix(want.says, "baton-descope: ")
		changing(t, kind+" on=LoadUser", want, 0)
	}
	for kind, code := range map[string]codes.Code{"429": codes.Unavailable, "503": codes.Unavailable, "stuck": codes.DeadlineExceeded, "reset": codes.Unavailable} {
		changing(t, kind+" on=LoadUser", outcome{code: code, says: "LoadUser: "}, 0)
	}
}

// TestWriteCannotBeSettled: an unknown outcome is an error.
func TestWriteCannotBeSettled(t *testing.T) {
	t.Parallel()
	for _, write := range []string{"reset", "reset taken", "502", "502 taken"} {
		for kind, want := range map[string]outcome{
			"403": {code: codes.Aborted, says: "LoadUser: HTTP 403"},
			"503": {code: codes.Aborted, says: "LoadUser: HTTP 503"},
		} {
			changing(t, fmt.Sprintf("%s on=WRITE|%s on=LoadUser call=2-", write, kind), want, 1)
		}
	}
}

// TestChangeOfAnotherUser: a change made to another user is never a success.
func TestChangeOfAnotherUser(t *testing.T) {
	t.Parallel()
	for operation, c := range changes() {
		for name, namesake := range map[string]bool{"a login id that is a user id": true, "another user's record": false} {
			t.Run(operation+" "+name, func(t *testing.T) {
				t.Parallel()
				other := colleague()
				if namesake {
					other.LoginIDs = []string{"U1"}
				}
				d := emulatortest.Start(t, company(c.before, other), emulator.Options{})
				if !namesake {
					d.Fail(t, "other:U2 on="+operation)
				}
				client, _ := harness.Client(t, options(t, d))
				var err error
				if c.grants {
					_, err = grant(t, client, c.entitlement, "U1")
				} else {
					_, err = revoke(t, client, c.entitlement, "U1")
				}
				outcome{code: codes.Internal, says: `%s answered with the user "U2": the change may have been made to "U2", and not to "U1"`}.check(t, operation, err)
				if n := d.Count(operation); n != 1 {
					t.Errorf("%s was called %d times", operation, n)
				}
			})
		}
	}
}

// TestReadsThatLag: a change right after another one is made, although reads still show
// the state before both.
func TestReadsThatLag(t *testing.T) {
	t.Parallel()
	for operation, c := range changes() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, company(c.before, colleague()), emulator.Options{})
				d.Fail(t, "lag:5s on=LoadUser")
				client, _ := harness.Client(t, options(t, d))
				for _, step := range []change{c, undone(c), c} {
					if err := changedBy(t, client, d, step); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// undone returns the change that reverts another, except for the roles that a revoked
// membership takes along.
func undone(c change) change {
	back := change{!c.grants, c.entitlement, c.then, c.before}
	if back.grants && c.entitlement.GetSlug() == "member" {
		back.then.Tenants = append(slices.Clone(back.before.Tenants), emulator.Membership{TenantID: "T2"})
	}
	return back
}

// TestReadingAloneIsNoProof: if a read shows the wanted state before the write as well,
// and the write fails, nothing proves the present state.
func TestReadingAloneIsNoProof(t *testing.T) {
	t.Parallel()
	for operation, c := range changes() {
		back := undone(c)
		for kind, want := range map[string]outcome{
			"502":           {code: codes.Aborted, says: "the change may have been made"},
			"reset":         {code: codes.Aborted, says: "the change may have been made"},
			"403":           {code: codes.PermissionDenied, says: "HTTP 403"},
			"error:E111403": {code: codes.FailedPrecondition, says: "E111403"},
		} {
			t.Run(operation+" "+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					d := emulatortest.StartInMemory(t, company(c.before, colleague()), emulator.Options{})
					if err := changedOrFailed(t, d, c); err != nil {
						t.Fatal(err)
					}
					d.Fail(t, "lag:1h on=LoadUser", kind+" on=AddUserRoles,RemoveUserRoles,AddUserTenant,RemoveUserTenant")
					want.check(t, operation, changedOrFailed(t, d, back))
				})
			})
		}
	}
}
