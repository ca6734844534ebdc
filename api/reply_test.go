package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/api"
)

type people struct {
	People []person `json:"people"`
	Total  int32    `json:"total,omitempty"`
}

type person struct {
	Name  string         `json:"name"`
	Since int32          `json:"since,omitempty"`
	At    *time.Time     `json:"at,omitempty"`
	Tags  []string       `json:"tags,omitempty"`
	Free  any            `json:"free,omitempty"`
	More  map[string]any `json:"more,omitempty"`
}

func readReply(body string) (*people, error) {
	return api.ReadReply[people](&http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil)
}

// TestUnusableReplies: what is not the JSON that the document promises is no
// reply, and above all no short one.
func TestUnusableReplies(t *testing.T) {
	for body, want := range map[string]string{
		"":                                       "HTTP 200 with an empty body",
		" \n":                                    "HTTP 200 with an empty body",
		"<html>":                                 "not JSON at byte 0",
		`{"people": [{"name": "Ann`:              "the JSON ends too early",
		`{"people": []} {"people": []}`:          "not JSON at byte 15",
		`{}`:                                     `it has no "people"`,
		`[]`:                                     "it is a list",
		`{"people": [{"name": 7}]}`:              `its "people.0.name" is a number`,
		"{\"people\": [{\"name\": \"a\nb\"}]}":   "not JSON at byte",
		"{\"people\": [{\"name\": \"a\xffb\"}]}": "not UTF-8 at byte 23",
		"{\"people\": [{\"name\": \"\xed\xa0\x80\"}]}":                                                         "not UTF-8 at byte 22",
		"{\"people\": [{\"name\": \"\xc0\x80\"}]}":                                                             "not UTF-8 at byte 22",
		`{"people": [{"name": "a", "name": "b"}]}`:                                                             "an object has a name twice, at byte 26",
		`{"people": [{"name": "a", "\u006eame": "b"}]}`:                                                        "an object has a name twice",
		`{"people": [], "odd": {"k": 1, "k": 2}}`:                                                              "an object has a name twice",
		`{"people": [{"name": "a", "more": {"k": 1, "k": 2}}]}`:                                                "an object has a name twice",
		`{"people": [{"name": "\ud800"}]}`:                                                                     "half a character (a lone surrogate) at byte 22",
		`{"people": [{"name": "\udc00\ud800"}]}`:                                                               "half a character",
		`{"people": [{"name": "a", "more": {"\ud83d": 1}}]}`:                                                   "half a character",
		`{"people": [{"name": "a", "odd": "\udfff"}]}`:                                                         "half a character",
		"\ufeff{\"people\": []}":                                                                               "not JSON at byte 0",
		`{"people": [{"name": "a", "free": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}]}": "not JSON",
	} {
		_, err := readReply(body)
		var unusable *api.ReplyError
		if !errors.As(err, &unusable) || !strings.Contains(unusable.Error(), want) {
			t.Errorf("%.60q: %v, want %q", body, err, want)
		}
	}
}

// TestMisfits: what does not fit is left out and listed, and the rest is there.
func TestMisfits(t *testing.T) {
	for body, want := range map[string]string{
		`{"people": [{"name": 7, "since": 1}]}`:                              `[its "people.0.name" is a number]`,
		`{"people": [{"name": "a"}, {"name": "b", "since": 4102444800000}]}`: `[its "people.1.since" is a number]`,
		`{"people": [{"name": "a", "since": 1.5, "tags": ["x", 2, {}]}]}`:    `[its "people.0.since" is a number its "people.0.tags.1" is a number its "people.0.tags.2" is an object]`,
		`{"people": [{"name": "a", "at": "soon", "more": []}]}`:              `[its "people.0.at" is text its "people.0.more" is a list]`,
		`{"people": [{"name": true, "tags": "x", "since": [1]}]}`:            `[its "people.0.name" is a truth value its "people.0.tags" is text its "people.0.since" is a list]`,
		`{"people": ["a", {"name": "b"}], "total": {}}`:                      `[its "people.0" is text its "total" is an object]`,
		`{"people": {}}`: `[its "people" is an object]`,
		`{"People": []}`: `[it has no "people"]`,
		`"people"`:       `[it is text]`,
		`{"people": [{"name": "a", "tags": null, "at": null, "more": {"n": null}}]}`: `[]`,
	} {
		reply, err := readReply(body)
		var odd *api.ReplyError
		if errors.As(err, &odd); reply == nil {
			t.Errorf("%s: no reply: %v", body, err)
			continue
		}
		var misfits []api.Misfit
		if odd != nil {
			misfits = odd.Misfits
		}
		if got := fmt.Sprint(misfits); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestNamesAreExact: a name in another letter case is another name.
func TestNamesAreExact(t *testing.T) {
	const long = "12345678901234567890123"
	reply, err := readReply(`{"People": 1, "people": [{"name": "a", "NAME": "b", "since": "odd", "free": [` + long + `], "more": {"n": ` + long + `}}]}`)
	if reply == nil || len(reply.People) != 1 {
		t.Fatal(err)
	}
	want := person{Name: "a", Free: []any{json.Number(long)}, More: map[string]any{"n": json.Number(long)}}
	if got := reply.People[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestContentTypes: proxies add parameters and copies to a header, which makes no
// web page of JSON, nor JSON of a web page.
func TestContentTypes(t *testing.T) {
	for _, c := range []struct {
		values []string
		json   bool
	}{
		{[]string{"application/json"}, true},
		{[]string{"Application/JSON ; charset=utf-8"}, true},
		{[]string{"application/json; charset=utf-8; charset=UTF-8"}, true},
		{[]string{"application/json; charset="}, true},
		{[]string{"application/json;"}, true},
		{[]string{`application/json; profile="a,b"`}, true},
		{[]string{"application/json, application/json"}, true},
		{[]string{"application/json", "application/json; charset=utf-8"}, true},
		{[]string{"application/problem+json"}, true},
		{nil, false},
		{[]string{""}, false},
		{[]string{"text/html; charset=utf-8"}, false},
		{[]string{"text/html; a=application/json"}, false},
		{[]string{"application/json", "text/html"}, false},
		{[]string{"application/jsonp"}, false},
	} {
		_, err := api.ReadReply[people](&http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": c.values}, Body: io.NopCloser(strings.NewReader(`{"people": []}`)),
		}, nil)
		var odd *api.ReplyError
		if c.json && err != nil || !c.json && (!errors.As(err, &odd) || !odd.Foreign) {
			t.Errorf("%q: %v", c.values, err)
		}
	}
}

// TestNoReply: an operation that returns no JSON has succeeded when there is no
// body or a JSON one; a web page is somebody else's.
func TestNoReply(t *testing.T) {
	for _, c := range []struct {
		media, body string
		foreign, ok bool
	}{
		{"", "", false, true},
		{"text/html", " \n", false, true},
		{"application/json", "{}", false, true},
		{"application/json", `["done"]`, false, true},
		{"application/json", `{"done": {"at": 1}}`, false, true},
		{"text/html", "<html>Sign in</html>", true, false},
		{"", "<html>Sign in</html>", true, false},
		{"text/plain", "{}", true, false},
		{"application/json", "<html>Sign in</html>", false, false},
		{"application/json", `{"done":`, false, false},
	} {
		_, err := api.ReadReply[api.NoReply](&http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {c.media}}, Body: io.NopCloser(strings.NewReader(c.body)),
		}, nil)
		var odd *api.ReplyError
		if (err == nil) != c.ok || !c.ok && (!errors.As(err, &odd) || odd.Foreign != c.foreign) {
			t.Errorf("%q %q: %v", c.media, c.body, err)
		}
	}
}
