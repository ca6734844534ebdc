package descope_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/mapping"
)

// small reads seven users per page, so that a short list has many pages, without limits.
func small(t *testing.T) func(*generated.Descope) {
	src := bytes.Replace(mapping.Descope, []byte("size: 100"), []byte("size: 7"), 1)
	src = regexp.MustCompile(`(?m)^  per_minute: .*\n`).ReplaceAll(src, nil)
	if len(src) == len(mapping.Descope) {
		t.Fatal("the built-in mapping has neither a size nor limits to change")
	}
	path := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(path, src, 0o600); err != nil {
		t.Fatal(err)
	}
	return func(cfg *generated.Descope) { cfg.Mapping = path }
}

// TestUsersChangeWhileListed deletes, creates and changes random users before every
// search. The sync has all users that existed throughout, with their exact grants, and
// none that never existed.
func TestUsersChangeWhileListed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			sampled(t)
			t.Parallel()
			d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 120, Tenants: 4, Roles: 5, Permissions: 4, Seed: seed}), emulator.Options{})
			before := expected(project(d), false)
			ever, always := before.resources, map[string]bool{}
			for id := range before.resources {
				always[id] = true
			}
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 1))
			d.Intercept(func(operation string, call int, _ http.ResponseWriter, _ *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if operation != "SearchUsers" || call == 1 { // The first one only validates.
					return false
				}
				for range random.IntN(3) {
					users := d.Store().Users()
					victim := users[random.IntN(len(users))]
					d.Store().DeleteUser(victim.UserID)
					delete(always, "user:"+victim.UserID)
				}
				for i := range random.IntN(3) {
					u := emulator.User{UserID: fmt.Sprintf("New%d-%d", call, i), Name: "New", CreatedTime: 2_000_000_000 + int32(call)}
					d.Store().PutUser(u)
					ever["user:"+u.UserID] = true
				}
				return false
			})
			got := harness.Sync(t, options(t, d, small(t)))
			for id := range always {
				if got.Resources[id] == nil {
					t.Errorf("%s existed throughout and is missing", id)
				}
			}
			for id := range got.Resources {
				if !ever[id] {
					t.Errorf("%s never existed", id)
				}
			}
			for id := range before.grants {
				if _, principal, _ := strings.Cut(id, ":user:"); always["user:"+principal] && got.Grants[id] == nil {
					t.Errorf("grant %s is missing", id)
				}
			}
			for id := range got.Grants {
				if !before.grants[id] {
					t.Errorf("grant %s never existed", id)
				}
			}
		})
	}
}

// alter changes the request before it is answered, and the reply after.
func alter(t *testing.T, d *emulatortest.Running, request func(map[string]any), reply func(asked, body map[string]any)) {
	t.Helper()
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		if operation != "SearchUsers" {
			return false
		}
		var asked map[string]any
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		if request != nil {
			request(asked)
		}
		text, err := json.Marshal(asked)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		answer := &answer{header: w.Header()}
		d.Answer(answer, r)
		var body map[string]any
		if err := json.Unmarshal(answer.body.Bytes(), &body); err != nil {
			t.Error(err)
		}
		if reply != nil {
			reply(asked, body)
		}
		w.Header().Del("Content-Length")
		_ = json.NewEncoder(w).Encode(body) // The client may be gone.
		return true
	})
}

type answer struct {
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }
func (a *answer) WriteHeader(int)             {}

// TestOddListings syncs from servers with unusual paging: the result is complete.
func TestOddListings(t *testing.T) {
	rows := func(body map[string]any) []any { return body["users"].([]any) }
	for name, odd := range map[string]struct {
		request func(map[string]any)
		reply   func(asked, body map[string]any)
	}{
		"no total": {nil, func(_, body map[string]any) { delete(body, "total") }},
		"a total now and then": {nil, func(asked, body map[string]any) {
			if asked["page"] != nil && int(asked["page"].(float64))%2 == 0 {
				delete(body, "total")
			}
		}},
		"a total that is too low": {nil, func(_, body map[string]any) { body["total"] = 3 }},
		"no offset, only pages":   {func(asked map[string]any) { delete(asked, "offset") }, nil},
		"at most five a page":     {func(asked map[string]any) { asked["limit"] = 5 }, nil},
		"one a page":              {func(asked map[string]any) { asked["limit"] = 1 }, nil},
		"everyone twice on a page": {nil, func(_, body map[string]any) {
			var twice []any
			for _, u := range rows(body) {
				twice = append(twice, u, u)
			}
			body["users"] = twice
			delete(body, "total")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 60, Tenants: 3, Roles: 3, Permissions: 3}), emulator.Options{})
			want := expected(project(d), false)
			alter(t, d, odd.request, odd.reply)
			compare(t, want, harness.Sync(t, options(t, d, small(t))))
		})
	}
}

// TestIncompleteLists syncs from servers with incomplete lists: the sync fails, and
// reports the evidence.
func TestIncompleteLists(t *testing.T) {
	rows := func(body map[string]any) []any { return body["users"].([]any) }
	for name, broken := range map[string]struct {
		request func(map[string]any)
		reply   func(asked, body map[string]any)
		want    string
	}{
		"the same page again and again": {
			func(asked map[string]any) { delete(asked, "offset"); delete(asked, "page") }, nil,
			"has the same records as the page before it; the API seems to ignore the paging fields",
		},
		"nothing behind a cap": {
			nil, func(asked, body map[string]any) {
				if offset, ok := asked["offset"].(float64); ok && offset > 20 {
					body["users"] = []any{}
				}
			}, "SearchUsers: the API reported 60 records but returned none",
		},
		"one is left out": {
			nil, func(_, body map[string]any) {
				var kept []any
				for i, u := range rows(body) {
					if i == 3 && len(rows(body)) == 7 {
						u = rows(body)[2]
					}
					kept = append(kept, u)
				}
				body["users"] = kept
			}, "different ones in 3 readings of the list",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 60, Tenants: 3, Roles: 3, Permissions: 3}), emulator.Options{})
			alter(t, d, broken.request, broken.reply)
			_, err := harness.TrySync(t, t.Context(), options(t, d, small(t)))
			if err == nil || !strings.Contains(err.Error(), broken.want) {
				t.Fatalf("%v\nwant %s", err, broken.want)
			}
			if code := status.Code(err); code != codes.Aborted && code != codes.FailedPrecondition {
				t.Errorf("code %s", code)
			}
		})
	}
}
