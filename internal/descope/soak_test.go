package descope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// defaultSyncs is the number of syncs of the soak: about five seconds.
const defaultSyncs = 20

// TestSoak syncs changing projects under faults of every kind. Each sync stores what the
// project held, or fails with a named error. SOAK_SYNCS is the number of syncs, and
// SOAK_SEED the first seed: with the seed of a failure and SOAK_SYNCS=1, that sync runs
// again.
func TestSoak(t *testing.T) {
	seed := fromEnvironment(t, "SOAK_SEED", uint64(time.Now().UnixNano())%1_000_000_000)
	syncs := fromEnvironment(t, "SOAK_SYNCS", defaultSyncs)
	if testing.Short() {
		syncs = min(syncs, defaultSyncs/4)
	}
	var mu sync.Mutex
	exact := 0
	t.Run("syncs", func(t *testing.T) {
		for n := range syncs {
			t.Run(fmt.Sprintf("SOAK_SEED=%d SOAK_SYNCS=1", seed+n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					if err := soak(t, seed+n); err != nil {
						t.Logf("failed with %v", err)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					exact++
				})
			})
		}
	})
	t.Logf("SOAK_SEED=%d: %d of %d syncs were exact, the others failed with a named error", seed, exact, syncs)
	if syncs >= defaultSyncs && uint64(exact) < syncs/2 {
		t.Errorf("SOAK_SEED=%d: only %d of %d syncs succeeded", seed, exact, syncs)
	}
}

func fromEnvironment(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%s: %v", name, text, err)
	}
	return value
}

// soak runs one sync of a changing project, and returns its error.
func soak(t *testing.T, seed uint64) error {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	w := &world{random: random, drift: random.Float64() / 2}
	w.d = emulatortest.StartInMemory(t, emulator.Generate(emulator.Size{
		Users: 150 + random.IntN(400), Tenants: 2 + random.IntN(6), Roles: 4 + random.IntN(10), Permissions: 5 + random.IntN(20), Seed: seed,
	}), emulator.Options{Latency: time.Duration(random.IntN(3)) * 100 * time.Millisecond, Observe: w.move})
	w.seen = newHistory(w.d)
	rules := soakRules(random)
	w.d.Fail(t, rules...)

	o := options(t, w.d)
	o.Sequential = random.IntN(4) == 0
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got *harness.Snapshot
	var err error
	check := checkError
	if stops := random.IntN(4); stops > 0 {
		got, err = w.syncWithStops(ctx, t, o, stops)
		check = checkRunError // The command line adds the name.
	} else {
		got, err = harness.TrySync(t, ctx, o, sdksync.WithWorkerCount(1+random.IntN(6)))
	}
	if err != nil {
		check(t, err)
	} else {
		w.compare(t, got)
	}
	if t.Failed() {
		t.Logf("SOAK_SEED=%d SOAK_SYNCS=1: %d changes of the project, faults %q", seed, w.changes, rules)
	}
	return err
}

// syncWithStops runs a sync that is stopped and resumed several times, while the project
// and its roles change in between.
func (w *world) syncWithStops(ctx context.Context, t *testing.T, o connector.Options, stops int) (*harness.Snapshot, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sync.c1z")
	for {
		calls := int64(1) << 30
		if stops > 0 {
			calls = 1 + w.random.Int64N(14) // A whole sync has about 14.
		}
		stops--
		switch _, err := syncOnceWith(ctx, t, o, file, calls, 1+w.random.IntN(6)); {
		case err == nil:
			return harness.Read(t, file), nil
		case ctx.Err() != nil || calls == 1<<30 || status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled):
			return nil, err
		}
		w.betweenRuns()
	}
}

// compare fails the test when a sync lacks something that existed throughout, has
// something that never existed, or has a dangling reference.
func (w *world) compare(t *testing.T, got *harness.Snapshot) {
	t.Helper()
	w.seen.compare(t, got)
	has := func(r *v2.ResourceId) bool { return got.Resources[r.GetResourceType()+":"+r.GetResource()] != nil }
	for id, e := range got.Entitlements {
		if !has(e.GetResource().GetId()) {
			t.Errorf("the entitlement %s is on no resource", id)
		}
	}
	for id, g := range got.Grants {
		if got.Entitlements[g.GetEntitlement().GetId()] == nil || !has(g.GetPrincipal().GetId()) {
			t.Errorf("the grant %s is of no entitlement, or to nobody", id)
		}
	}
}

