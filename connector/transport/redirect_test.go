package transport

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/api"
)

// TestRedirectIsNotFollowed: wherever it points, nobody but the API gets a
// request, and so nobody else the key. The error says where it points.
func TestRedirectIsNotFollowed(t *testing.T) {
	var mu sync.Mutex
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere = append(elsewhere, r.URL.String())
		replyOK(w)
	}))
	t.Cleanup(other.Close)
	host := strings.TrimPrefix(other.URL, "http://")

	for _, code := range []int{301, 302, 303, 307, 308} {
		for location, says := range map[string]string{
			other.URL + "/steal?key=1":                        "it points to " + other.URL + ":",
			"http://user:pass@" + host + "/":                  "it points to " + other.URL + ":",
			"//" + host + "/steal":                            "it points to " + host + ":",
			"/v2/other":                                       "it points to another place on the same host:",
			"?again":                                          "it points to another place on the same host:",
			"https://" + testToken + "@evil.test/":            "it points to https://evil.test:",
			"https://K2-very-secret-key.evil.test/":           "it points to https://[key].evil.test:",
			"https://[::1%25\u202e]/":                         "it points to https://[::1%]:",
			"ftp://evil.test/" + strings.Repeat("long", 1000): "it points to ftp://evil.test:",
			"": "it points elsewhere:",
		} {
			var paths []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				paths = append(paths, r.URL.Path)
				w.Header()["Location"] = []string{location}
				w.WriteHeader(code)
			}))
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				conn := open(t, Options{})
				req, err := http.NewRequestWithContext(WithCall(t.Context(), write), method, server.URL+"/v1/x", nil)
				if err != nil {
					t.Fatal(err)
				}
				_, err = api.ReadReply[struct{ OK bool }](conn.Do(req))
				err = conn.Error("Add", err)
				want := fmt.Sprintf("Add: HTTP %d %s (", code, http.StatusText(code))
				if text := err.Error(); !strings.HasPrefix(text, want) || !strings.Contains(text, says+" redirects are not followed, check the base URL)") {
					t.Errorf("%s, %d to %q: %s", method, code, location, text)
				}
				if got := status.Code(err); got != codes.FailedPrecondition {
					t.Errorf("the code is %v", got)
				}
			}
			server.Close()
			if !slices.Equal(paths, []string{"/v1/x", "/v1/x"}) {
				t.Errorf("%d to %q: requests for %v", code, location, paths)
			}
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("requests elsewhere: %v", elsewhere)
	}
}
