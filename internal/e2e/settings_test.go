package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// withConfig runs baton-descope in a folder with a .baton.yaml, with credentials in
// the environment.
func withConfig(t *testing.T, d *emulatortest.Running, config string, env []string, args ...string) ended {
	t.Helper()
	dir := t.TempDir()
	if config != "" {
		write(t, filepath.Join(dir, ".baton.yaml"), config)
	}
	return runWithCredentials(t, d, dir, env, args...)
}

func runWithCredentials(t *testing.T, d *emulatortest.Running, dir string, env []string, args ...string) ended {
	t.Helper()
	e := runIn(t, dir, append([]string{"BATON_MANAGEMENT_KEY=" + key, "BATON_PROJECT_ID=" + d.ProjectID(), "BATON_BASE_URL=" + d.URL}, env...), "baton-descope", args...)
	hidden(t, "the output", []byte(e.all))
	return e
}

// refused fails the test unless a run ended with this error, before any request.
func refused(t *testing.T, d *emulatortest.Running, e ended, says string) {
	t.Helper()
	if e.code != 2 {
		t.Errorf("exit code %d", e.code)
	}
	e.contains(t, "baton-descope: ", says)
	if n := len(d.Requests()); n > 0 {
		t.Errorf("there were %d requests", n)
	}
}

// An invalid configuration file ends the run, and the error has the position.
func TestBrokenConfigFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ config, says string }{
		"a tab":                     {"mapping: x\n\tworkers: 4\n", ".baton.yaml:2: found a tab character"},
		"an open quote":             {"mapping: 'x\n", ".baton.yaml:2: found unexpected end of stream"},
		"a star":                    {"workers: 4\nmanagement-key: *" + key + "\n", ".baton.yaml:2: a value that starts with * has to be in quotes"},
		"binary":                    {"workers: 4\n\x00\x01\x02", ".baton.yaml:2: control characters are not allowed"},
		"not UTF-8":                 {"workers: 4\nmapping: \xff\n", ".baton.yaml:2: "},
		"a list":                    {"- workers: 4\n", `.baton.yaml:1: each line has to be "NAME: VALUE"`},
		"the key alone":             {key + "\n", `.baton.yaml:1: each line has to be "NAME: VALUE"`},
		"two documents":             {"workers: 4\n---\nmapping: x\n", ".baton.yaml:2: a second document begins"},
		"a key twice":               {"workers: 4\nworkers: 5\n", `.baton.yaml:2: the setting "workers" is there already, in line 1`},
		"a key in two cases":        {"workers: 4\nWorkers: 5\n", `.baton.yaml:2: the setting "workers" is there already, in line 1`},
		"an unknown key":            {"# ours\nmaping: x\n", `.baton.yaml:2: there is no setting "maping"; did you mean "mapping"?`},
		"underlines":                {"project_id: P2\n", `.baton.yaml:1: there is no setting "project_id"; did you mean "project-id"?`},
		"a variable":                {"BATON_WORKERS: 4\n", `did you mean "workers"?`},
		"a flag of help":            {"version: true\n", `.baton.yaml:1: there is no setting "version"`},
		"a secret as a key":         {key + ": x\n", ".baton.yaml:1: there is no setting \"…\""},
		"a text for a number":       {"workers: four\n", `.baton.yaml:1: workers: "four" is not a whole number`},
		"a part of a number":        {"workers: 1.5\n", `.baton.yaml:1: workers: "1.5" is not a whole number`},
		"a text for a switch":       {"provisioning: yes\n", `.baton.yaml:1: provisioning: "yes" is neither true nor false`},
		"a list for a text":         {"mapping:\n  - x\n", ".baton.yaml:2: mapping takes one value, and not a list"},
		"a list for a key":          {"management-key: [" + key + "]\n", ".baton.yaml:1: management-key takes one value, and not a list"},
		"names for a text":          {"mapping: {a: b}\n", ".baton.yaml:1: mapping takes one value, and not names and values"},
		"nothing":                   {"mapping:\n", ".baton.yaml:1: mapping has no value"},
		"a number for a text":       {"project-id: 0123\n", ".baton.yaml:1: project-id has a value that is read as a number or a time: put it in quotes"},
		"a time for a text":         {"log-level-debug-expires-at: 2026-01-01\n", "put it in quotes"},
		"names in a list":           {"sync-resource-types: [user, {a: b}]\n", ".baton.yaml:1: sync-resource-types takes a list of texts"},
		"a quote in a list":         {`sync-resource-types: 'a"b'` + "\n", ".baton.yaml:1: sync-resource-types: this is not a list"},
		"a level that there is not": {"log-level: inof\n", `.baton.yaml:1: log-level: "inof" is not one of debug, info, warn, error; did you mean "info"?`},
		"too few workers":           {"workers: -7\n", ".baton.yaml:1: workers: -7 "},
		"too long":                  {strings.Repeat("#\n", 1<<20), "the configuration file .baton.yaml has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			refused(t, d, withConfig(t, d, test.config, nil), test.says)
		})
	}
}

