package descope_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/cli"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// windowEnv makes the test program run as baton-descope, with a window of that length.
const windowEnv = "BATON_DESCOPE_TEST_WINDOW"

func TestMain(m *testing.M) {
	if window, err := time.ParseDuration(os.Getenv(windowEnv)); err == nil {
		cli.Main("dev", window)
	}
	os.Exit(m.Run())
}

// stopping is a connector that stops its run after a number of list calls.
type stopping struct {
	types.ConnectorServer
	left *atomic.Int64
	stop func()
}

func (s stopping) called() {
	if s.left.Add(-1) == 0 {
		s.stop()
	}
}

func (s stopping) ListResourceTypes(ctx context.Context, r *v2.ResourceTypesServiceListResourceTypesRequest) (*v2.ResourceTypesServiceListResourceTypesResponse, error) {
	defer s.called()
	return s.ConnectorServer.ListResourceTypes(ctx, r)
}

func (s stopping) ListResources(ctx context.Context, r *v2.ResourcesServiceListResourcesRequest) (*v2.ResourcesServiceListResourcesResponse, error) {
	defer s.called()
	return s.ConnectorServer.ListResources(ctx, r)
}

func (s stopping) ListEntitlements(ctx context.Context, r *v2.EntitlementsServiceListEntitlementsRequest) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	defer s.called()
	return s.ConnectorServer.ListEntitlements(ctx, r)
}

func (s stopping) ListGrants(ctx context.Context, r *v2.GrantsServiceListGrantsRequest) (*v2.GrantsServiceListGrantsResponse, error) {
	defer s.called()
	return s.ConnectorServer.ListGrants(ctx, r)
}

// syncOnce runs a one-shot sync in this process, with a connector of its own. It stops
// after a number of list calls, and returns how many there were.
func syncOnce(ctx context.Context, t *testing.T, d *emulatortest.Running, file string, calls int64) (int64, error) {
	t.Helper()
	return syncOnceWith(ctx, t, options(t, d), file, calls, usualWorkers)
}

// usualWorkers is the number of workers without --workers.
const usualWorkers = 4

// syncOnceWith is syncOnce for a connector with these options, and a number of workers.
func syncOnceWith(ctx context.Context, t *testing.T, o connector.Options, file string, calls int64, workers int) (int64, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var left atomic.Int64
	left.Store(calls)
	err := oneshot.Sync(ctx, oneshot.Options{
		Name: descope.Name,
		NewServer: func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
			c, err := connector.New(ctx, o)
			if err != nil {
				return nil, err
			}
			server, err := connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(session))
			return stopping{server, &left, cancel}, err
		},
		ResourceTypes: []string{"user", "tenant", "role", "permission"},
		File:          file,
		TempDir:       t.TempDir(),
		Sync:          []sdksync.SyncOpt{sdksync.WithWorkerCount(workers), sdksync.WithFailFastInvariants()},
	})
	return calls - left.Load(), err
}

// bigDescope returns a local Descope with a number of users.
func bigDescope(t *testing.T, users int, latency time.Duration) *emulatortest.Running {
	t.Helper()
	return emulatortest.Start(t, emulator.Generate(emulator.Size{Users: users, Tenants: 4, Roles: 6, Permissions: 5}), emulator.Options{Latency: latency})
}

// stops returns the distance between the places of a sync at which a sweep stops: 1 when
// the environment asks for every place.
func stops(of int64) (step int64) {
	if os.Getenv("BATON_DESCOPE_TEST_EVERY_STOP") != "" {
		return 1
	}
	places := int64(6)
	if testing.Short() {
		places = 3
	}
	return max(of/places, 1)
}

// A sync that is stopped after every k-th call, in each phase, continues in another run
// with another connector.
func TestStoppedAfterCalls(t *testing.T) {
	t.Parallel()
	d := bigDescope(t, 1100, 0)
	want := expected(project(d), false)
	file := filepath.Join(t.TempDir(), "sync.c1z")
	const never = 1 << 30
	all, err := syncOnce(t.Context(), t, d, file, never)
	if err != nil {
		t.Fatal(err)
	}
	for stop := int64(1); stop < all-2; stop += stops(all) { // Some of the last calls run concurrently.
		t.Run(fmt.Sprintf("call %d of %d", stop, all), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "sync.c1z")
			started := time.Now()
			if _, err := syncOnce(t.Context(), t, d, file, stop); !errors.Is(err, context.Canceled) && status.Code(err) != codes.Canceled {
				t.Fatalf("the sync was not stopped: %v", err)
			}
			if took := time.Since(started); took > 4*time.Second {
				t.Errorf("the stop took %v", took) // It waited for something that never happens.
			}
			if _, err := os.Stat(file); err == nil {
				t.Fatal("there is a file before the sync is complete")
			}
			calls, err := syncOnce(t.Context(), t, d, file, never)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, want, harness.Read(t, file))
			// Calls that were in progress at the stop are repeated.
			if calls > all-stop+2*usualWorkers {
				t.Errorf("%d calls after %d of %d", calls, stop, all)
			}
		})
	}
}

