package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/fault"
)

var ready = regexp.MustCompile(`^descope-emulator: listening on (http://127\.0\.0\.1:\d+) \(project (P\w+)\)\n$`)

// start runs the command until the test ends or stop is called, which returns what
// the command returned.
func start(t *testing.T, args ...string) (url, project string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"--addr", "127.0.0.1:0"}, args...), in, io.Discard)
		in.CloseWithError(err)
		done <- err
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	match := ready.FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("the first line is %q", line)
	}
	t.Cleanup(cancel)
	return match[1], match[2], func() error { cancel(); return <-done }
}

func get(t *testing.T, url, bearer string) (status int, body string) {
	t.Helper()
	return send(t, http.MethodGet, url, bearer, "")
}

func send(t *testing.T, method, url, bearer, body string) (status int, reply string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}

func TestServesTheDemoProject(t *testing.T) {
	url, project, stop := start(t)
	if project != emulator.DefaultProjectID {
		t.Errorf("project %s", project)
	}
	status, body := get(t, url+"/v1/mgmt/tenant/all", project+":"+emulator.DefaultManagementKey)
	if status != http.StatusOK || !strings.Contains(body, "Acme Robotics") {
		t.Errorf("HTTP %d %s", status, body)
	}
	if _, body := get(t, url+emulator.StatePath, ""); !strings.Contains(body, "U2demoAmaraOkafor") {
		t.Errorf("state %s", body)
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestServesAGeneratedProject(t *testing.T) {
	url, project, _ := start(t, "--users", "5", "--roles", "3", "--project-id", "Pmine", "--management-key", "k")
	status, body := get(t, url+"/v1/mgmt/role/all", "Pmine:k")
	if status != http.StatusOK || strings.Count(body, `"name"`) != 3 || project != "Pmine" {
		t.Errorf("HTTP %d %s", status, body)
	}
}

func TestWhatIsNotDocumentedCanBeChosen(t *testing.T) {
	post := func(url, path, body string) string {
		_, reply := send(t, http.MethodPost, url+path, emulator.DefaultProjectID+":"+emulator.DefaultManagementKey, body)
		return reply
	}
	for args, want := range map[string][2]string{
		"":                                    {`"errorCode":"E062107"`, ""},
		"--taken E011004":                     {`"errorCode":"E011004"`, ""},
		"--taken not-created --second-layout": {`"created":false`, "{}"},
	} {
		url, _, _ := start(t, strings.Fields(args)...)
		post(url, "/v1/mgmt/user/create", `{"loginId":"ann"}`)
		if got := post(url, "/v1/mgmt/user/create", `{"loginId":"ann"}`); !strings.Contains(got, want[0]) {
			t.Errorf("%q: %s", args, got)
		}
		if got := post(url, "/v1/mgmt/user/delete", `{"loginId":"ann"}`); got != want[1] {
			t.Errorf("%q: a reply without content is %q", args, got)
		}
	}
}

func TestJournalHasNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	url, project, stop := start(t, "--journal", path)
	get(t, url+"/v1/mgmt/user?userId=x", project+":"+emulator.DefaultManagementKey)
	get(t, url+"/v1/mgmt/role/all", "wrong")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	lines, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(lines, []byte("\n")) != 2 || !bytes.Contains(lines, []byte(`"operation":"LoadUser","method":"GET","path":"/v1/mgmt/user","query":"userId=x"`)) {
		t.Errorf("journal: %s", lines)
	}
	if bytes.Contains(lines, []byte(emulator.DefaultManagementKey)) || bytes.Contains(lines, []byte("Authorization")) {
		t.Errorf("the journal holds the key: %s", lines)
	}
}

func TestRefusedFlags(t *testing.T) {
	for args, want := range map[string]string{
		"--addr 0.0.0.0:0":      "not a loopback address",
		"--addr :0":             "not a loopback address",
		"--addr 192.0.2.1:8484": "not a loopback address",
		"--addr nonsense":       "--addr nonsense",
		"--users -1":            "--users must not be negative",
		"--latency -1s":         "--latency must not be negative",
		"serve":                 `unexpected argument "serve"`,
		"--journal /no/such/x":  "--journal",
	} {
		err := run(t.Context(), strings.Fields(args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
	if err := run(t.Context(), []string{"--nonsense"}, io.Discard, io.Discard); !errors.Is(err, errUsage) {
		t.Error(err)
	}
}

func TestFaultsOnRequest(t *testing.T) {
	url, project, _ := start(t, "--fault", "503 call=2", "--fault", "401 on=LoadAllRoles")
	bearer := project + ":" + emulator.DefaultManagementKey
	var got []int
	for _, path := range []string{"/v1/mgmt/tenant/all", "/v1/mgmt/tenant/all", "/v1/mgmt/tenant/all", "/v1/mgmt/role/all"} {
		status, _ := get(t, url+path, bearer)
		got = append(got, status)
	}
	if !slices.Equal(got, []int{200, 503, 200, 401}) {
		t.Errorf("answers: %v", got)
	}
}

func TestInvalidFaultListsTheValidForms(t *testing.T) {
	for rule, want := range map[string]string{
		"503 on=Search": `--fault "503 on=Search": "on=Search": unknown operation "Search"; the operations are AddUserRoles, `,
		"slow":          `--fault "slow": "slow": a duration is written as in 300ms or 2s; it has the form slow:TIME`,
		"crash":         `--fault "crash": unknown kind "crash"; the kinds are STATUS[:RETRY], `,
	} {
		err := run(t.Context(), []string{"--fault", rule}, io.Discard, io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", rule, err, want)
		}
	}
}

func TestHelpSaysWhatItIs(t *testing.T) {
	var help strings.Builder
	if err := run(t.Context(), []string{"--help"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	if !strings.Contains(help.String(), "a development tool, not Descope") {
		t.Error(help.String())
	}
	// Each example of a fault is one that works.
	examples := regexp.MustCompile(`--fault '([^']*=[^']*)'  `).FindAllStringSubmatch(help.String(), -1)
	if len(examples) < 4 {
		t.Errorf("there are %d examples of faults", len(examples))
	}
	for _, example := range examples {
		if _, err := fault.Parse(example[1]); err != nil {
			t.Error(err)
		}
	}
}
