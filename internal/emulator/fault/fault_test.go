package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/emulator/fault"
)

const (
	search   = "POST /v2/mgmt/user/search"
	loadUser = "GET /v1/mgmt/user"
	tenants  = "GET /v1/mgmt/tenant/all"
	roles    = "GET /v1/mgmt/role/all"
	addRoles = "POST /v1/mgmt/user/update/role/add"
)

// numbered is a project of users u0, u1 and so on.
func numbered(n int) emulator.Project {
	var p emulator.Project
	for i := range n {
		p.Users = append(p.Users, emulator.User{UserID: fmt.Sprintf("u%d", i)})
	}
	return p
}

// office is a project of the users ada and bea, and of two roles; ada holds P.
func office() emulator.Project {
	return emulator.Project{
		Roles: []emulator.Role{{Name: "P"}, {Name: "Q"}},
		Users: []emulator.User{{UserID: "ada", RoleNames: []string{"P"}}, {UserID: "bea"}},
	}
}

// response is a reply, read to its end.
type response struct {
	*http.Response
	body []byte
}

func call(t *testing.T, srv *emulatortest.Running, what, body string) response {
	t.Helper()
	reply, err := http.DefaultClient.Do(srv.Request(t, what, body))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	read, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{reply, read}
}

// short is the status of a reply, and of an error reply its code.
func (r response) short() string {
	var reply struct {
		ErrorCode string `json:"errorCode"`
	}
	if json.Unmarshal(r.body, &reply) != nil {
		return fmt.Sprintf("%d %q", r.StatusCode, r.body)
	}
	return strings.TrimSpace(fmt.Sprint(r.StatusCode, " ", reply.ErrorCode))
}

// users is the reply to a search in short: user ids in one line, and the total.
func (r response) users(t *testing.T) string {
	t.Helper()
	var page struct {
		Users []struct {
			UserID string `json:"userId"`
		} `json:"users"`
		Total int `json:"total"`
	}
	if err := json.Unmarshal(r.body, &page); err != nil {
		t.Fatalf("HTTP %d, %v: %s", r.StatusCode, err, r.body)
	}
	ids := make([]string, len(page.Users))
	for i, u := range page.Users {
		ids[i] = u.UserID
	}
	return fmt.Sprintf("%s of %d", strings.Join(ids, " "), page.Total)
}

// outcomes sends requests in turn and returns a letter for each: "." for the server's
// own answer, "x" for a fault.
func outcomes(t *testing.T, srv *emulatortest.Running, requests ...string) string {
	t.Helper()
	var line strings.Builder
	for _, what := range requests {
		body := ""
		if strings.HasPrefix(what, "POST") {
			body = "{}"
		}
		letter := "x"
		if call(t, srv, what, body).StatusCode == http.StatusOK {
			letter = "."
		}
		line.WriteString(letter)
	}
	return line.String()
}

func TestConditions(t *testing.T) {
	ten := strings.Split(strings.Repeat(search+"|", 9)+search, "|")
	mixed := []string{search, roles, search, tenants, roles, search, search, roles}
	for _, tt := range []struct {
		rule, want string
		requests   []string
	}{
		{"500", "xxxxxxxxxx", ten},
		{"500 call=3", "..x.......", ten},
		{"500 call=3-5", "..xxx.....", ten},
		{"500 call=8-", ".......xxx", ten},
		{"500 call=1,4-5,9-", "x..xx...xx", ten},
		{"500 every=3", "..x..x..x.", ten},
		{"500 times=2", "xx........", ten},
		{"500 every=3 times=2", "..x..x....", ten},
		{"500 p=1", "xxxxxxxxxx", ten},
		{"500 call=3", "..x.....", mixed},
		{"500 on=SearchUsers call=3", ".....x..", mixed},
		{"500 on=SearchUsers,LoadAllTenants call=2-3", "..xx....", mixed},
		{"500 on=LoadAllPermissions", "........", mixed},
		{"total:7", "........", mixed},
	} {
		srv := emulatortest.Start(t, numbered(1), emulator.Options{})
		srv.Fail(t, tt.rule)
		if got := outcomes(t, srv, tt.requests...); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.rule, got, tt.want)
		}
	}
}