// A sync is stopped at every k-th request to the API.
func TestStoppedAtRequests(t *testing.T) {
	t.Parallel()
	d := bigDescope(t, 1100, 0)
	want := expected(project(d), false)
	if _, err := syncOnce(t.Context(), t, d, filepath.Join(t.TempDir(), "sync.c1z"), 0); err != nil {
		t.Fatal(err)
	}
	var all int64
	for _, n := range d.Counts() {
		all += int64(n)
	}
	for at := int64(1); at <= all; at += stops(all) * 3 {
		t.Run(fmt.Sprintf("request %d of %d", at, all), func(t *testing.T) {
			t.Parallel()
			d := bigDescope(t, 1100, 0)
			ctx, cancel := context.WithCancel(t.Context())
			reached := requestAt(d, at)
			go func() {
				<-reached
				cancel()
			}()
			file := filepath.Join(t.TempDir(), "sync.c1z")
			// The last requests may be answered before the stop is noticed.
			if _, err := syncOnce(ctx, t, d, file, 0); err == nil && at < all/2 {
				t.Fatal("the sync was not stopped")
			}
			if _, err := syncOnce(t.Context(), t, d, file, 0); err != nil {
				t.Fatal(err)
			}
			compare(t, want, harness.Read(t, file))
		})
	}
}

// process returns baton-descope as a separate process, with a short window.
func process(t *testing.T, d *emulatortest.Running, window time.Duration, dir string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "--project-id", d.ProjectID(), "--base-url", d.URL, "-f", filepath.Join(dir, "sync.c1z"))
	cmd.Env = []string{windowEnv + "=" + window.String(), "BATON_MANAGEMENT_KEY=" + d.ManagementKey(), "HOME=" + dir, "TMPDIR=" + dir, "TMP=" + dir}
	cmd.Dir = dir
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	return cmd, &output
}

// requestAt returns a channel that is closed at the nth request from now on.
func requestAt(d *emulatortest.Running, n int64) <-chan struct{} {
	reached := make(chan struct{})
	var seen atomic.Int64
	d.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
		if seen.Add(1) == n {
			close(reached)
		}
		return false
	})
	return reached
}

// A sync is killed or interrupted repeatedly while users and roles change. The result has
// exactly what did not change, and no mixture of two states of what did.
// BATON_DESCOPE_TEST_ENDS is the number of times; five of seven are SIGKILL.
func TestEnded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("what it shows is on the disk, not in memory")
	}
	seed, ends := rand.Uint64(), fromEnvironment(t, "BATON_DESCOPE_TEST_ENDS", 14)
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	d := bigDescope(t, 1500, 40*time.Millisecond)
	w := &world{d: d, random: random, seen: newHistory(d)}
	dir := t.TempDir()
	file := filepath.Join(dir, "sync.c1z")
	whole := func() {
		w.compare(t, harness.Read(t, file))
		nothingElse(t, dir)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		w.seen = newHistory(d)
	}
	ended, syncs := map[os.Signal]int{}, 0
	for n := uint64(0); n < ends; {
		var signal os.Signal = syscall.SIGTERM
		if n%7 < 5 || runtime.GOOS == "windows" {
			signal = os.Kill
		}
		if !w.endOnce(t, dir, signal) {
			whole()
			syncs++
			continue
		}
		if _, err := os.Stat(file); err == nil {
			t.Fatal("there is a file before the sync is complete")
		}
		n++
		ended[signal]++
		w.betweenRuns()
	}
	d.Intercept(nil)
	cmd, output := process(t, d, time.Hour, dir)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	whole()
	t.Logf("ended %v; %d syncs came to their end before that; %d searches for 16 pages each", ended, syncs, d.Count("SearchUsers"))
}

