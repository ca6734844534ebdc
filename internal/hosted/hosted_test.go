//go:build baton_lambda_support

package hosted

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	lambdagrpc "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// key is the management key of every test. It must never appear in output.
const key = "K2hostedNobodyMayEverReadThisKey"

var leaks = harness.KeyOf(key)

// size is the number of users: a list of three batches, the last one short. HOSTED_USERS
// sets another, to measure the memory of the processes.
func size(t *testing.T) emulator.Size {
	t.Helper()
	asked := os.Getenv("HOSTED_USERS")
	if asked == "" {
		return emulator.Size{Users: 2345, Tenants: 12, Roles: 12, Permissions: 9}
	}
	users, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	return emulator.Size{Users: users}
}

func descope(t *testing.T) *emulatortest.Running {
	t.Helper()
	return emulatortest.Start(t, emulator.Generate(size(t)), emulator.Options{ManagementKey: key})
}

// TestSync syncs through the function: one process, then two that share only the session
// store and of which neither gets every page. Both results are the same.
func TestSync(t *testing.T) {
	d := descope(t)
	settings := map[string]any{"project-id": d.ProjectID(), "management-key": key, "base-url": d.URL}
	one, two := syncWith(t, settings, 1), syncWith(t, settings, 2)
	users, listed := size(t).Users, 0
	for id := range one.Resources {
		if strings.HasPrefix(id, "user:") {
			listed++
		}
	}
	if listed != users {
		t.Errorf("%d users, want %d", listed, users)
	}
	if len(one.Grants) < users {
		t.Errorf("only %d grants", len(one.Grants))
	}
	same(t, "resources", one.Resources, two.Resources)
	same(t, "entitlements", one.Entitlements, two.Entitlements)
	same(t, "grants", one.Grants, two.Grants)
}

func same[V any](t *testing.T, what string, one, two map[string]V) {
	t.Helper()
	if !slices.Equal(slices.Sorted(maps.Keys(one)), slices.Sorted(maps.Keys(two))) {
		t.Errorf("one process found %d %s, two found %d, or others", len(one), what, len(two))
	}
}

// syncWith starts a number of processes of the function, and syncs through them.
func syncWith(t *testing.T, settings map[string]any, processes int) *harness.Snapshot {
	t.Helper()
	c1 := newConductorOne(t, settings)
	transport := &functions{}
	for range processes {
		transport.all = append(transport.all, startFunction(t, c1.environment(t)...))
	}
	ctx := c1.signed(t)
	path := filepath.Join(t.TempDir(), "sync.c1z")
	syncer, err := sdksync.NewSyncer(ctx, connectorclient.NewConnectorClient(ctx, lambdagrpc.NewClientConn(transport)),
		sdksync.WithC1ZPath(path), sdksync.WithTmpDir(t.TempDir()), sdksync.WithStorageEngine(c1zstore.EnginePebble),
		sdksync.WithSessionStore(c1.session), sdksync.WithFailFastInvariants())
	if err != nil {
		t.Fatal(err)
	}
	if err := syncer.Sync(ctx); err != nil {
		t.Fatalf("sync with %d processes: %v", processes, err)
	}
	if err := syncer.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for i, f := range transport.all {
		t.Logf("process %d of %d: peak memory %s", i+1, processes, f.memory())
	}
	if got := c1.configs.Load(); got != int64(processes) {
		t.Errorf("%d processes asked %d times for their settings", processes, got)
	}
	return harness.Read(t, path)
}

// TestUnsigned checks that the function refuses calls that ConductorOne did not sign.
func TestUnsigned(t *testing.T) {
	d := descope(t)
	c1 := newConductorOne(t, map[string]any{"project-id": d.ProjectID(), "management-key": key, "base-url": d.URL})
	transport := &functions{all: []*function{startFunction(t, c1.environment(t)...)}}
	validate := func(ctx context.Context) error {
		_, err := connectorclient.NewConnectorClient(ctx, lambdagrpc.NewClientConn(transport)).Validate(ctx, &v2.ConnectorServiceValidateRequest{})
		return err
	}
	if err := validate(t.Context()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("unsigned: %v", err)
	}
	if err := validate(c1.signed(t)); err != nil {
		t.Errorf("signed: %v", err)
	}
}

// TestCannotStart checks that a function without its settings ends, and prints the reason.
func TestCannotStart(t *testing.T) {
	good := map[string]any{"project-id": "P2hosted", "management-key": key}
	for name, test := range map[string]struct {
		settings map[string]any
		refuses  bool
		without  string
		asked    bool // for a token
		want     string
	}{
		"token refused":     {settings: good, refuses: true, asked: true, want: "failed to get connector config"},
		"no management key": {settings: map[string]any{"project-id": "P2hosted"}, asked: true, want: "management-key"},
		"no client":         {settings: good, without: "BATON_LAMBDA_CLIENT_ID=", want: "lambda-client-id"},
	} {
		t.Run(name, func(t *testing.T) {
			c1 := newConductorOne(t, test.settings)
			c1.refuses = test.refuses
			env := slices.DeleteFunc(c1.environment(t), func(v string) bool { return test.without != "" && strings.HasPrefix(v, test.without) })
			f := startFunction(t, env...)
			<-f.ended
			if f.state.ExitCode() == 0 || !strings.Contains(f.log.String(), test.want) {
				t.Errorf("exit code %d, and not %q in\n%s", f.state.ExitCode(), test.want, f.log)
			}
			if asked := c1.tokens.Load() > 0; asked != test.asked {
				t.Errorf("asked for a token: %t", asked)
			}
		})
	}
}