func TestSeed(t *testing.T) {
	ofSeed := func(seed int) string {
		srv := emulatortest.Start(t, numbered(1), emulator.Options{})
		srv.Fail(t, fmt.Sprintf("500 p=0.5 seed=%d", seed))
		return outcomes(t, srv, strings.Split(strings.Repeat(roles+"|", 39)+roles, "|")...)
	}
	first := ofSeed(1)
	if again := ofSeed(1); again != first {
		t.Errorf("got %s, then %s", first, again)
	}
	if other := ofSeed(2); other == first {
		t.Errorf("another seed gives the same faults: %s", other)
	}
	if n := strings.Count(first, "x"); n < 8 || n > 32 {
		t.Errorf("with a chance of a half, %d of 40 requests failed", n)
	}
}

func TestInject(t *testing.T) {
	parsed, err := fault.Parse("  503:4   on=LoadAllRoles ")
	if err != nil {
		t.Fatal(err)
	}
	if parsed.String() != "503:4 on=LoadAllRoles" {
		t.Error(parsed)
	}
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	fault.Inject(srv.Server, parsed)
	if got := outcomes(t, srv, roles, tenants, roles); got != "x.x" {
		t.Error(got)
	}
	fault.Inject(srv.Server)
	if got := outcomes(t, srv, roles); got != "." {
		t.Error("the faults still apply")
	}
}