// betweenRuns changes some users, and sometimes a role.
func (w *world) betweenRuns() {
	for range 1 + w.random.IntN(3) {
		w.change()
	}
	if roles := projectRoles(w.d.Store()); len(roles) > 1 && w.random.IntN(2) == 0 {
		r := roles[w.random.IntN(len(roles))]
		w.d.Store().DeleteRole("", r.Name)
		if w.random.IntN(2) == 0 {
			w.created++
			r.Name = fmt.Sprintf("Soak %d", w.created)
			w.d.Store().PutRole(r)
		}
	}
	w.changes++
	w.seen.note(w.d)
}

// soakRules returns a few faults with small probabilities.
func soakRules(random *rand.Rand) []string {
	var rules []string
	for range 1 + random.IntN(5) {
		kind := passing[random.IntN(len(passing))]
		rules = append(rules, fmt.Sprintf("%s p=%.2f seed=%d", kind, 0.01+random.Float64()/5, random.Uint32()))
	}
	if random.IntN(6) == 0 { // Permanent, and rare.
		kinds := []string{"401", "403", "404", "html", "empty", "204", "type:text/plain", "error:E111119"}
		rules = append(rules, fmt.Sprintf("%s p=0.02 seed=%d", kinds[random.IntN(len(kinds))], random.Uint32()))
	}
	if random.IntN(4) == 0 {
		rules = append(rules, fmt.Sprintf("cap:%d", 20+random.IntN(100)))
	}
	return rules
}

// world changes a project while it is listed, and records its content.
type world struct {
	d        *emulatortest.Running
	random   *rand.Rand
	drift    float64 // the probability of a change before a search
	seen     *history
	searches int
	created  int
	changes  int
}

// move sometimes changes the project before a search. The local Descope calls it for one
// request at a time.
func (w *world) move(r emulator.Request) {
	if r.Operation != "SearchUsers" {
		return
	}
	if w.searches++; w.searches == 1 || w.random.Float64() >= w.drift {
		return
	}
	for range 1 + w.random.IntN(3) {
		w.change()
		w.changes++
		w.seen.note(w.d)
	}
}

// change creates, deletes or alters one user.
func (w *world) change() {
	store := w.d.Store()
	users := store.Users()
	sortByCreation(users)
	if len(users) == 0 || w.random.IntN(4) == 0 {
		w.created++
		u := emulator.User{UserID: fmt.Sprintf("U2soak%d", w.created), Tenants: []emulator.Membership{{TenantID: store.Tenants()[0].ID}}}
		if len(users) > 0 {
			u.CreatedTime = users[len(users)-1].CreatedTime + 1
		}
		store.PutUser(u)
		return
	}
	u := users[w.random.IntN(len(users))]
	switch w.random.IntN(4) {
	case 0:
		store.DeleteUser(u.UserID)
		return
	case 1:
		u.RoleNames = toggle(u.RoleNames, w.projectRole())
	case 2:
		if len(u.Tenants) > 0 {
			m := &u.Tenants[w.random.IntN(len(u.Tenants))]
			m.RoleNames = toggle(m.RoleNames, w.projectRole())
		}
	case 3:
		u.Tenants = u.Tenants[:min(len(u.Tenants), w.random.IntN(3))]
	}
	store.PutUser(u)
}

// projectRole is the name of a role of the project.
func (w *world) projectRole() string {
	roles := slices.DeleteFunc(w.d.Store().Roles(), func(r emulator.Role) bool { return r.TenantID != "" })
	return roles[w.random.IntN(len(roles))].Name
}

// toggle adds a name to a list, or removes it.
func toggle(names []string, name string) []string {
	if i := slices.Index(names, name); i >= 0 {
		return slices.Delete(names, i, i+1)
	}
	return append(names, name)
}
