package replay_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
)

// write writes files into a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func player(t *testing.T, files map[string]string) (*replay.Player, replay.Replies) {
	t.Helper()
	replies, err := replay.ReadDir(write(t, files), client.Operations)
	if err != nil {
		t.Fatal(err)
	}
	return replay.NewPlayer(client.Operations, replies), replies
}

// ask sends one request and returns the status, the content type and the body.
func ask(t *testing.T, p *replay.Player, operation, method, url, body string) string {
	t.Helper()
	ctx := transport.WithCall(t.Context(), transport.Call{Operation: operation})
	req, err := http.NewRequestWithContext(ctx, method, replay.BaseURL+url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := p.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.Status + " " + reply.Header.Get("Content-Type") + " " + string(content)
}

func TestCallsAreAnsweredByTheirNumber(t *testing.T) {
	p, replies := player(t, map[string]string{
		"ListPeople.1.json":         "one",
		"ListPeople.2.json":         "two",
		"ListPeople.3.http503.json": "three",
		"ListRoles.html":            "<p>",
		"ListGroups.2.txt":          "second",
		"README.md":                 "about it",
	})
	for _, test := range []struct{ operation, url, want string }{
		{"ListPeople", "/people", "200 OK application/json one"},
		{"ListPeople", "/people?after=A", "200 OK application/json two"},
		{"ListPeople", "/people?after=B", "503 Service Unavailable application/json three"},
		{"ListPeople", "/people?after=A", "200 OK application/json two"}, // as before: there is no fourth
		{"ListRoles", "/roles", "200 OK text/html <p>"},
	} {
		if got := ask(t, p, test.operation, http.MethodGet, test.url, ""); got != test.want {
			t.Errorf("%s: %s, want %s", test.url, got, test.want)
		}
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	if unused := replies.Unused(); len(unused) != 1 || unused[0] != "ListGroups.2" {
		t.Errorf("unused are %v", unused)
	}
}

// Nothing is made up: not even an empty page behind the last one.
func TestMissingReplies(t *testing.T) {
	p, _ := player(t, map[string]string{"ListPeople.json": "one"})
	ask(t, p, "ListPeople", http.MethodGet, "/people", "")
	if got := ask(t, p, "ListPeople", http.MethodGet, "/people?after=A", ""); !strings.HasPrefix(got, "501 ") {
		t.Errorf("a call beyond the files is answered with %s", got)
	}
	want := `there is no reply for the request ListPeople {"after":"A"}: add ListPeople.2.json`
	if err := p.Err(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	ask(t, p, "ListRoles", http.MethodGet, "/roles", "")
	if err := p.Err(); err.Error() != want {
		t.Errorf("%v: it is not the first", err)
	}
}

func TestFirstSourceWithAnOperationAnswersIt(t *testing.T) {
	_, mine := player(t, map[string]string{"ListRoles.json": "mine"})
	_, others := player(t, map[string]string{"ListRoles.json": "others", "ListPeople.json": "people"})
	p := replay.NewPlayer(client.Operations, mine, others)
	for operation, want := range map[string]string{"ListRoles": "mine", "ListPeople": "people"} {
		if got := ask(t, p, operation, http.MethodGet, "/x", ""); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", operation, got)
		}
	}
}

func TestRequestsAreKept(t *testing.T) {
	p, _ := player(t, map[string]string{"GiveRole.json": "", "GetPerson.json": ""})
	ask(t, p, "GiveRole", http.MethodPost, "/people/7/roles?notify=a&notify=b", `{"key": "a<b", "level": 9007199254740993}`)
	ask(t, p, "GetPerson", http.MethodGet, "/below/a/path/people/a%2Fb", "")
	want := []string{`GiveRole {"key":"a<b","level":9007199254740993,"notify":["a","b"],"person_id":"7"}`, `GetPerson {"person_id":"a/b"}`}
	got := p.Requests()
	if len(got) != 2 || got[0].String() != want[0] || got[1].String() != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNamesOfReplies(t *testing.T) {
	for name, want := range map[string]string{
		"ListPepole.json":       `the API has no operation "ListPepole"; it has AddGroupMember, CloseWorkspace, GetPerson`,
		"ListPeople.0.json":     "is not the name of a reply",
		"ListPeople.http9.json": "is not the name of a reply",
		"ListPeople.json.json":  "is not the name of a reply",
	} {
		dir := write(t, map[string]string{name: "{}"})
		if _, err := replay.ReadDir(dir, client.Operations); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := write(t, map[string]string{"ListPeople.json": "{}", "ListPeople.1.json": "{}"})
	if _, err := replay.ReadDir(dir, client.Operations); err == nil || !strings.Contains(err.Error(), "there is another reply for call 1 of ListPeople") {
		t.Errorf("two first replies: %v", err)
	}
	if _, err := replay.ReadDir(filepath.Join(dir, "none"), client.Operations); err == nil {
		t.Error("a folder that is not there passes")
	}
}