// endOnce runs a sync and sends it a signal at a random moment. It reports whether the
// signal ended it.
func (w *world) endOnce(t *testing.T, dir string, signal os.Signal) bool {
	t.Helper()
	const window = 100 * time.Millisecond
	reached := requestAt(w.d, 4+w.random.Int64N(10))
	cmd, output := process(t, w.d, window, dir)
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		done <- err // It was faster.
	case <-reached:
		// The moment is random, not a wait for something.
		time.Sleep(time.Duration(w.random.Int64N(int64(2 * window))))
		_ = cmd.Process.Signal(signal) // It may have ended.
	}
	err := <-done
	if err != nil && signal == syscall.SIGTERM && cmd.ProcessState.ExitCode() != 143 {
		t.Fatalf("%v\n%s", err, output)
	}
	return err != nil
}

// nothingElse fails the test when a folder has other files than the c1z.
func nothingElse(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "sync.c1z" {
			t.Errorf("%s was left", f.Name())
		}
	}
}

// SIGINT and SIGTERM end a sync, and the next run continues at the page.
func TestSignals(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("what it shows is on the disk, not in memory")
	}
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			const pages = 40
			d := bigDescope(t, 99*pages, 20*time.Millisecond)
			dir := t.TempDir()
			reached := requestAt(d, pages-2)
			cmd, output := process(t, d, time.Hour, dir)
			cmd.WaitDelay = 10 * time.Second
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			noChild(t, cmd.Process.Pid)
			cmd.Process.Signal(signal)
			cmd.Wait()
			if got := cmd.ProcessState.ExitCode(); got != code {
				t.Fatalf("exit code %d, want %d\n%s", got, code, output)
			}
			for _, says := range []string{"stopped by SIG", "sync.c1z was not written", "what was read is kept in", "the same command resumes there"} {
				if !strings.Contains(output.String(), says) {
					t.Errorf("the output lacks %q:\n%s", says, output)
				}
			}
			cmd, output = process(t, d, time.Hour, dir)
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			compare(t, expected(project(d), false), harness.Read(t, filepath.Join(dir, "sync.c1z")))
			nothingElse(t, dir)
			// The pages, one search to validate each run, and those in progress at the
			// signal: ten pages that were read and not stored yet, and the prefetched ones.
			if n := d.Count("SearchUsers"); n > pages+2+3*10 {
				t.Errorf("%d searches for %d pages", n, pages)
			}
		})
	}
}

// A stop before ten pages are read keeps the consecutive pages.
func TestStopsWithinAStep(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("what it shows is on the disk, not in memory")
	}
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	const pages, stops, searches = 70, 4, 14
	d := bigDescope(t, 99*pages, 20*time.Millisecond)
	dir := t.TempDir()
	for range stops {
		reached := searchAt(d, searches)
		cmd, output := process(t, d, time.Hour, dir)
		cmd.WaitDelay = 10 * time.Second
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			<-reached
			cmd.Process.Signal(syscall.SIGTERM)
		}()
		cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 143 {
			t.Fatalf("exit code %d\n%s", got, output)
		}
	}
	d.Intercept(nil)
	before := d.Count("SearchUsers")
	cmd, output := process(t, d, time.Hour, dir)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	compare(t, expected(project(d), false), harness.Read(t, filepath.Join(dir, "sync.c1z")))
	nothingElse(t, dir)
	// Of the searches before a stop one validates, and six may be in progress. Of the
	// others the consecutive ones count: at least half of them.
	const kept = stops * (searches - 1 - 6) / 2
	if n := d.Count("SearchUsers") - before; n > 1+pages-kept {
		t.Errorf("%d searches after the stops, for %d pages of which %d came", n, pages, kept)
	}
}

// searchAt returns a channel that is closed at the nth search from now on.
func searchAt(d *emulatortest.Running, n int64) <-chan struct{} {
	reached := make(chan struct{})
	var seen atomic.Int64
	d.Intercept(func(operation string, _ int, _ http.ResponseWriter, _ *http.Request) bool {
		if operation == "SearchUsers" && seen.Add(1) == n {
			close(reached)
		}
		return false
	})
	return reached
}

// noChild fails the test when a process has a child process: its arguments might show the
// key.
func noChild(t *testing.T, pid int) {
	t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err == nil && len(children) > 0 {
		t.Errorf("there are child processes: %s", children)
	}
}