func TestInvalidRules(t *testing.T) {
	for rule, says := range map[string]string{
		"":                               "the rule is empty; the kinds are STATUS[:RETRY], error:CODE, ",
		"explode":                        `unknown kind "explode"; the kinds are STATUS`,
		"STATUS":                         "the status is 204, or from 400 to 599",
		"200":                            "the status is 204, or from 400 to 599; it has the form STATUS[:RETRY]",
		"204:5":                          "204 has no Retry-After",
		"429:soon":                       "a number of seconds, as in 429:30 or 429:date+30",
		"429:-1":                         "a number of seconds",
		"429:":                           "a number of seconds",
		"error":                          "the code is missing",
		"reset:":                         "the value after the colon is missing",
		"reset:hard":                     "this kind has no value",
		"html:600":                       "from 200 to 599",
		"type":                           "the content type is missing",
		"half:whole":                     "half is followed by chunked, by silent or by nothing; it has the form half[:chunked|:silent]",
		"huge:1kB":                       "a number of bytes",
		"slow":                           "as in 300ms or 2s",
		"slow:-1s":                       "as in 300ms or 2s",
		"slow-body:5":                    "as in 300ms or 2s",
		"stuck:head":                     "before its answer, or in its body",
		"cap:0":                          "1 or more",
		"total":                          "a number to add, or none",
		"create:second":                  "as the last, or as the first",
		"lag":                            "as in 300ms or 2s",
		"other":                          "the user is missing",
		"500 on=Search":                  `unknown operation "Search"; the operations are AddUserRoles, `,
		"500 on=":                        `unknown operation ""`,
		"500 call=0":                     "calls are counted from 1, as in call=3, call=3-5",
		"500 call=5-3":                   "calls are counted from 1",
		"500 call=x":                     "calls are counted from 1",
		"500 every=0":                    "1 or more",
		"500 times=often":                "1 or more",
		"500 p=0":                        "more than 0 and at most 1",
		"500 p=2":                        "more than 0 and at most 1",
		"500 p=NaN":                      "more than 0 and at most 1",
		"500 p=0.1 seed=-1":              "a seed is a whole number",
		"500 seed=1":                     "seed has no effect without p=CHANCE",
		"500 call=1 every=2":             "exclude each other",
		"500 call=1 call=2":              "call is given twice",
		"500 sometimes":                  "after the kind come on=, call=, every=, p=, seed=, times= and taken",
		"500 taken=yes":                  "taken has no value",
		"half taken":                     "the request is carried out anyway",
		"no-offset on=LoadAllRoles":      "this kind applies to SearchUsers only",
		"delete on=LoadAllRoles call=1-": "",
	} {
		_, err := fault.Parse(rule)
		if says == "" {
			if err != nil {
				t.Errorf("%s: %v", rule, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), says) || !strings.HasPrefix(err.Error(), fmt.Sprintf("fault %q: ", rule)) {
			t.Errorf("%q: got %v, want %q", rule, err, says)
		}
	}
}

func TestErrorReplies(t *testing.T) {
	for rule, want := range map[string]string{
		"400":           "400 E011004",
		"401":           "401 E111119",
		"403":           "403 E000403",
		"404":           "404 E000404",
		"429":           "429 E130429",
		"429:7":         "429 E130429 7",
		"502":           `502 ""`,
		"503:2":         `503 "" 2`,
		"error:E111119": "500 E111119",
	} {
		srv := emulatortest.Start(t, numbered(1), emulator.Options{})
		srv.Fail(t, rule)
		reply := call(t, srv, roles, "")
		if got := strings.TrimSpace(reply.short() + " " + reply.Header.Get("Retry-After")); got != want {
			t.Errorf("%s: got %s, want %s", rule, got, want)
		}
	}
}

func TestRetryDate(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	srv.Fail(t, "429:date+30")
	before := time.Now()
	date, err := http.ParseTime(call(t, srv, roles, "").Header.Get("Retry-After"))
	if wait := date.Sub(before); err != nil || wait < 30*time.Second || wait > 40*time.Second {
		t.Errorf("the date is %v from now, %v", wait, err)
	}
}

func TestBodies(t *testing.T) {
	whole := call(t, emulatortest.Start(t, numbered(2), emulator.Options{}), search, "{}").body
	for _, tt := range []struct {
		rule        string
		status      int
		contentType string
		body        string
		err         error
	}{
		{"204", 204, "", "", nil},
		{"empty", 200, "application/json", "", nil},
		{"html", 200, "text/html; charset=utf-8", "<!doctype html><html><body><h1>OK</h1></body></html>", nil},
		{"html:502", 502, "text/html; charset=utf-8", "<!doctype html><html><body><h1>Bad Gateway</h1></body></html>", nil},
		{"type:text/plain", 200, "text/plain", string(whole), nil},
		{"half", 200, "application/json", string(whole[:len(whole)/2]), io.ErrUnexpectedEOF},
		{"half:chunked", 200, "application/json", string(whole[:len(whole)/2]), io.ErrUnexpectedEOF},
		{"half:silent", 200, "application/json", string(whole[:len(whole)/2]), nil},
		{"huge:5000", 200, "application/json", string(whole) + strings.Repeat(" ", 5000-len(whole)), nil},
		{"slow:1ns", 200, "application/json", string(whole), nil},
		{"slow-body:10ns", 200, "application/json", string(whole), nil},
	} {
		srv := emulatortest.Start(t, numbered(2), emulator.Options{})
		srv.Fail(t, tt.rule)
		reply, err := http.DefaultClient.Do(srv.Request(t, search, "{}"))
		if err != nil {
			t.Errorf("%s: %v", tt.rule, err)
			continue
		}
		body, err := io.ReadAll(reply.Body)
		reply.Body.Close()
		if reply.StatusCode != tt.status || reply.Header.Get("Content-Type") != tt.contentType || string(body) != tt.body || !errors.Is(err, tt.err) {
			t.Errorf("%s: HTTP %d %q, %v, %d bytes: %.200s", tt.rule, reply.StatusCode, reply.Header.Get("Content-Type"), err, len(body), body)
		}
	}
}

func TestReset(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	srv.Fail(t, "reset times=1")
	if _, err := http.DefaultClient.Do(srv.Request(t, search, "{}")); !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	if got := outcomes(t, srv, search); got != "." {
		t.Error("the connection is reset again")
	}
}

func TestSlow(t *testing.T) {
	for _, rule := range []string{"slow:3s", "slow-body:3s"} {
		synctest.Test(t, func(t *testing.T) {
			srv := emulatortest.StartInMemory(t, numbered(1), emulator.Options{})
			srv.Fail(t, rule)
			start := time.Now()
			reply, err := srv.Base.RoundTrip(srv.Request(t, search, "{}"))
			if err != nil {
				t.Fatal(err)
			}
			if header := time.Since(start); (header == 0) != (rule == "slow-body:3s") {
				t.Errorf("%s: the header came after %v", rule, header)
			}
			io.ReadAll(reply.Body)
			reply.Body.Close()
			if took := time.Since(start); took != 3*time.Second {
				t.Errorf("%s: it took %v", rule, took)
			}
		})
	}
}

func TestStuck(t *testing.T) {
	for _, rule := range []string{"stuck", "stuck:body"} {
		synctest.Test(t, func(t *testing.T) {
			srv := emulatortest.StartInMemory(t, numbered(1), emulator.Options{})
			srv.Fail(t, rule)
			client := http.Client{Transport: srv.Base, Timeout: time.Hour}
			reply, err := client.Do(srv.Request(t, search, "{}"))
			if rule == "stuck:body" && err == nil {
				_, err = io.ReadAll(reply.Body)
			}
			var timeout interface{ Timeout() bool }
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Errorf("%s: %v", rule, err)
			}
			synctest.Wait() // Otherwise the handler would still be there.
		})
	}
}