// A named file that is missing or cannot be read ends the run too.
func TestConfigFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make  func(t *testing.T, dir string)
		named string
		says  string
	}{
		"missing":             {nil, "no.yaml", "BATON_CONFIG_PATH: stat no.yaml"},
		"in a missing folder": {nil, filepath.Join("no", "b.yaml"), "BATON_CONFIG_PATH: stat "},
		"with a variable":     {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "b.yaml"), "") }, "${NO}b.yaml", "BATON_CONFIG_PATH: stat ${NO}b.yaml"},
		"of another kind":     {nil, "b.json", "BATON_CONFIG_PATH: b.json has to end in .yaml or .yml"},
		"in the root":         {nil, string(filepath.Separator) + "b.yaml", "is in the root folder, where no configuration file is read"},
		"a folder": {func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, ".baton.yaml"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "", "the configuration file .baton.yaml is not a regular file"},
		"a link to nowhere": {func(t *testing.T, dir string) {
			if err := os.Symlink("nowhere", filepath.Join(dir, ".baton.yaml")); err != nil {
				t.Skip(err)
			}
		}, "", "stat .baton.yaml"},
		"unreadable": {func(t *testing.T, dir string) {
			if runtime.GOOS == "windows" || os.Geteuid() == 0 {
				t.Skip("everything is readable")
			}
			write(t, filepath.Join(dir, ".baton.yaml"), "workers: 4\n")
			if err := os.Chmod(filepath.Join(dir, ".baton.yaml"), 0); err != nil {
				t.Fatal(err)
			}
		}, "", "the configuration file cannot be read"},
		"one of two": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, ".baton.yaml"), "workers: 4\n")
			write(t, filepath.Join(dir, ".baton.json"), "{}")
		}, "", ".baton.json would be read in place of .baton.yaml: remove or rename one"},
		"one of two that is named": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "b.yaml"), "workers: 4\n")
			write(t, filepath.Join(dir, "b.yml"), "workers: 5\n")
		}, "b.yml", "b.yaml would be read in place of b.yml: remove or rename one"},
		"with a name of its own": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, ".baton.yml"), "worker: 4\n") }, "", ".baton.yml:1: there is no setting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if test.make != nil {
				test.make(t, dir)
			}
			d := descope(t, emulator.Demo())
			refused(t, d, runWithCredentials(t, d, dir, []string{"BATON_CONFIG_PATH=" + test.named}), test.says)
		})
	}
}

