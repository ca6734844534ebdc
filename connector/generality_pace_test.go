package connector_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// TestSecondAPIWaits: the SDK gets how long each answer was held up by the
// API's limit, and of an answer that was not, nothing.
func TestSecondAPIWaits(t *testing.T) {
	plan, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	plan.PerMinute = map[string]int{"ListRoles": 1}
	synctest.Test(t, func(t *testing.T) {
		client := clientWith(t, connector.Options{
			Name: "baton-workbench", Plan: plan, BaseURL: "http://127.0.0.1", Token: secondapi.Token,
			Base: noRoles{},
		}, &memory{})
		for _, sync := range []struct {
			id             string
			atLeast, below time.Duration
		}{
			{"first", 0, time.Millisecond},
			{"second", 59 * time.Second, 61 * time.Second},
		} {
			request := v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "role", ActiveSyncId: sync.id}.Build()
			answer, err := client.ListResources(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			report := &v2.RateLimitWaitReport{}
			annos := annotations.Annotations(answer.GetAnnotations())
			reported, err := annos.Pick(report)
			waited := time.Duration(report.GetWaitMs()) * time.Millisecond
			if err != nil || reported != (sync.atLeast > 0) || waited < sync.atLeast || waited >= sync.below {
				t.Errorf("the %s sync reports %v, a wait of %v, %v", sync.id, reported, waited, err)
			}
		}
	})
}

// noRoles is a server that has none.
type noRoles struct{}

func (noRoles) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	w.WriteString(`{"catalogue":[]}`)
	return w.Result(), nil
}
