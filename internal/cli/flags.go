package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/descope/config"
)

// flagGroup is a group of flags under one title in --help and the man page.
type flagGroup struct {
	title string
	flags []flagHelp
}

// flagHelp is the help of a flag. Most flags are the SDK's, whose own help is generic.
type flagHelp struct {
	name  string
	value string // placeholder of its value; "" for a switch
	about string
	// usual is the effective default; "" for the default of the flag itself.
	usual string
}

var flagGroups = []flagGroup{
	{"Descope", slices.Concat([]flagHelp{
		{"project-id", "ID", "ID of the project, from Project in the Descope console (required)", ""},
		{"management-key", "KEY", "Management key with access to the project, from Company, Management Keys (required)", ""},
		{"base-url", "URL", "Base URL of the Descope API", "by the region in the project ID, else https://api.descope.com"},
	}, switchHelp(), []flagHelp{
		{"mapping", "FILE", "Mapping to use in place of the built-in one", ""},
		{"http-timeout-seconds", "N", "Seconds that one request may take, at most 60", "60"},
		{"insecure", "", "Allow a base URL without TLS outside this machine", ""},
	})},
	{"Output", []flagHelp{
		{"file", "FILE", "c1z file to write, and to read when provisioning", ""},
		{"sync-resource-types", "TYPES", "Only these types, as in user,role", ""},
		{"sync-resources", "IDS", "Only these resources, as in bid:r:user/U2abc, without entitlements and grants; not into a file that holds a complete sync", ""},
		{"skip-entitlements-and-grants", "", "Only the resources, not who holds what", ""},
		{"workers", "N", "How many pages to ask for at once; -1 is for as many as there are cores", "4"},
		{"storage-engine", "ENGINE", "Format of a new file: pebble or sqlite", "pebble"},
		{"c1z-temp-dir", "DIR", "Where to put temporary files", "$BATON_TMPDIR, else the system's folder"},
	}},
	{"Provisioning", []flagHelp{
		{"provisioning", "", "Allow grants, revocations, new accounts and deletions", ""},
		{"grant-entitlement", "ID", "Grant this entitlement, as in role:Editor:assigned", ""},
		{"grant-principal", "ID", "Who is to have it, as in U2abc", ""},
		{"grant-principal-type", "TYPE", "What that is: user", ""},
		{"revoke-grant", "ID", "Revoke this grant, as in role:Editor:assigned:user:U2abc", ""},
		{"create-account-profile", "JSON", `Create this account, as in '{"email": "ann@example.com", "tenant": "T2acme"}'`, ""},
		{"create-account-login", "LOGIN", "Its login, where the profile has none", ""},
		{"create-account-email", "ADDRESS", "Its e-mail address, where the profile has none", ""},
		{"create-account-resource-type", "TYPE", "What the account is: user", ""},
		{"show-password", "", "Create the account with a random password, and write it to stdout", ""},
		{"delete-resource", "ID", "Delete this resource, as in U2abc", ""},
		{"delete-resource-type", "TYPE", "What that is", "the only type that can be deleted"},
	}},
	{"Actions", []flagHelp{
		{"list-action-schemas", "", "Show as JSON what can be invoked, with what arguments", ""},
		{"list-action-schemas-resource-type", "TYPE", "Only the actions of this type", ""},
		{"invoke-action", "NAME", "Invoke this action, as in disable_user; needs no --provisioning", ""},
		{"invoke-action-args", "JSON", "Its arguments, as in '{\"user_id\": \"U2abc\"}'", ""},
		{"invoke-action-resource-type", "TYPE", "The type that has the action, where several have one of that name", ""},
	}},
	{"Service mode: sync and provision whenever ConductorOne asks", []flagHelp{
		{"client-id", "ID", "Client ID of the connector in ConductorOne; turns service mode on", ""},
		{"client-secret", "SECRET", "Client secret of the connector in ConductorOne", ""},
		{"skip-full-sync", "", "Do not sync, only provision", ""},
		{"task-concurrency", "N", "How many tasks to do at once", ""},
		{"health-check", "", "Answer /live, /ready and /health over HTTP", ""},
		{"health-check-port", "PORT", "Port of the health check", ""},
		{"health-check-bind-address", "ADDRESS", "Address of the health check; 0.0.0.0 is for all", ""},
	}},
	{"Diagnostics", []flagHelp{
		{"log-level", "LEVEL", "debug, info, warn or error", ""},
		{"log-format", "FORMAT", "json or console", "console in a terminal, else json"},
		{"log-path", "FILES", "Write the log there and not to stderr", ""},
		{"record", "DIR", "Empty or new folder to write the API's replies to, without anybody's data, for mapping explain --replies", ""},
		{"otel-collector-endpoint", "URL", "OpenTelemetry collector to send traces and the log to", ""},
		{helpName, "", "Show this help", ""},
		{"version", "", "Show the version", ""},
	}},
}

