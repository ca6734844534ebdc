package oneshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// shelf is a connector of one resource type, with a number of pages of one resource.
type shelf struct {
	typeID string
	pages  int
	// before is called before each page, and its error is the page's.
	before func(ctx context.Context, page int) error
	asked  *[]int // The pages that were asked for, in order.
}

func (s *shelf) Metadata(context.Context) (*v2.ConnectorMetadata, error) {
	return &v2.ConnectorMetadata{DisplayName: "Shelf"}, nil
}

func (s *shelf) Validate(ctx context.Context) (annotations.Annotations, error) {
	return nil, s.before(ctx, -1)
}

func (s *shelf) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 {
	return []connectorbuilder.ResourceSyncerV2{s}
}

func (s *shelf) ResourceType(context.Context) *v2.ResourceType {
	return v2.ResourceType_builder{Id: s.typeID, DisplayName: s.typeID, Annotations: annotations.New(&v2.SkipEntitlementsAndGrants{})}.Build()
}

func (s *shelf) List(ctx context.Context, _ *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	page := 0
	fmt.Sscan(o.PageToken.Token, &page)
	*s.asked = append(*s.asked, page)
	if err := s.before(ctx, page); err != nil {
		return nil, nil, err
	}
	results := &resource.SyncOpResults{}
	if page+1 < s.pages {
		results.NextPageToken = fmt.Sprint(page + 1)
	}
	id := v2.ResourceId_builder{ResourceType: s.typeID, Resource: fmt.Sprint(page)}.Build()
	return []*v2.Resource{v2.Resource_builder{Id: id, DisplayName: id.GetResource()}.Build()}, results, nil
}

func (s *shelf) Entitlements(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	return nil, nil, nil
}

func (s *shelf) Grants(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	return nil, nil, nil
}

// library runs syncs of shelves into one file.
type library struct {
	t       *testing.T
	options Options
	asked   []int
}

func newLibrary(t *testing.T) *library {
	t.Parallel()
	l := &library{t: t}
	l.options = Options{
		Name: "shelf", File: filepath.Join(t.TempDir(), "shelf.c1z"), TempDir: t.TempDir(),
		ResourceTypes: []string{"book"}, Identity: []string{"1"},
	}
	return l
}

// sync syncs ten pages. before is called before each, and with -1 to validate.
func (l *library) sync(before func(ctx context.Context, page int) error) error {
	l.t.Helper()
	return l.syncShelf(l.t.Context(), &shelf{"book", 10, before, &l.asked})
}

func (l *library) syncShelf(ctx context.Context, s *shelf) error {
	l.t.Helper()
	l.asked = nil
	o := l.options
	o.NewServer = func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
		return connectorbuilder.NewConnector(ctx, s, connectorbuilder.WithSessionStore(session))
	}
	err := Sync(ctx, o)
	left, globErr := filepath.Glob(filepath.Join(l.options.TempDir, "*"))
	if globErr != nil || left != nil {
		l.t.Errorf("left in the temporary folder: %v, %v", left, globErr)
	}
	return err
}

// later advances the clock of the following runs.
func (l *library) later(by time.Duration) {
	l.options.now = func() time.Time { return time.Now().Add(by) }
}

func fine(context.Context, int) error { return nil }

// on returns an error for one page.
func on(page int, err error) func(context.Context, int) error {
	return func(_ context.Context, p int) error {
		if p == page {
			return err
		}
		return nil
	}
}

// says fails the test if an error lacks a text.
func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error lacks %q:\n%v", text, err)
		}
	}
}

// holds fails the test if the file is not a complete sync of that many resources.
func (l *library) holds(resources int) {
	l.t.Helper()
	store, err := dotc1z.NewStore(l.t.Context(), l.options.File, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(l.t.TempDir()))
	if err != nil {
		l.t.Fatal(err)
	}
	defer store.Close(l.t.Context())
	run, err := store.SyncMeta().LatestFinishedSyncOfAnyType(l.t.Context())
	if err != nil || run == nil {
		l.t.Fatalf("there is no finished sync: %v", err)
	}
	list, err := store.ListResources(l.t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "book"}.Build())
	if err != nil || len(list.GetList()) != resources {
		l.t.Fatalf("the file has %d resources, want %d: %v", len(list.GetList()), resources, err)
	}
}

