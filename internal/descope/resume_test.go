package descope_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// listChanges changes lists that come in one reply. Users stay the same.
var listChanges = map[string]func(*emulator.Store){
	"a role is renamed": func(s *emulator.Store) {
		r := projectRoles(s)[0]
		s.DeleteRole("", r.Name)
		r.Name = "Renamed"
		s.PutRole(r)
	},
	"a role is deleted": func(s *emulator.Store) { s.DeleteRole("", projectRoles(s)[0].Name) },
	"a role confers more": func(s *emulator.Store) {
		for _, r := range projectRoles(s) {
			if len(r.PermissionNames) < len(s.Permissions()) {
				r.PermissionNames = nil
				for _, p := range s.Permissions() {
					r.PermissionNames = append(r.PermissionNames, p.Name)
				}
				s.PutRole(r)
				return
			}
		}
	},
	"a permission is deleted": func(s *emulator.Store) { s.DeletePermission(s.Permissions()[0].Name) },
	"a tenant is deleted": func(s *emulator.Store) {
		tenant := s.Tenants()[0].ID
		s.DeleteTenant(tenant)
		for _, r := range s.Roles() {
			if r.TenantID == tenant {
				s.DeleteRole(tenant, r.Name)
			}
		}
	},
}

func projectRoles(s *emulator.Store) []emulator.Role {
	return slices.DeleteFunc(s.Roles(), func(r emulator.Role) bool { return r.TenantID != "" })
}

// reorder changes the order of roles, tenants and permissions.
func reorder(s *emulator.Store) {
	r, tenant, p := s.Roles()[0], s.Tenants()[0], s.Permissions()[0]
	s.DeleteRole(r.TenantID, r.Name)
	s.PutRole(r)
	s.DeleteTenant(tenant.ID)
	s.PutTenant(tenant)
	s.DeletePermission(p.Name)
	s.PutPermission(p)
}

// A sync that is stopped after every k-th call, and resumed after a list has changed, has
// the old state or the new one, and no mixture.
func TestListsChangeBetweenRuns(t *testing.T) {
	t.Parallel()
	const never = 1 << 30
	all, err := syncOnce(t.Context(), t, bigDescope(t, 1100, 0), filepath.Join(t.TempDir(), "sync.c1z"), never)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range listChanges {
		for stop := int64(1); stop < all-2; stop += stops(all) { // Some of the last calls run concurrently.
			t.Run(fmt.Sprintf("%s after call %d of %d", what, stop, all), func(t *testing.T) {
				t.Parallel()
				d := bigDescope(t, 1100, 0)
				before := expected(project(d), false)
				file := filepath.Join(t.TempDir(), "sync.c1z")
				if _, err := syncOnce(t.Context(), t, d, file, stop); err == nil {
					t.Fatal("the sync was not stopped")
				}
				change(d.Store())
				if _, err := syncOnce(t.Context(), t, d, file, never); err != nil {
					t.Fatal(err)
				}
				got := harness.Read(t, file)
				if !before.are(got) {
					compare(t, expected(project(d), false), got)
				}
			})
		}
	}
}

// are reports whether a sync stored exactly these.
func (i ids) are(got *harness.Snapshot) bool {
	return maps.Equal(i.resources, keys(got.Resources)) && maps.Equal(i.entitlements, keys(got.Entitlements)) && maps.Equal(i.grants, keys(got.Grants))
}

// A list in another order has the same content: the sync continues.
func TestReorderedListsResume(t *testing.T) {
	t.Parallel()
	const never, stop = 1 << 30, 6
	d := bigDescope(t, 1100, 0)
	all, err := syncOnce(t.Context(), t, d, filepath.Join(t.TempDir(), "sync.c1z"), never)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sync.c1z")
	if _, err := syncOnce(t.Context(), t, d, file, stop); err == nil {
		t.Fatal("the sync was not stopped")
	}
	reorder(d.Store())
	calls, err := syncOnce(t.Context(), t, d, file, never)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, expected(project(d), false), harness.Read(t, file))
	if calls > all-stop+2*usualWorkers {
		t.Errorf("%d calls after %d of %d: the sync was restarted", calls, stop, all)
	}
}

// A process for each call, as in a cloud, cannot restart the sync: it fails with the code
// that requests a restart.
func TestListsChangeBetweenCalls(t *testing.T) {
	t.Parallel()
	for what, change := range listChanges {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 720, Tenants: 6, Roles: 8, Permissions: 5}), emulator.Options{})
			sync := func(then func(*emulator.Store)) (*harness.Snapshot, error) {
				client := &fresh{options: options(t, d, small(t)), session: &oneshot.Session{}}
				client.options.Sequential = true
				reached := requestAt(d, 60)
				go func() {
					<-reached
					then(d.Store())
				}()
				first, err := client.start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				client.ConnectorClient = first
				return harness.TrySyncWith(t, t.Context(), client, client.session, sdksync.WithWorkerCount(1))
			}
			if _, err := sync(reorder); err != nil {
				t.Fatal(err)
			}
			switch got, err := sync(change); {
			case err == nil && strings.HasPrefix(what, "a permission"): // The list was not read yet.
				compare(t, expected(project(d), false), got)
			case status.Code(err) != codes.Aborted:
				t.Fatalf("the sync ended with %v", err)
			}
		})
	}
}