// switchHelp is the help of the connector's own switches, in order.
func switchHelp() []flagHelp {
	var all []flagHelp
	switches := descope.Switches(&generated.Descope{})
	for _, field := range config.Schema.Fields {
		if _, ok := switches[field.FieldName]; ok {
			all = append(all, flagHelp{name: field.FieldName, about: field.Description})
		}
	}
	return all
}

// unusedFlags are flags of the SDK without effect here, or deprecated.
var unusedFlags = []string{
	"auth-method", "external-resource-c1z", "external-resource-entitlement-id-filter", "external-resource-traits",
	"keep-previous-sync-c1z", "log-level-debug-expires-at", "parallel-sync", "ticketing",
}

// describeFlags sets the help of the root command's flags, and hides unused ones.
func describeFlags(root *cobra.Command) {
	root.InitDefaultHelpFlag()
	root.InitDefaultVersionFlag()
	for _, group := range flagGroups {
		for _, about := range group.flags {
			if flag := flagOf(root, about.name); flag != nil {
				flag.Usage, flag.Hidden = about.about, false
			}
		}
	}
	for _, name := range unusedFlags {
		if flag := flagOf(root, name); flag != nil {
			flag.Hidden = true
		}
	}
}

// flagOf returns a flag of a command, its parents' included, or nil.
func flagOf(command *cobra.Command, name string) *pflag.Flag {
	if flag := command.Flags().Lookup(name); flag != nil {
		return flag
	}
	if flag := command.PersistentFlags().Lookup(name); flag != nil {
		return flag
	}
	return command.InheritedFlags().Lookup(name)
}

// writeFlagGroups writes the flags of the root command, in groups.
func writeFlagGroups(w io.Writer, root *cobra.Command) {
	for _, group := range flagGroups {
		fmt.Fprintf(w, "\n%s\n", group.title)
		for _, about := range group.flags {
			if flag := flagOf(root, about.name); flag != nil {
				writeColumns(w, about.names(flag), about.text(flag))
			}
		}
	}
}

// names formats a flag: "-f, --file FILE".
func (h flagHelp) names(flag *pflag.Flag) string {
	names := "    --" + h.name
	if flag.Shorthand != "" {
		names = "-" + flag.Shorthand + ", --" + h.name
	}
	return strings.TrimRight(names+" "+h.value, " ")
}

// text returns the help of a flag with its default.
func (h flagHelp) text(flag *pflag.Flag) string {
	usual := h.usual
	if usual == "" {
		switch flag.DefValue {
		case "", "0", "false", "[]":
			return h.about
		}
		usual = flag.DefValue
	}
	return fmt.Sprintf("%s (default: %s)", h.about, usual)
}

const (
	leftWidth  = 36 // what writeColumns leaves for the names of a flag
	totalWidth = 100
)

// writeColumns writes names on the left and a text, in lines, on the right.
func writeColumns(w io.Writer, left, text string) {
	line := fmt.Sprintf("  %-*s", leftWidth-2, left)
	if len(left) > leftWidth-4 {
		fmt.Fprintln(w, "  "+left)
		line = strings.Repeat(" ", leftWidth)
	}
	start := len(line)
	for _, word := range strings.Fields(text) {
		if len(line)+len(word) > totalWidth && len(line) > start {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			line = strings.Repeat(" ", start)
		}
		line += word + " "
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}
