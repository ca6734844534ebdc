package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

func TestMain(m *testing.M) {
	if os.Getenv(selfEnv) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// few is the number of users in the tests: two steps of the list.
const few = 1100

// TestSameRows syncs with every contender, and compares what they store: only contenders
// with the same rows are comparable.
func TestSameRows(t *testing.T) {
	if testing.Short() {
		t.Skip("what it runs is no part of the connector")
	}
	d := emulatortest.Start(t, emulator.Generate(sizeOf(few, 4)), emulator.Options{})
	want := stored(t, ours, d.URL)
	got := stored(t, nothing, d.URL)
	same(t, "resources", want.Resources, got.Resources)
	same(t, "entitlements", want.Entitlements, got.Entitlements)
	same(t, "grants", want.Grants, got.Grants)
}

func stored(t *testing.T, name, api string) *harness.Snapshot {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sync.c1z")
	err := oneshot.Sync(t.Context(), oneshot.Options{
		Name: "bench",
		NewServer: func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
			return newServer(ctx, name, api, sizeOf(few, 4), session)
		},
		ResourceTypes: []string{"user", "tenant", "role", "permission"},
		File:          file,
		TempDir:       t.TempDir(),
		Sync:          []sdksync.SyncOpt{sdksync.WithWorkerCount(2), sdksync.WithFailFastInvariants()},
	})
	if err != nil {
		t.Fatal(name, err)
	}
	return harness.Read(t, file)
}

func same[M proto.Message](t *testing.T, what string, want, got map[string]M) {
	t.Helper()
	different := 0
	for id, w := range want {
		if g, ok := got[id]; !ok || !proto.Equal(w, g) {
			if different++; different == 1 {
				t.Errorf("%s: %s:\nwant %v\ngot  %v", what, id, w, g)
			}
		}
	}
	if len(got) != len(want) || different > 0 {
		t.Errorf("%s: %d and not %d; %d are not there or not the same", what, len(got), len(want), different)
	}
}

// TestBench runs the program with a few users.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the connector")
	}
	var out bytes.Buffer
	if err := run(t.Context(), strings.Fields("-users 200 -pairs 1"), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"200  baton-descope", "200  floor", "ratio to floor"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
