package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// check runs `mapping check` and returns what it prints.
func check(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := newMappingCheckCommand()
	command.SetArgs(args)
	command.SetOut(&out)
	err := command.Execute()
	return out.String(), err
}

// mappingFile writes the frozen mapping, with replacements, to team.yaml, and its
// lock beside it.
func mappingFile(t *testing.T, replacements ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, frozen := range map[string]string{"team.yaml": "frozen.yaml", "team.lock.yaml": "frozen.lock.yaml"} {
		src, err := os.ReadFile(filepath.Join("../../mapping/testdata", frozen))
		if err != nil {
			t.Fatal(err)
		}
		if name == "team.yaml" {
			src = []byte(strings.NewReplacer(replacements...).Replace(string(src)))
		}
		if err := os.WriteFile(filepath.Join(dir, name), src, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "team.yaml")
}

func TestCheckBuiltInMapping(t *testing.T) {
	out, err := check(t, "--strict")
	if out != "descope.yaml: no mistakes, no warnings\n" || err != nil {
		t.Errorf("%s%v", out, err)
	}
}

func TestCheckShowsMistakesWithPositions(t *testing.T) {
	file := mappingFile(t, "operation: SearchUsers", "operation: SerchUsers", "email: email\n", "email: mail\n")
	out, err := check(t, file)
	want := strings.ReplaceAll(`FILE:23:18: the API has no operation "SerchUsers"; did you mean "SearchUsers"?
    23 |       operation: SerchUsers
       |                  ^

FILE:37:14: a user record (ResponseUser) has no field "mail"; did you mean "email"?
    37 |       email: mail
       |              ^

FILE: 2 mistakes
`, "FILE", file)
	if out != want || !errors.Is(err, errReported) {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, out, want)
	}
}

func TestCheckAsJSON(t *testing.T) {
	const warned = "      permissions: They follow from the roles.\n"
	for name, c := range map[string]struct {
		replaced []string
		want     string
	}{
		"a mistake": {
			[]string{"email: email\n", "email: mail\n"},
			`[{"line":37,"col":14,"severity":"error","what":"a user record (ResponseUser) has no field \"mail\"; did you mean \"email\"?","excerpt":"      email: mail"}]`,
		},
		"a warning": {
			[]string{warned, ""},
			`[{"line":19,"col":3,"severity":"warning","what":"each record of SearchUsers has the list permissions, which looks like access, but no rule reads it; add a rule, or a reason: ignored: {permissions: ...}","excerpt":"  user:"}]`,
		},
		"nothing": {nil, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			file := mappingFile(t, c.replaced...)
			out, _ := check(t, file, "--format", "json")
			var compact bytes.Buffer
			if err := json.Compact(&compact, []byte(out)); err != nil {
				t.Fatal(err)
			}
			if got, want := compact.String(), `{"file":"`+file+`","mistakes":`+c.want+`}`; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestStrictCheckFailsOnWarnings(t *testing.T) {
	file := mappingFile(t, "      permissions: They follow from the roles.\n", "")
	if out, err := check(t, file); err != nil || !strings.Contains(out, "team.yaml:19:3: warning: ") || !strings.HasSuffix(out, ": no mistakes, 1 warning\n") {
		t.Errorf("%v:\n%s", err, out)
	}
	if _, err := check(t, file, "--strict"); !errors.Is(err, errReported) {
		t.Errorf("strict: %v", err)
	}
}

// A mapping in place of the built-in one is compared with it, until it has its own
// lock.
func TestCheckComparesWithLock(t *testing.T) {
	file := mappingFile(t, "trait: group", "trait: app")
	lock := strings.TrimSuffix(file, ".yaml") + ".lock.yaml"
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	out, err := check(t, file)
	if err != nil || !strings.Contains(out, `59:12: warning: the trait of tenant changes from "group" to "app": what is set up for the one kind of resource does not apply any more (against the built-in mapping`) {
		t.Fatalf("%v:\n%s", err, out)
	}
	if out, err := check(t, file, "--write-lock", "--strict"); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if out, err := check(t, file, "--strict"); err != nil {
		t.Fatalf("with a lock of its own: %v:\n%s", err, out)
	}
	out, err = check(t, "../../mapping/descope.yaml", "--lock", lock)
	if err != nil || !strings.Contains(out, `warning: the trait of tenant changes from "app" to "group"`) || !strings.Contains(out, "(against "+lock+")") {
		t.Fatalf("with the lock of another: %v:\n%s", err, out)
	}
}

func TestUnrelatedMappingIsNotCompared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "areas.yaml")
	src := `{version: 1, connector: {display_name: X}, resource_types: {area: {display_name: Area, list: {operation: LoadAllPermissions, records: permissions}, id: name, name: name}}}`
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := check(t, file, "--strict"); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestCheckFails(t *testing.T) {
	file := mappingFile(t)
	lock := filepath.Join(t.TempDir(), "broken.lock.yaml")
	if err := os.WriteFile(lock, []byte("types: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"read a file that is not there": {[]string{"no-such-file.yaml"}, "open no-such-file.yaml"},
		"read a lock that is not there": {[]string{file, "--lock", "no-such.lock.yaml"}, "open no-such.lock.yaml"},
		"read a lock that is none":      {[]string{file, "--lock", lock}, "broken.lock.yaml: not a lock of a mapping"},
		"write the built-in lock":       {[]string{"--write-lock"}, "--write-lock needs a FILE"},
		"write XML":                     {[]string{"--format", "xml"}, `--format "xml" is neither text nor json`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := check(t, c.args...); err == nil || errors.Is(err, errReported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
