package descope_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// maxInFlight is the connector's limit of concurrent requests.
const maxInFlight = 6

// tenPages is large enough for workers to overlap.
func tenPages() emulator.Project {
	return emulator.Generate(emulator.Size{Users: 1000, Tenants: 20, Roles: 30, Permissions: 40})
}

// checkInFlight verifies the limit of concurrent requests.
func checkInFlight(t *testing.T, d *emulatortest.Running, most int) {
	t.Helper()
	if n := d.MaxInFlight(); n > most {
		t.Errorf("%d requests were in flight at once, more than %d", n, most)
	}
}

// overlapping delays each answer, on a simulated clock.
var overlapping = emulator.Options{Latency: 100 * time.Millisecond}

func TestWorkersMakeNoDifference(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 6, 32} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, tenPages(), overlapping)
				compare(t, expected(project(d), false), harness.Sync(t, options(t, d), sdksync.WithWorkerCount(workers)))
				checkInFlight(t, d, maxInFlight)
			})
		})
	}
}

// TestWorkersUnderFaults runs workers through each other's retries and pauses.
func TestWorkersUnderFaults(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 6, 32} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, tenPages(), overlapping)
				d.Fail(t, "429:3 every=5", "503 every=3", "reset every=7", "slow:5s every=4")
				if err := exactOrFailed(t, d, sdksync.WithWorkerCount(workers)); err != nil {
					t.Error(err)
				}
				checkInFlight(t, d, maxInFlight)
			})
		})
	}
}

// newConnector returns a connector to a local Descope.
func newConnector(t *testing.T, d *emulatortest.Running) *connector.Connector {
	t.Helper()
	c, err := connector.New(t.Context(), options(t, d))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// together runs a sync of each connector at the same time, and compares each result with
// the project.
func together(t *testing.T, d *emulatortest.Running, connectors ...*connector.Connector) {
	t.Helper()
	var all sync.WaitGroup
	for _, c := range connectors {
		client, session := harness.ClientOf(t, c)
		all.Go(func() {
			got, err := harness.TrySyncWith(t, t.Context(), client, session, sdksync.WithWorkerCount(4))
			if err != nil {
				t.Errorf("sync: %v", err)
				return
			}
			compare(t, expected(project(d), false), got)
		})
	}
	all.Wait()
}

// TestTwoSyncsOfOneConnector: they have different ids, and share its request limit.
func TestTwoSyncsOfOneConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, tenPages(), overlapping)
		c := newConnector(t, d)
		together(t, d, c, c)
		checkInFlight(t, d, maxInFlight)
	})
}

// TestMoreSyncsThanCached of one connector: dropped state is read again.
func TestMoreSyncsThanCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, threePages(), overlapping)
		c := newConnector(t, d)
		together(t, d, c, c, c, c, c, c)
		checkInFlight(t, d, maxInFlight)
	})
}

// TestTwoConnectorsInOneProcess: they are independent.
func TestTwoConnectorsInOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, tenPages(), overlapping)
		together(t, d, newConnector(t, d), newConnector(t, d))
		checkInFlight(t, d, 2*maxInFlight)
	})
}

// TestSyncsOverLoopback runs them on a real network with a real clock.
func TestSyncsOverLoopback(t *testing.T) {
	d := emulatortest.Start(t, tenPages(), emulator.Options{})
	c := newConnector(t, d)
	together(t, d, c, c, newConnector(t, d))
	checkInFlight(t, d, 2*maxInFlight)
}

// TestChangesDuringASync grants and revokes through the connector that syncs, while
// its second page of users is being read.
func TestChangesDuringASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := threePages()
		sortByCreation(p.Users)
		p.Roles = append(p.Roles, emulator.Role{Name: "New"})
		early, late := p.Users[5].UserID, p.Users[240].UserID
		d := emulatortest.StartInMemory(t, p, overlapping)
		client, session := harness.Client(t, options(t, d))
		seen := newHistory(d)
		var searches atomic.Int32
		d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if operation != "SearchUsers" || searches.Add(1) != 3 {
				return false
			}
			for _, id := range []string{early, late} {
				if _, err := grant(t, client, entitlement("role", "New", "assigned"), id); err != nil {
					t.Errorf("grant: %v", err)
				}
				seen.note(d)
			}
			if _, err := revoke(t, client, entitlement("role", "New", "assigned"), early); err != nil {
				t.Errorf("revoke: %v", err)
			}
			seen.note(d)
			return false
		})
		got, err := harness.TrySyncWith(t, t.Context(), client, session, sdksync.WithWorkerCount(4))
		if err != nil {
			t.Fatal(err)
		}
		seen.compare(t, got)
		if searches.Load() < 3 {
			t.Error("there were no changes")
		}
		d.Intercept(nil)
		if got = harness.Sync(t, options(t, d)); got.Grants["role:New:assigned:user:"+late] == nil {
			t.Error("the next sync does not show the grant")
		}
		compare(t, expected(project(d), false), got)
		checkInFlight(t, d, maxInFlight)
	})
}

// TestManyChangesAtOnce: one connector makes all of them, despite faults.
func TestManyChangesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := company()
		for i := range 40 {
			p.Users = append(p.Users, emulator.User{UserID: fmt.Sprintf("U%d", i)})
		}
		d := emulatortest.StartInMemory(t, p, overlapping)
		// Only the writes lose their answers: a read whose tries all fail leaves a change
		// unclear. Fewer refusals than one call has tries: none is refused to the end.
		d.Fail(t, "429:1 every=9 times=3", "502 every=5 taken on=AddUserRoles", "reset every=7 taken on=AddUserRoles")
		client, _ := harness.Client(t, options(t, d))
		var all sync.WaitGroup
		for _, u := range p.Users {
			all.Go(func() {
				if _, err := grant(t, client, entitlement("role", "Viewer", "assigned"), u.UserID); err != nil {
					t.Errorf("%s: %v", u.UserID, err)
				}
			})
		}
		all.Wait()
		for _, u := range p.Users {
			if !d.Store().Assignments()[emulator.Assignment{UserID: u.UserID, RoleName: "Viewer"}] {
				t.Errorf("%s does not have the role", u.UserID)
			}
		}
		checkInFlight(t, d, maxInFlight)
	})
}