// beside returns what is in the folder of the file.
func (l *library) beside() []string {
	l.t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(l.options.File), "*"))
	if err != nil {
		l.t.Fatal(err)
	}
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	return files
}

func (l *library) only(files ...string) {
	l.t.Helper()
	if found := l.beside(); !slices.Equal(found, files) {
		l.t.Errorf("the folder has %v, want %v", found, files)
	}
}

func (l *library) askedFor(pages ...int) {
	l.t.Helper()
	if !slices.Equal(l.asked, pages) {
		l.t.Errorf("asked for the pages %v, want %v", l.asked, pages)
	}
}

func TestSync(t *testing.T) {
	l := newLibrary(t)
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.holds(10)
	l.only("shelf.c1z")
}

func TestResumesAtPage(t *testing.T) {
	l := newLibrary(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	err := l.syncShelf(ctx, &shelf{"book", 10, func(ctx context.Context, page int) error {
		if page == 4 {
			cancel(stopSignal{syscall.SIGTERM})
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}, &l.asked})
	says(t, err, "stopped by SIGTERM", "shelf.c1z was not written", "kept in", "the same command resumes there until 20")
	var stopped *Stopped
	if !errors.As(err, &stopped) || stopped.ExitCode() != 143 {
		t.Errorf("the error is %#v", err)
	}
	l.only("shelf.c1z.partial-" + fingerprint(l.options.Identity))
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.askedFor(4, 5, 6, 7, 8, 9)
	l.holds(10)
	l.only("shelf.c1z")
}

// The reply of the connector during a stop is stored, by either engine.
func TestReplyDuringStopIsStored(t *testing.T) {
	t.Parallel()
	for _, engine := range []c1zstore.Engine{c1zstore.EnginePebble, c1zstore.EngineSQLite} {
		t.Run(string(engine), func(t *testing.T) {
			l := newLibrary(t)
			l.options.Engine = engine
			for page := range 9 {
				ctx, cancel := context.WithCancelCause(t.Context())
				says(t, l.syncShelf(ctx, &shelf{"book", 10, func(ctx context.Context, asked int) error {
					if asked == page {
						cancel(stopSignal{syscall.SIGTERM})
						<-ctx.Done()
					}
					return nil
				}, &l.asked}), "stopped by SIGTERM")
				l.askedFor(page)
			}
			if err := l.sync(fine); err != nil {
				t.Fatal(err)
			}
			l.askedFor(9)
			l.holds(10)
		})
	}
}

// With another key the sync resumes where the first was refused.
func TestRefusedKey(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied} {
		t.Run(code.String(), func(t *testing.T) {
			l := newLibrary(t)
			err := l.sync(on(6, status.Error(code, "the key is no good")))
			says(t, err, "the key is no good", "what was read is kept in")
			if status.Code(err) != code {
				t.Errorf("code %s", status.Code(err))
			}
			says(t, l.sync(on(-1, status.Error(code, "the key is no good"))), "the key is no good", "what was read is kept in")
			l.askedFor()
			if err := l.sync(fine); err != nil {
				t.Fatal(err)
			}
			l.askedFor(6, 7, 8, 9)
			l.holds(10)
		})
	}
}

// A failed list starts over: its stored records may be deleted since.
func TestFailedListStartsOver(t *testing.T) {
	l := newLibrary(t)
	err := l.sync(on(6, status.Error(codes.FailedPrecondition, "the list is not whole")))
	says(t, err, "the list is not whole", "shelf.c1z was not written")
	if status.Code(err) != codes.FailedPrecondition || strings.Contains(err.Error(), "rpc error") {
		t.Errorf("code %s: %v", status.Code(err), err)
	}
	l.only()
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.askedFor(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
}

func TestPanicIsAFailure(t *testing.T) {
	l := newLibrary(t)
	err := l.sync(func(_ context.Context, page int) error {
		if page == 3 {
			panic("a mistake")
		}
		return nil
	})
	if status.Code(err) != codes.Internal {
		t.Errorf("%v", err)
	}
}

// No failure changes the existing file.
func TestFailureKeepsFile(t *testing.T) {
	l := newLibrary(t)
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(l.options.File)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []int{-1, 0, 5, 9} {
		says(t, l.sync(on(page, status.Error(codes.Internal, "broken"))), "broken", "shelf.c1z is as it was before")
		says(t, l.sync(on(page, status.Error(codes.PermissionDenied, "denied"))), "denied", "shelf.c1z is as it was before")
	}
	now, err := os.ReadFile(l.options.File)
	if err != nil || string(now) != string(good) {
		t.Errorf("the file changed: %v", err)
	}
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.holds(10)
	l.only("shelf.c1z")
}

// The contents of an SQLite file stay in it.
func TestSQLite(t *testing.T) {
	l := newLibrary(t)
	l.options.Engine = c1zstore.EngineSQLite
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.options.Engine = ""
	says(t, l.sync(on(5, status.Error(codes.PermissionDenied, "denied"))), "denied")
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.askedFor(5, 6, 7, 8, 9)
	l.holds(10)
	l.only("shelf.c1z")
	store, err := dotc1z.NewStore(t.Context(), l.options.File, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	runs, _, err := store.(interface {
		ListSyncRuns(context.Context, string, uint32) ([]*c1zstore.SyncRun, string, error)
	}).ListSyncRuns(t.Context(), "", 10)
	if err != nil || len(runs) != 2 {
		t.Errorf("%d syncs in the file, want 2: %v", len(runs), err)
	}
}

// An interrupted sync is not resumed by a sync of something else, nor a day after it
// began, however often it was stopped, nor before it began.
func TestStartsOver(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*library){
		"other settings": func(l *library) { l.options.Identity = []string{"2"} },
		"a day later":    func(l *library) { l.later(25 * time.Hour) },
		"stopped after 20 hours, and again after 25": func(l *library) {
			l.later(20 * time.Hour)
			says(l.t, l.sync(on(7, status.Error(codes.PermissionDenied, "denied"))), "denied")
			l.askedFor(6, 7)
			l.later(25 * time.Hour)
		},
		"an hour before": func(l *library) { l.later(-time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t)
			says(t, l.sync(on(6, status.Error(codes.PermissionDenied, "denied"))), "denied")
			change(l)
			if err := l.sync(fine); err != nil {
				t.Fatal(err)
			}
			l.askedFor(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
			l.only("shelf.c1z")
		})
	}
}

// A resumed sync that the connector aborts starts over, once; a sync that began in this
// run fails.
func TestCannotResume(t *testing.T) {
	l := newLibrary(t)
	aborted := status.Error(codes.Aborted, "the list is not what this sync began with")
	says(t, l.sync(on(6, aborted)), "not what this sync began with", "shelf.c1z was not written")
	l.only()
	says(t, l.sync(on(6, status.Error(codes.PermissionDenied, "denied"))), "denied")
	times := 0
	err := l.sync(func(_ context.Context, page int) error {
		if page == 6 && times == 0 {
			times++
			return aborted
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.askedFor(6, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	l.holds(10)
	l.only("shelf.c1z")

	says(t, l.sync(on(6, status.Error(codes.PermissionDenied, "denied"))), "denied")
	err = l.sync(on(6, aborted))
	says(t, err, "not what this sync began with", "shelf.c1z is as it was before")
	if status.Code(err) != codes.Aborted {
		t.Errorf("code %s", status.Code(err))
	}
	l.askedFor(6, 0, 1, 2, 3, 4, 5, 6)
	l.only("shelf.c1z")
}

// A sync is packed at the end of each window, and resumed in the same process.
func TestWindows(t *testing.T) {
	l := newLibrary(t)
	l.options.Window = time.Millisecond
	var packed []string
	if err := l.sync(func(context.Context, int) error {
		time.Sleep(25 * l.options.Window) // A window in which no page ends is followed by one twice as long.
		packed = l.beside()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(packed, "shelf.c1z.partial-"+fingerprint(l.options.Identity)) {
		t.Errorf("at the last page the folder had %v", packed)
	}
	l.holds(10)
	l.only("shelf.c1z")
}

// A page that takes longer than a window is finished all the same.
func TestPageLongerThanWindow(t *testing.T) {
	l := newLibrary(t)
	l.options.Window = time.Millisecond
	if err := l.sync(func(ctx context.Context, page int) error {
		if page != 5 {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.holds(10)
}

func TestNextWindow(t *testing.T) {
	const usual = 3 * time.Minute
	for _, test := range []struct {
		progressed          bool
		last, packing, want time.Duration
	}{
		{true, usual, time.Second, usual},
		{false, usual, time.Second, 2 * usual},
		{false, 2 * usual, time.Second, 4 * usual},
		{true, 4 * usual, time.Second, usual},
		{true, usual, 15 * time.Second, 5 * time.Minute}, // Packing is a twentieth of it at most.
	} {
		if got := next(test.last, usual, test.progressed, test.packing); got != test.want {
			t.Errorf("after %+v: %s", test, got)
		}
	}
}

// A file that cannot be replaced is refused before the first request.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(l *library)
		says    []string
	}{
		"not a c1z": {
			func(l *library) { l.write(l.options.File, "dear diary") },
			[]string{"shelf.c1z", "cannot be read as a c1z", "is left as it is; remove it, or choose another --file"},
		},
		"half a c1z": {
			func(l *library) {
				if err := l.sync(fine); err != nil {
					l.t.Fatal(err)
				}
				whole, err := os.ReadFile(l.options.File)
				if err != nil {
					l.t.Fatal(err)
				}
				l.write(l.options.File, string(whole[:len(whole)/2]))
			},
			[]string{"shelf.c1z", "cannot be read as a c1z", "is left as it is"},
		},
		"of another connector": {
			func(l *library) {
				o := l.options
				l.options.ResourceTypes = nil
				if err := l.syncShelf(l.t.Context(), &shelf{"record", 1, fine, &l.asked}); err != nil {
					l.t.Fatal(err)
				}
				l.options = o
			},
			[]string{"shelf.c1z", "holds a sync of another connector (resource types record)", "is left as it is"},
		},
		"a folder": {
			func(l *library) { l.options.File = l.t.TempDir() },
			[]string{"this is a folder, not a file; choose another"},
		},
		"no name": {
			func(l *library) { l.options.File = "" },
			[]string{"this is a folder, not a file; choose another"},
		},
		"in no folder": {
			func(l *library) { l.options.File = filepath.Join(l.t.TempDir(), "no", "shelf.c1z") },
			[]string{"cannot write to the folder", "choose another with --file"},
		},
		"no temporary folder": {
			func(l *library) { l.options.TempDir = filepath.Join(l.t.TempDir(), "no") },
			[]string{"cannot make a temporary folder in", "--c1z-temp-dir"},
		},
		"what an interrupted run left is broken": {
			func(l *library) {
				l.write(l.options.File+".partial-"+fingerprint(l.options.Identity), "dear diary")
			},
			[]string{"cannot open", ".partial-", "remove it to start over"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t)
			test.prepare(l)
			before, _ := os.ReadFile(l.options.File)
			says(t, l.sync(func(context.Context, int) error {
				t.Error("the connector was asked")
				return nil
			}), test.says...)
			if after, _ := os.ReadFile(l.options.File); string(after) != string(before) {
				t.Error("the file changed")
			}
		})
	}
}

func (l *library) write(file, content string) {
	l.t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func TestOneRunAtATime(t *testing.T) {
	l := newLibrary(t)
	var second error
	if err := l.sync(func(_ context.Context, page int) error {
		if page == 1 {
			_, second = takePlace(t.Context(), l.options)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	says(t, second, "another run is writing", "shelf.c1z", "choose another --file")
}

// The folder of a killed run is removed; one in use is not.
func TestLeftovers(t *testing.T) {
	l := newLibrary(t)
	left := filepath.Join(l.options.TempDir, "shelf-0123456789abcdef")
	if err := os.MkdirAll(filepath.Join(left, "c1z-pebble1"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.write(left+".lock", "")
	l.write(l.options.File+".lock", "")
	if err := l.sync(fine); err != nil { // It checks the temporary folder.
		t.Fatal(err)
	}
	l.only("shelf.c1z")

	one, err := takePlace(t.Context(), l.options)
	if err != nil {
		t.Fatal(err)
	}
	other := l.options
	other.File += "2"
	two, err := takePlace(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(one.temp.path); err != nil {
		t.Errorf("a folder in use: %v", err)
	}
	if err := errors.Join(one.leave(), two.leave()); err != nil {
		t.Error(err)
	}
}

// A sync that cannot be packed leaves the files as they were.
func TestPackingFails(t *testing.T) {
	l := newLibrary(t)
	l.options.Window = time.Millisecond
	partial := l.options.File + ".partial-" + fingerprint(l.options.Identity)
	var last []byte
	err := l.sync(func(_ context.Context, page int) error {
		time.Sleep(25 * l.options.Window) // A window in which no page ends is followed by one twice as long.
		if last != nil {
			return nil
		}
		if last, _ = os.ReadFile(partial); last == nil {
			return nil // No window is packed yet.
		}
		return os.MkdirAll(filepath.Join(partial+".tmp", "in the way"), 0o700)
	})
	says(t, err, "cannot store the sync", "shelf.c1z was not written", "resumes there")
	if strings.Contains(err.Error(), "preserved under") {
		t.Errorf("the temporary folder is gone: %v", err)
	}
	if now, _ := os.ReadFile(partial); string(now) != string(last) || len(now) == 0 {
		t.Error("what was packed before is lost")
	}
	if err := os.RemoveAll(partial + ".tmp"); err != nil {
		t.Fatal(err)
	}
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.holds(10)
}

// The run stops before the disk is full, and resumes when there is space.
func TestFullDisk(t *testing.T) {
	l := newLibrary(t)
	var full atomic.Bool
	l.options.freeSpace = func(string) (uint64, error) {
		if full.Load() {
			return 5 << 20, nil
		}
		return 1 << 40, nil
	}
	err := l.sync(func(ctx context.Context, page int) error {
		if page == 7 {
			full.Store(true)
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	says(t, err, "5 MiB are left in", "no space left on device", "the disk is full: free some space", "--c1z-temp-dir", "resumes there")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	text, _, _ := strings.Cut(err.Error(), "; ")
	text = strings.NewReplacer("5 MiB", "baton-descope: NUMBER MiB", syscall.ENOSPC.Error(), "REASON",
		l.options.TempDir, "FOLDER", filepath.Dir(l.options.File), "FOLDER").Replace(text)
	if document, _ := os.ReadFile("../../docs/troubleshooting.md"); !strings.Contains(string(document), "\n"+text+"\n") {
		t.Errorf("docs/troubleshooting.md lacks %q", text)
	}
	full.Store(false)
	if err := l.sync(fine); err != nil {
		t.Fatal(err)
	}
	l.askedFor(7, 8, 9)
	l.holds(10)
}

// The SDK's files in the system's temporary folder are in that of the run, and removed
// with it, also when the run was killed.
func TestSystemTemp(t *testing.T) { // Alone, since that folder is the process's.
	before := os.TempDir()
	l := &library{t: t, options: Options{
		Name: "shelf", File: filepath.Join(t.TempDir(), "shelf.c1z"), TempDir: t.TempDir(), SystemTemp: true, ResourceTypes: []string{"book"},
	}}
	stage := func() {
		dir, err := os.MkdirTemp("", "pebble-grant-digest-")
		if err != nil {
			t.Fatal(err)
		}
		if run := filepath.Dir(dir); filepath.Dir(run) != l.options.TempDir || !strings.HasPrefix(filepath.Base(run), "shelf-") {
			t.Errorf("it is in %s", run)
		}
	}
	killed, err := takePlace(t.Context(), l.options)
	if err != nil {
		t.Fatal(err)
	}
	stage()
	if err := errors.Join(killed.temp.lock.held.Unlock(), killed.lock.held.Unlock()); err != nil { // As the system does.
		t.Fatal(err)
	}
	for name, value := range killed.temp.systems {
		os.Setenv(name, value)
	}
	if err := l.sync(func(context.Context, int) error {
		stage()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if os.TempDir() != before {
		t.Errorf("the temporary folder is %s after the run", os.TempDir())
	}
}