// Invalid values in the environment and on the command line end the run as well.
func TestValuesOfTheWrongKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ env, arg, says string }{
		{"BATON_WORKERS=four", "", `BATON_WORKERS: "four" is not a whole number`},
		{"BATON_WORKERS=-7", "", "BATON_WORKERS: -7 "},
		{"BATON_PROVISIONING=on", "", `BATON_PROVISIONING: "on" is neither true nor false`},
		{"BATON_PROVISIONING=" + key, "", `BATON_PROVISIONING: "…" is neither true nor false`},
		{"BATON_LOG_LEVEL=" + key, "", `BATON_LOG_LEVEL: "…" is not one of `},
		{"BATON_INCLUDE_TEST_USERS=2", "", `BATON_INCLUDE_TEST_USERS: "2" is neither true nor false`},
		{"BATON_SYNC_RESOURCE_TYPES=a\"b", "", "BATON_SYNC_RESOURCE_TYPES: this is not a list"},
		{"BATON_HTTP_TIMEOUT_SECONDS=1m", "", `BATON_HTTP_TIMEOUT_SECONDS: "1m" is not a whole number`},
		{"BATON_LOG_LEVEL=loud", "", `BATON_LOG_LEVEL: "loud" is not one of debug, info, warn, error`},
		{"BATON_LOG_FORMAT=jsn", "", `BATON_LOG_FORMAT: "jsn" is not one of console, json; did you mean "json"?`},
		{"BATON_HEALTH_CHECK_PORT=tcp://10.0.0.1:80", "", "BATON_HEALTH_CHECK_PORT: "},
		{"", "--log-level=wran", `--log-level: "wran" is not one of debug, info, warn, error; did you mean "warn"?`},
		{"", "--log-format=text", `--log-format: "text" is not one of console, json`},
		{"", "--storage-engine=peble", `--storage-engine: "peble" is not one of pebble, sqlite; did you mean "pebble"?`},
		{"", "--http-timeout-seconds=0", "--http-timeout-seconds: 0 is not from 1 to 1800"},
		{"", "--http-timeout-seconds=1801", "--http-timeout-seconds: 1801 is not from 1 to 1800"},
		{"", "--task-concurrency=0", "--task-concurrency: 0 is not from 1 to 100"},
		{"", "--workers=-7", "--workers: -7 "},
	} {
		t.Run(test.env+test.arg, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			var env, args []string
			if test.env != "" {
				env = []string{test.env}
			}
			if test.arg != "" {
				args = []string{test.arg}
			}
			refused(t, d, withConfig(t, d, "", env, args...), test.says)
			// Service mode is the SDK's, and accepts no other settings.
			refused(t, d, withConfig(t, d, "", append(env, "BATON_CLIENT_ID=a@b/c", "BATON_CLIENT_SECRET=s"), args...), test.says)
		})
	}
}

