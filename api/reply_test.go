package api_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
)

type people struct {
	People []struct {
		Name string `json:"name"`
		Free any    `json:"free,omitempty"`
	} `json:"people"`
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
		"<html>":                                 "not JSON at byte 1",
		`{"people": [{"name": "Ann`:              "the JSON ends too early",
		`{"people": []} {"people": []}`:          "there is more after the JSON value",
		`{}`:                                     `it has no "people"`,
		`[]`:                                     "it is a JSON array",
		`{"people": [{"name": 7}]}`:              `field "people.name" holds a JSON number`,
		"{\"people\": [{\"name\": \"a\nb\"}]}":   "not JSON at byte",
		"{\"people\": [{\"name\": \"a\xffb\"}]}": "not UTF-8 at byte 23",
		"{\"people\": [{\"name\": \"\xed\xa0\x80\"}]}": "not UTF-8 at byte 22",
		"{\"people\": [{\"name\": \"\xc0\x80\"}]}":     "not UTF-8 at byte 22",
		"\ufeff{\"people\": []}":                       "not JSON at byte 1",
		`{"people": [{"name": "a", "free": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}]}": "not JSON",
	} {
		_, err := readReply(body)
		var unusable *api.ReplyError
		if !errors.As(err, &unusable) || !strings.Contains(unusable.Error(), want) {
			t.Errorf("%.60q: %v, want %q", body, err, want)
		}
	}
}