func TestTaken(t *testing.T) {
	for _, tt := range []struct {
		rule string
		done bool
	}{{"502", false}, {"502 taken", true}, {"reset", false}, {"reset taken", true}, {"html taken", true}, {"type:text/plain", true}, {"half", true}} {
		srv := emulatortest.Start(t, office(), emulator.Options{})
		srv.Fail(t, tt.rule+" on=AddUserRoles")
		if reply, err := http.DefaultClient.Do(srv.Request(t, addRoles, `{"loginId":"ada","roleNames":["Q"]}`)); err == nil {
			reply.Body.Close()
		}
		if done := srv.Store().Assignments()[emulator.Assignment{UserID: "ada", RoleName: "Q"}]; done != tt.done {
			t.Errorf("%s: done is %v", tt.rule, done)
		}
	}
}

func TestLag(t *testing.T) {
	for _, tt := range []struct {
		rule string
		new  bool
	}{{"lag:1h", false}, {"lag:1ns", true}} {
		srv := emulatortest.Start(t, office(), emulator.Options{})
		srv.Fail(t, tt.rule+" on=LoadUser,SearchUsers")
		for _, role := range []string{"Q", "P"} {
			if reply := call(t, srv, addRoles, `{"loginId":"ada","roleNames":["`+role+`"]}`); !strings.Contains(string(reply.body), `"roleNames":["P","Q"]`) {
				t.Errorf("%s: the reply to the change is %s", tt.rule, reply.body)
			}
		}
		for _, reply := range []response{call(t, srv, loadUser+"?userId=ada", ""), call(t, srv, search, "{}")} {
			if shown := strings.Contains(string(reply.body), `"roleNames":["P","Q"]`); shown != tt.new {
				t.Errorf("%s: %s", tt.rule, reply.body)
			}
		}
	}
}

func TestOtherUser(t *testing.T) {
	srv := emulatortest.Start(t, office(), emulator.Options{})
	srv.Fail(t, "other:bea on=AddUserRoles")
	reply := call(t, srv, addRoles, `{"loginId":"ada","roleNames":["Q"]}`)
	held := srv.Store().Assignments()
	if !strings.Contains(string(reply.body), `"userId":"bea"`) || !held[emulator.Assignment{UserID: "bea", RoleName: "Q"}] || held[emulator.Assignment{UserID: "ada", RoleName: "Q"}] {
		t.Errorf("%s, held: %v", reply.body, held)
	}
}

