package descope_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// lossy is a session store that has lost some of its values at each read.
type lossy struct {
	*oneshot.Session
	lost func(key string) bool
}

func (l *lossy) Get(ctx context.Context, key string, o ...sessions.SessionStoreOption) ([]byte, bool, error) {
	if l.lost(key) {
		return nil, false, nil
	}
	return l.Session.Get(ctx, key, o...)
}

// TestManySteps syncs a list of a dozen steps, whose grants the SDK's workers read
// concurrently, with session stores that keep all values, some or none.
func TestManySteps(t *testing.T) {
	d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 720, Tenants: 6, Roles: 8, Permissions: 5}), emulator.Options{})
	want := expected(project(d), false)
	few := small(t)
	for name, test := range map[string]struct {
		lost     func(key string) bool
		searches int
	}{
		"nothing lost":            {func(string) bool { return false }, 1 + 120},
		"two steps lost":          {func(key string) bool { return strings.HasSuffix(key, "/3") || strings.HasSuffix(key, "/7") }, 1 + 2*120},
		"the last step lost":      {func(key string) bool { return strings.HasSuffix(key, "/11") }, 1 + 2*120},
		"the count lost":          {func(key string) bool { return key == "pages/user" }, 1 + 120},
		"the first and the count": {func(key string) bool { return key == "pages/user" || key == "page/user/0" }, 1 + 2*120},
		"everything lost":         {func(string) bool { return true }, 1 + 2*120},
	} {
		for _, workers := range []int{1, 4} {
			if workers == 1 && testing.Short() {
				continue
			}
			before := d.Count("SearchUsers")
			compare(t, want, syncLossy(t, options(t, d, few), test.lost, workers))
			if got := d.Count("SearchUsers") - before; got != test.searches {
				t.Errorf("%s, %d workers: %d searches, want %d", name, workers, got, test.searches)
			}
			if t.Failed() {
				t.Fatalf("with %s and %d workers", name, workers)
			}
		}
	}
}

func syncLossy(t *testing.T, o connector.Options, lost func(string) bool, workers int) *harness.Snapshot {
	t.Helper()
	c, err := connector.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	session := &lossy{&oneshot.Session{}, lost}
	server, err := connector.NewServer(t.Context(), c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sync.c1z")
	syncer, err := sdksync.NewSyncer(t.Context(), oneshot.NewClient(t.Context(), server),
		sdksync.WithC1ZPath(path), sdksync.WithTmpDir(t.TempDir()), sdksync.WithWorkerCount(workers),
		sdksync.WithStorageEngine(c1zstore.EnginePebble), sdksync.WithSessionStore(session), sdksync.WithFailFastInvariants())
	if err == nil {
		err = syncer.Sync(t.Context())
	}
	if err == nil {
		err = syncer.Close(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return harness.Read(t, path)
}
