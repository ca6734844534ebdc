package descope_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// writing are the operations that write.
var writing = []string{"AddUserRoles", "RemoveUserRoles", "AddUserTenant", "RemoveUserTenant"}

// TestWriteChangesOneGrant makes random grants and revocations for random users. With
// some, the API or another client changes other grants as well, and some answers are
// lost. The error lists exactly the other changes; without any, there is no error.
func TestWriteChangesOneGrant(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64N(1_000_000)
	alarms := 0
	for n := range uint64(150) {
		random := rand.New(rand.NewPCG(seed+n, 7))
		synctest.Test(t, func(t *testing.T) {
			if wantsOneGrant(t, random) {
				alarms++
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed+n)
		}
	}
	if alarms < 20 || alarms > 130 {
		t.Errorf("%d of 150 changes changed more", alarms)
	}
}

// wantsOneGrant makes one change, and reports whether more was changed.
func wantsOneGrant(t *testing.T, random *rand.Rand) bool {
	t.Helper()
	some := func(emulator.Assignment) bool { return random.IntN(2) == 0 }
	u := userWith(some)
	d := emulatortest.StartInMemory(t, company(u), emulator.Options{})
	before := d.Store().Assignments()
	pair := possible()[random.IntN(len(possible()))]
	if pair.RoleName != "" && pair.TenantID != "" && !before[in(pair)] {
		pair = in(pair) // The role is only for members.
	}
	meddles, answer := random.IntN(2) == 0, random.IntN(3)
	d.Intercept(func(operation string, n int, w http.ResponseWriter, r *http.Request) bool {
		if !slices.Contains(writing, operation) || n > 1 {
			return false
		}
		if meddles {
			d.Store().PutUser(userWith(func(a emulator.Assignment) bool {
				if a == pair || a == in(pair) {
					return before[a]
				}
				return some(a)
			}))
		}
		switch answer {
		case 0: // The reply has the record.
			return false
		case 1: // It has not.
			d.Answer(discard{http.Header{}}, r)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"user":{"userId":"U1"}}`))
			return true
		}
		d.Answer(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	})
	c, _ := harness.Client(t, options(t, d))
	e := entitlement("tenant", pair.TenantID, "member")
	if pair.RoleName != "" {
		e = entitlement("role", strings.TrimPrefix(pair.TenantID+"/"+pair.RoleName, "/"), "assigned")
	}
	var err error
	grants := !before[pair]
	if grants {
		_, err = grant(t, c, e, "U1")
	} else {
		_, err = revoke(t, c, e, "U1")
	}
	after := d.Store().Assignments()
	if after[pair] != grants {
		t.Fatalf("%v is %t; %v", pair, after[pair], err)
	}
	lost, given := differences(before, after, pair, !grants), differences(after, before, pair, grants)
	if lost == "" && given == "" {
		if err != nil {
			t.Errorf("%v changed, and nothing else, but: %v\nbefore %v\nafter  %v", pair, err, before, after)
		}
		return false
	}
	var said []string
	if lost != "" {
		said = append(said, "the user lost "+lost)
	}
	if given != "" {
		said = append(said, "the user was given "+given)
	}
	want := "made the change, and more is different: " + strings.Join(said, "; ") + "; either "
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
	return true
}

// possible has everything that a user can hold, each role after its tenant.
func possible() []emulator.Assignment {
	var all []emulator.Assignment
	for _, tenant := range []string{"", "T1", "T2", "T3"} {
		for _, role := range []string{"", "Editor", "Viewer"} {
			if tenant != "" || role != "" {
				all = append(all, emulator.Assignment{UserID: "U1", TenantID: tenant, RoleName: role})
			}
		}
	}
	return all
}

// in returns the membership that an assignment needs.
func in(a emulator.Assignment) emulator.Assignment {
	return emulator.Assignment{UserID: a.UserID, TenantID: a.TenantID}
}

// userWith returns a user who holds a part of what is possible, chosen by holds.
func userWith(holds func(emulator.Assignment) bool) emulator.User {
	u := emulator.User{UserID: "U1", LoginIDs: []string{"u1"}}
	for _, a := range possible() {
		last := len(u.Tenants) - 1
		switch {
		case !holds(a):
		case a.RoleName == "":
			u.Tenants = append(u.Tenants, emulator.Membership{TenantID: a.TenantID})
		case a.TenantID == "":
			u.RoleNames = append(u.RoleNames, a.RoleName)
		case last >= 0 && u.Tenants[last].TenantID == a.TenantID:
			u.Tenants[last].RoleNames = append(u.Tenants[last].RoleNames, a.RoleName)
		}
	}
	return u
}

// differences lists what is in only one of two states, except the changed pair and, for a
// membership, the roles in the tenant.
func differences(in, notIn map[emulator.Assignment]bool, pair emulator.Assignment, along bool) string {
	var all []string
	for a := range in {
		switch {
		case notIn[a] || a == pair || along && pair.RoleName == "" && a.TenantID == pair.TenantID:
		case a.RoleName == "":
			all = append(all, fmt.Sprintf("tenant.member on %q", a.TenantID))
		default:
			all = append(all, fmt.Sprintf("role.assigned on %q", strings.TrimPrefix(a.TenantID+"/"+a.RoleName, "/")))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// TestChangesInARow: a read before a write may be older than the connector's previous
// write. That write explains its own difference, and no other.
func TestChangesInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, company(member()), emulator.Options{})
		d.Fail(t, "lag:4s on=LoadUser")
		c, _ := harness.Client(t, options(t, d))
		for _, id := range []string{"role:Viewer:assigned", "role:T2/Viewer:assigned", "tenant:T3:member", "role:Editor:assigned"} {
			parts := strings.Split(id, ":")
			if _, err := grant(t, c, entitlement(parts[0], parts[1], parts[2]), "U1"); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := revoke(t, c, entitlement("tenant", "T2", "member"), "U1"); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if operation == "RemoveUserRoles" {
				u, _ := d.Store().User("U1")
				u.RoleNames, u.Tenants = []string{"Viewer"}, append(u.Tenants, emulator.Membership{TenantID: "T2"})
				d.Store().PutUser(u)
			}
			return false
		})
		_, err := revoke(t, c, entitlement("role", "Viewer", "assigned"), "U1")
		if want := `the user lost role.assigned on "Editor"; the user was given tenant.member on "T2"; either`; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	})
}

// TestOwnWritesExplain a difference for a minute, and only of their own user and role.
func TestOwnWritesExplain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		user, role string
		after      time.Duration
		explains   bool
	}{
		"the same":        {"U1", "Editor", 50 * time.Second, true},
		"long ago":        {"U1", "Editor", 70 * time.Second, false},
		"of another user": {"U2", "Editor", 10 * time.Second, false},
		"of a tenant":     {"U1", "", 10 * time.Second, false},
		"of another role": {"U1", "T2/Editor", 10 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				holds := func(id string) emulator.User {
					return emulator.User{UserID: id, LoginIDs: []string{id}, RoleNames: []string{"Editor", "Viewer"}, Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Editor"}}, {TenantID: "Editor"}}}
				}
				d := emulatortest.StartInMemory(t, company(holds("U1"), holds("U2")), emulator.Options{})
				c, _ := harness.Client(t, options(t, d))
				own := entitlement("role", test.role, "assigned")
				if test.role == "" {
					own = entitlement("tenant", "Editor", "member")
				}
				if _, err := revoke(t, c, own, test.user); err != nil {
					t.Fatal(err)
				}
				d.Store().PutUser(holds(test.user))
				time.Sleep(test.after)
				d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
					if operation == "RemoveUserRoles" {
						u := holds("U1")
						u.RoleNames = nil
						d.Store().PutUser(u)
					}
					return false
				})
				_, err := revoke(t, c, entitlement("role", "Viewer", "assigned"), "U1")
				if lost := err != nil && strings.Contains(err.Error(), `the user lost role.assigned on "Editor"`); lost == test.explains || err != nil && test.explains {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestSecondLookThatIsOld: a reading that does not show the change takes nothing back of
// what the reply shows.
func TestSecondLookThatIsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := emulator.User{UserID: "U1", LoginIDs: []string{"u1"}, RoleNames: []string{"Editor", "Viewer"}}
		d := emulatortest.StartInMemory(t, company(u), emulator.Options{})
		d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			switch operation {
			case "LoadUser":
				d.Store().PutUser(u)
			case "RemoveUserRoles":
				d.Store().PutUser(emulator.User{UserID: "U1", LoginIDs: u.LoginIDs})
			}
			return false
		})
		c, _ := harness.Client(t, options(t, d))
		_, err := revoke(t, c, entitlement("role", "Viewer", "assigned"), "U1")
		if want := `more is different: the user lost role.assigned on "Editor"; either`; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	})
}

// TestManyDifferences are listed up to 50, and the others counted.
func TestManyDifferences(t *testing.T) {
	t.Parallel()
	for lost, more := range map[int]string{50: "", 51: ", and 1 more", 60: ", and 10 more"} {
		u := emulator.User{UserID: "U1", LoginIDs: []string{"u1"}, RoleNames: []string{"Viewer"}}
		for i := range lost {
			u.Tenants = append(u.Tenants, emulator.Membership{TenantID: fmt.Sprintf("X%d", i)})
		}
		d := emulatortest.Start(t, company(u), emulator.Options{})
		d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if operation == "RemoveUserRoles" {
				d.Store().PutUser(emulator.User{UserID: "U1", LoginIDs: u.LoginIDs, RoleNames: u.RoleNames})
			}
			return false
		})
		c, _ := harness.Client(t, options(t, d))
		_, err := revoke(t, c, entitlement("role", "Viewer", "assigned"), "U1")
		if err == nil || strings.Count(err.Error(), "tenant.member on") != 50 || !strings.Contains(err.Error(), more+"; either") {
			t.Errorf("of %d: %v", lost, err)
		}
	}
}

// TestDefaultRolesOfATenant come with the membership, and are no surprise.
func TestDefaultRolesOfATenant(t *testing.T) {
	t.Parallel()
	d := emulatortest.Start(t, company(member()), emulator.Options{})
	d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
		if operation == "AddUserTenant" {
			u := member()
			u.Tenants = append(u.Tenants, emulator.Membership{TenantID: "T3", RoleNames: []string{"Viewer"}})
			d.Store().PutUser(u)
		}
		return false
	})
	c, _ := harness.Client(t, options(t, d))
	if _, err := grant(t, c, entitlement("tenant", "T3", "member"), "U1"); err != nil {
		t.Error(err)
	}
}

// TestRevocationDeletesUser: a revocation that deletes the user is an error, although the
// user then holds nothing.
func TestRevocationDeletesUser(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bool{"with an answer": false, "with the answer lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := emulatortest.Start(t, company(member()), emulator.Options{})
			d.Intercept(func(operation string, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if operation != "RemoveUserTenant" {
					return false
				}
				d.Store().DeleteUser("U1")
				if lost {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{}`))
				return true
			})
			c, _ := harness.Client(t, options(t, d))
			_, err := revoke(t, c, entitlement("tenant", "T2", "member"), "U1")
			want := `now there is no user "U1": either RemoveUserTenant deletes it, and the mapping is wrong, or somebody else did at the same time`
			if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %s", err, want)
			}
		})
	}
}
