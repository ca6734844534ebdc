//go:build !windows

package e2e

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

const someone = "bid:r:user/U2demoChloeDuval"

// A targeted sync has no grants, and never replaces a full sync.
func TestTargetedSync(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	link := file + "-link"
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	resourcesOnly := synced(t, d, "--skip-entitlements-and-grants")
	d.ResetRequests()
	for _, args := range [][]string{
		{"-f", file, "--sync-resources", someone},
		{"-f", link, "--sync-resources", someone},
		{"-f", file, "--sync-resources", someone, "--skip-grants"},
		{"-f", file, "--sync-resources", someone, "--storage-engine", "sqlite"},
		{"-f", resourcesOnly, "--sync-resources", someone},
	} {
		fails(t, d, args...).contains(t, "holds a complete sync, which this one of a few resources would replace: choose another --file for it, or sync everything")
	}
	if n := len(d.Requests()); n > 0 {
		t.Errorf("%d requests before the file was refused", n)
	}
	equal(t, read(t, file), wantedOf(d.Store(), false, false))
	succeeds(t, d, grantTo(file, "tenant:T2birch:member", "user", "U2demoChloeDuval")...)

	// It can be repeated into a file of its own, until a full sync replaces it.
	own := filepath.Join(t.TempDir(), "own.c1z")
	for range 2 {
		succeeds(t, d, "-f", own, "--sync-resources", someone)
		if found := read(t, own); len(found.resources) != 1 || found.resources["user:U2demoChloeDuval"].DisplayName == "" {
			t.Errorf("the file has %v", found.resources)
		}
	}
	before, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		if operation != "LoadUser" {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	fails(t, d, "-f", own, "--sync-resources", someone).contains(t, "HTTP 403", own+" is as it was before")
	d.Intercept(nil)
	fails(t, d, "-f", own, "--sync-resources", "Chloe").contains(t, `--sync-resources "Chloe"`, "write it as in bid:r:user/U2abc")
	fails(t, d, "-f", own, "--skip-grants").contains(t, "--skip-grants", "--sync-resources")
	if after, err := os.ReadFile(own); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file changed: %v", err)
	}
	only(t, filepath.Dir(own), "own.c1z")
	succeeds(t, d, "-f", own)
	equal(t, read(t, own), wantedOf(d.Store(), false, false))
}

// only fails the test when a folder has other files.
func only(t *testing.T, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	if got, want := strings.Join(found, " "), strings.Join(names, " "); got != want {
		t.Errorf("the folder has %s, want %s", got, want)
	}
}

// A sync to a link updates the file that it points to, and leaves the link.
func TestFileIsALink(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	dir := t.TempDir()
	store, pub := filepath.Join(dir, "store"), filepath.Join(dir, "pub")
	for _, folder := range []string{store, pub} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(pub, "d.c1z")
	if err := os.Symlink(filepath.Join("..", "store", "cur.c1z"), link); err != nil {
		t.Fatal(err)
	}
	succeeds(t, d, "-f", link) // It names nothing yet.
	d.Store().PutUser(emulator.User{UserID: "U2new", LoginIDs: []string{"new"}})
	succeeds(t, d, "-f", link)
	succeeds(t, d, grantTo(link, "tenant:T2birch:member", "user", "U2new")...)
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v: %v", info, err)
	}
	if _, ok := read(t, filepath.Join(store, "cur.c1z")).resources["user:U2new"]; !ok {
		t.Error("what the link names was not updated")
	}
	only(t, store, "cur.c1z")
	only(t, pub, "d.c1z")
}