// A valid configuration file is read: with a byte order mark, in quotes, as a list, from
// JSON, and under another name.
func TestConfigFileIsRead(t *testing.T) {
	t.Parallel()
	const config = "\ufeff# ours\nWorkers: 2\ninclude-test-users: \"true\"\nsync-resource-types: [user]\nlog-level: debug\nmapping: ''\n"
	for name, file := range map[string]struct{ path, config string }{
		"usual": {".baton.yaml", config}, "short": {".baton.yml", config}, "named": {"team.yaml", config},
		"JSON": {".baton.json", `{"sync-resource-types": "user", "workers": "2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			dir := t.TempDir()
			write(t, filepath.Join(dir, file.path), file.config)
			write(t, filepath.Join(dir, strings.TrimSuffix(file.path, filepath.Ext(file.path))), "a program, perhaps")
			var env []string
			if name == "named" {
				env = []string{"FOLDER=" + dir, "BATON_CONFIG_PATH=" + filepath.Join("$FOLDER", file.path)}
			}
			if e := runWithCredentials(t, d, dir, env, "-f", "sync.c1z"); e.code != 0 {
				t.Fatalf("exit code %d\n%s", e.code, e.all)
			}
			for id := range read(t, filepath.Join(dir, "sync.c1z")).resources {
				if !strings.HasPrefix(id, "user:") {
					t.Errorf("%s was synced", id)
				}
			}
		})
	}
}

// Commands that read no settings, such as help, work with an invalid file.
func TestCommandsWithoutSettings(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	for _, args := range []string{"--help", "mapping check", "capabilities", "config", "help mapping", "completion bash"} {
		if e := withConfig(t, d, "maping: x\n", []string{"BATON_WORKERS=four"}, strings.Fields(args)...); e.code != 0 {
			t.Errorf("%s: exit code %d\n%s", args, e.code, e.all)
		}
	}
	refused(t, d, withConfig(t, d, "health-check-prot: 1\n", nil, "health-check"), `.baton.yaml:1: there is no setting "health-check-prot"; did you mean "health-check-port"?`)
}

// Unknown commands and flags end a run, and the error names the nearest.
func TestUnknownWords(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"capabilites":                  `baton-descope has no command "capabilites"; did you mean "capabilities"?`,
		"anything":                     `baton-descope has no command "anything"; see baton-descope --help`,
		"mapping chek":                 `baton-descope mapping has no command "chek"; did you mean "check"?`,
		"mapping --workers 3 tset":     `baton-descope mapping has no command "tset"; did you mean "test"?`,
		"completion bsh":               `baton-descope completion has no command "bsh"; did you mean "bash"?`,
		"help mapping exlain":          `baton-descope mapping has no command "exlain"; did you mean "explain"?`,
		"help confg":                   `baton-descope has no command "confg"; did you mean "config"?`,
		"config mapping":               `baton-descope config takes no arguments: there is "mapping"`,
		"capabilities user":            `baton-descope capabilities takes no arguments: there is "user"`,
		"--projekt-id P2abc":           "unknown flag: --projekt-id; did you mean --project-id?",
		"--projekt-id=P2abc x":         "unknown flag: --projekt-id; did you mean --project-id?",
		"-worker 4":                    "unknown shorthand flag: 'w' in -worker; did you mean --workers?",
		"-workers 4":                   "unknown flag: -workers; did you mean --workers?",
		"-file x.c1z":                  "unknown flag: -file; did you mean --file?",
		"mapping check -strict x":      "unknown flag: -strict; did you mean --strict?",
		"mapping explain --formt json": "unknown flag: --formt; did you mean --format?",
		"--provisioning true":          `"true" is not a command: the value of a switch is written after =, as in --provisioning=true`,
		"--workers four":               `invalid argument "four" for "--workers" flag`,
		key:                            "baton-descope has no command \"…\"",
		"-- mapping":                   `baton-descope has no command "mapping"`,
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			refused(t, d, withConfig(t, d, "", nil, strings.Fields(line)...), says)
		})
	}
}

// A request for anything but a sync is carried out or refused: it never becomes a full sync.
func TestRefusedModes(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"--event-feed x":                                               "--event-feed: this connector has no feeds of events",
		"--event-feed-id x":                                            "--event-feed-id: this connector has no feeds of events",
		"--skip-full-sync":                                             "--skip-full-sync is for service mode, which --client-id turns on",
		"--delete-resource-type user":                                  "--delete-resource-type is for --delete-resource, which is not given",
		"--delete-resource U1":                                         "a deletion needs --provisioning",
		"--invoke-action-resource-type user":                           "--invoke-action-resource-type is for --invoke-action, which is not given",
		"--list-action-schemas-resource-type user":                     "--list-action-schemas-resource-type is for --list-action-schemas, which is not given",
		"--invoke-action x --revoke-grant y":                           "--revoke-grant and --invoke-action ask for two different runs",
		"--grant-entitlement x --revoke-grant y --list-action-schemas": "--grant-entitlement and --list-action-schemas ask for two different runs",
		"--delete-resource U1 -p --client-id a@b/c --client-secret s":  "--delete-resource and --client-id ask for two different runs",
		"--rotate-credentials U1 -p":                                   "--rotate-credentials: this connector changes no credentials",
		"--list-resource-actions user":                                 "--list-resource-actions: the SDK does nothing with it: use --list-action-schemas",
		"--invoke-resource-action x":                                   "--invoke-resource-action: the SDK does nothing with it",
		"--list-ticket-schemas":                                        "--list-ticket-schemas: this connector has no tickets",
		"--ticketing":                                                  "--ticketing: this connector has no tickets",
		"--skip-grants":                                                "--skip-grants is for --sync-resources, which is not given",
		"--external-resource-traits app":                               "--external-resource-traits is for --external-resource-c1z, which is not given",
		"--grant-principal-type user":                                  "--grant-principal-type is for --grant-entitlement",
		"--revoke-grant x --client-id a@b/c --client-secret s":         "--revoke-grant and --client-id ask for two different runs",
		"--revoke-grant x --sync-resources bid:r:user/U1":              "--revoke-grant and --sync-resources ask for two different runs",
		"--create-account-resource-type user":                          "--create-account-resource-type is for --create-account-profile, which is not given",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			refused(t, d, withConfig(t, d, "", nil, strings.Fields(line)...), says)
		})
	}
	d := descope(t, emulator.Demo())
	refused(t, d, withConfig(t, d, "skip-full-sync: true\n", nil), "--skip-full-sync is for service mode")
	refused(t, d, withConfig(t, d, "", []string{"BATON_EVENT_FEED=x"}), "--event-feed: this connector has no feeds of events")
}