func TestSearches(t *testing.T) {
	for _, tt := range []struct{ rules, query, want string }{
		{"no-offset", `{"limit":2,"page":1,"offset":3}`, "u2 u3 of 5"},
		{"no-offset", `{"limit":2,"offset":2}`, "u0 u1 of 5"},
		{"same-page", `{"limit":2,"page":2,"offset":4}`, "u0 u1 of 5"},
		{"repeat", `{"limit":2,"page":1,"offset":2}`, "u0 u1 of 5"},
		{"repeat", `{"limit":2,"page":2}`, "u2 u3 of 5"},
		{"repeat", `{"limit":2}`, "u0 u1 of 5"},
		{"cap:3", `{"limit":4}`, "u0 u1 u2 of 5"},
		{"cap:3", `{"limit":2}`, "u0 u1 of 5"},
		{"cap:3", `{}`, "u0 u1 u2 of 5"},
		{"cap:2", `{"limit":4,"page":1}`, "u2 u3 of 5"},
		{"total:9", `{"limit":1}`, "u0 of 9"},
		{"total:+2", `{"limit":1}`, "u0 of 7"},
		{"total:-2", `{"limit":1}`, "u0 of 3"},
		{"total:none", `{"limit":1}`, "u0 of 0"},
		{"delete", `{"limit":2}`, "u1 u2 of 4"},
		{"delete:u1", `{"limit":2}`, "u0 u2 of 4"},
		{"delete:nobody", `{"limit":2}`, "u0 u1 of 5"},
		{"create", `{"limit":2,"offset":4,"sort":[{"field":"createdTime"}]}`, "u4 U2drift1 of 6"},
		{"create:first", `{"limit":2,"sort":[{"field":"createdTime"}]}`, "U2drift1 u0 of 6"},
		{"change:u1", `{"statuses":["disabled"]}`, "u1 of 1"},
		{"change", `{"statuses":["disabled"]}`, "u0 of 1"},
		{"delete|cap:1", `{"limit":2}`, "u1 of 4"},
		{"cap:1|total:none", `{"limit":2}`, "u0 of 0"},
	} {
		srv := emulatortest.Start(t, numbered(5), emulator.Options{})
		srv.Fail(t, strings.Split(tt.rules, "|")...)
		if got := call(t, srv, search, tt.query).users(t); got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.rules, tt.query, got, tt.want)
		}
	}
}

func TestNoTotal(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	srv.Fail(t, "total:none")
	if body := string(call(t, srv, search, "{}").body); strings.Contains(body, "total") || !strings.Contains(body, `"u0"`) {
		t.Error(body)
	}
}

func TestRepeatedDrift(t *testing.T) {
	srv := emulatortest.Start(t, numbered(3), emulator.Options{})
	srv.Fail(t, "create", "change:u1")
	for _, want := range []string{"u0 u1 u2 U2drift1 of 4", "u0 u1 u2 U2drift1 U2drift2 of 5"} {
		if got := call(t, srv, search, "{}").users(t); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if u, _ := srv.Store().User("u1"); u.Status != "enabled" {
		t.Errorf("changed twice, u1 is %s", u.Status)
	}
}

func TestInvalidSearch(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	srv.Fail(t, "cap:1", "total:1")
	if got := call(t, srv, search, `{"limit":`).short(); got != "400 E011003" {
		t.Error(got)
	}
}

// Without a connection to reset, the answer is abandoned.
func TestResetWithoutConnection(t *testing.T) {
	srv := emulator.New(numbered(1), emulator.Options{})
	parsed, err := fault.Parse("reset")
	if err != nil {
		t.Fatal(err)
	}
	fault.Inject(srv, parsed)
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the request was answered")
		}
	}()
	srv.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/mgmt/role/all", http.NoBody))
}
