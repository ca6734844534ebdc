package descope_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// manyUsers answers searches in a project that has a number of users and nothing else.
type manyUsers int

func (n manyUsers) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		fmt.Fprint(w, `{"tenants":[],"roles":[],"permissions":[]}`)
		return w.Result(), nil
	}
	var search struct{ Limit, Offset int }
	if err := json.NewDecoder(r.Body).Decode(&search); err != nil {
		return nil, err
	}
	time.Sleep(100 * time.Millisecond)
	var users []string
	for i := search.Offset; i < min(search.Offset+search.Limit, int(n)); i++ {
		users = append(users, fmt.Sprintf(`{"userId":"U%d"}`, i))
	}
	fmt.Fprintf(w, `{"total":%d,"users":[%s]}`, n, strings.Join(users, ","))
	return w.Result(), nil
}

// recordedProgress is a progress that records the earliest ends of the list.
type recordedProgress struct {
	ends  []time.Time
	waits []string
}

func (f *recordedProgress) Read(_ string, read, total int, earliest time.Time) {
	if read < total {
		f.ends = append(f.ends, earliest)
	}
}
func (f *recordedProgress) Wait(_ time.Time, reason string) { f.waits = append(f.waits, reason) }
func (*recordedProgress) LeftOut(int)                       {}

// After the first thousand users, the remaining time includes Descope's rate limit.
func TestRemainingTimeIncludesRateLimit(t *testing.T) {
	for _, users := range []int{20_000, 50_000} {
		t.Run(fmt.Sprint(users), func(t *testing.T) {
			plan, err := descope.LoadMapping(&generated.Descope{})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				output := &recordedProgress{}
				c, err := connector.New(t.Context(), connector.Options{
					Name: descope.Name, Plan: plan, BaseURL: "https://api.descope.com", Token: "P2abc:K2abc", Base: manyUsers(users), Progress: output,
				})
				if err != nil {
					t.Fatal(err)
				}
				server, err := connector.NewServer(t.Context(), c, connectorbuilder.WithSessionStore(&oneshot.Session{}))
				if err != nil {
					t.Fatal(err)
				}
				client := oneshot.NewClient(t.Context(), server)
				for token := ""; ; {
					page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{
						ResourceTypeId: "user", PageToken: token, ActiveSyncId: "sync",
					}.Build())
					if err != nil {
						t.Fatal(err)
					}
					if token = page.GetNextPageToken(); token == "" {
						break
					}
				}
				for i, end := range output.ends {
					if off := time.Until(end).Abs(); off > 5*time.Second {
						t.Errorf("after %d steps the end was %v off", i+1, off)
					}
				}
				if len(output.ends) < users/1000-1 || len(output.waits) == 0 || output.waits[0] != "Descope's limit of 200 searches a minute" {
					t.Errorf("%d steps, and waits for %q", len(output.ends), output.waits)
				}
			})
		})
	}
}