// A FIFO is refused at once wherever a file is read or written.
func TestFIFOs(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	dir := t.TempDir()
	fifo, stdout := filepath.Join(dir, "fifo"), filepath.Join(dir, "stdout")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/fd/1", stdout); err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(dir, "good.c1z")
	for _, args := range [][]string{
		{"-f", fifo},
		{"-f", stdout}, // A pipe to this test.
		{"-f", fifo, "--sync-resources", someone},
		grantTo(fifo, "tenant:T2birch:member", "user", "U2demoChloeDuval"),
		revoke(fifo, "tenant:T2birch:member:user:U2demoChloeDuval"),
		{"-f", good, "--mapping", fifo},
		{"-f", good, "--external-resource-c1z", fifo},
	} {
		fails(t, d, args...).contains(t, "this is a FIFO, not a file")
	}
	if n := len(d.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
	if run(t, nil, "baton-descope", "mapping", "check", fifo).code == 0 {
		t.Error("a FIFO passes for a mapping")
	}
	only(t, dir, "fifo", "stdout")

	redirected, err := os.Create(filepath.Join(t.TempDir(), "out.c1z"))
	if err != nil {
		t.Fatal(err)
	}
	defer redirected.Close()
	cmd := withUmask(t, d, t.TempDir(), "0022", "-f", redirected.Name())
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = redirected, &stderr
	if err := cmd.Run(); err == nil || !strings.Contains(stderr.String(), "this run has it open as /dev/stdout") {
		t.Errorf("%v\n%s", err, stderr.String())
	}
}

// withUmask returns a command that runs baton-descope with an umask, in a folder that
// also gets its temporary files.
func withUmask(t *testing.T, d *emulatortest.Running, dir, umask string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", "umask " + umask + `; exec "$@"`, "sh", filepath.Join(programs, "baton-descope"),
		"--project-id", d.ProjectID(), "--base-url", d.URL}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH"), "BATON_MANAGEMENT_KEY=" + key}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// No other user can read a file that a run makes, even for a moment, whatever the umask.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"0000", "0022", "0077"} {
		for _, args := range [][]string{
			{"-f", "sync.c1z"},
			{"-f", "sync.c1z", "--storage-engine", "sqlite"},
			{"-f", "sync.c1z", "--sync-resources", someone},
			{"-f", "sync.c1z", "--log-path", "log"},
		} {
			t.Run(umask+" "+strings.Join(args, " "), func(t *testing.T) {
				t.Parallel()
				d := descope(t, emulator.Demo())
				dir := t.TempDir()
				d.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
					private(t, dir)
					return false
				})
				if out, err := withUmask(t, d, dir, umask, args...).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				private(t, dir)
				info, err := os.Stat(filepath.Join(dir, "sync.c1z"))
				if err != nil || info.Mode() != 0o600 {
					t.Errorf("%v %v", info.Mode(), err)
				}
			})
		}
	}
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		d := descope(t, emulator.Generate(emulator.Size{Users: 3000}))
		dir := t.TempDir()
		cmd := withUmask(t, d, dir, "0000", "-f", "sync.c1z")
		var seen atomic.Int64
		d.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
			if seen.Add(1) == 16 {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
			return false
		})
		if err := cmd.Run(); cmd.ProcessState.ExitCode() != 143 {
			t.Fatalf("%v", err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "sync.c1z.partial-*"))
		if err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}
		private(t, dir)
	})
}

// private fails the test when other users can read a file in a folder.
func private(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", e.Name(), info.Mode())
		}
	}
}

// The next run removes the temporary files of a killed grant, and keeps those of a running
// one. Both are in --c1z-temp-dir.
func TestLeftByAGrant(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	temp := t.TempDir()
	grant := append(grantTo(file, "tenant:T2birch:member", "user", "U2demoChloeDuval"), "--c1z-temp-dir", temp)
	cmd := withUmask(t, d, t.TempDir(), "0022", grant...)
	cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(temp, "nowhere"))
	d.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
		_ = cmd.Process.Kill()
		return false
	})
	if err := cmd.Run(); err == nil {
		t.Fatal("it was not killed")
	}
	d.Intercept(nil)
	unpacked, err := filepath.Glob(filepath.Join(temp, "baton-descope-*", "c1z-pebble*"))
	if err != nil || len(unpacked) != 1 {
		t.Fatalf("the killed grant left %v: %v", unpacked, err)
	}
	left := filepath.Dir(unpacked[0])
	if err := os.Mkdir(filepath.Join(left, "pebble-grant-digest-1"), 0o700); err != nil { // Left by a sync.
		t.Fatal(err)
	}

	lives := flock.New(left + ".lock")
	if ok, err := lives.TryLock(); err != nil || !ok {
		t.Fatal(ok, err)
	}
	succeeds(t, d, grant...)
	only(t, temp, filepath.Base(left), filepath.Base(left)+".lock")
	if err := lives.Unlock(); err != nil {
		t.Fatal(err)
	}
	succeeds(t, d, grant...)
	only(t, temp)
}
