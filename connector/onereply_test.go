package connector

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(request *http.Request) (*http.Response, error) { return d(request) }

// What says that there is more than two records, and what does not.
func TestUnpagedReplyWithMore(t *testing.T) {
	for _, test := range []struct{ link, body, want string }{
		{"", `{"roles":[1,2]}`, ""},
		{"", `[1,2]`, ""},
		{"", ``, ""},
		{"", `{"roles":[1,2],"total":2,"next":null,"nextCursor":"","hasMore":false,"page":1,"links":{"next":""}}`, ""},
		{"", `{"roles":[{"next":"a","total":9}],"more":"","total":"3"}`, ""},
		{"", `{"roles":[1,2],"total":3}`, `"total" is 3`},
		{"", `{"roles":[1,2],"totalCount":1001}`, `"totalCount" is 1001`},
		{"", `{"roles":[1,2],"next":"/roles?page=2"}`, `"next" names the next page`},
		{"", `{"roles":[1,2],"next_cursor":"abc"}`, `"next_cursor" names the next page`},
		{"", `{"roles":[1,2],"next":{"href":"/roles"}}`, `"next" names the next page`},
		{"", `{"roles":[1,2],"has_more":true}`, `"has_more" is true`},
		{"", `{"roles":[1,2],"hasMore": true}`, `"hasMore" is true`},
		{"", `{"roles":[1,2],"more":true}`, `"more" is true`},
		{"", `{"data":[1,2],"meta":{"nextCursor":"abc"}}`, `"nextCursor" names the next page`},
		{`<https://api/roles?page=1>; rel="first", <https://api/roles?page=2>; rel="next"`, `[1,2]`, "a Link header to the next page"},
		{`<https://api/roles?page=2>; rel=next`, `{"roles":[1,2]}`, "a Link header to the next page"},
		{`<https://api/roles?page=1>; rel="prev"`, `[1,2]`, ""},
	} {
		l := &listener{Doer: doer(func(*http.Request) (*http.Response, error) {
			return &http.Response{Header: http.Header{"Link": {test.link}}, Body: io.NopCloser(strings.NewReader(test.body))}, nil
		})}
		reply, err := l.Do(nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(reply.Body); err != nil || string(body) != test.body {
			t.Errorf("%s came as %s, %v", test.body, body, err)
		}
		if got := l.more(2); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.link, test.body, got, test.want)
		}
	}
}
