package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope/config"
)

const (
	short = "Sync and provision a Descope project"
	long  = `Reads the users, tenants, roles and permissions of a Descope project, and who holds
what, into a c1z file or into ConductorOne. Grants and revokes access in the project,
and creates, changes and deletes users.`

	rootExamples = `  # Sync into a file. The key is safer in the environment than in a flag.
  export BATON_PROJECT_ID=P2... BATON_MANAGEMENT_KEY=K2...
  baton-descope -f descope.c1z

  # Grant a role to a user of that file, and revoke it after the next sync.
  baton-descope -f descope.c1z -p --grant-entitlement role:Editor:assigned \
      --grant-principal U2abc --grant-principal-type user
  baton-descope -f descope.c1z -p --revoke-grant role:Editor:assigned:user:U2abc

  # Stay, and do what ConductorOne asks for.
  export BATON_CLIENT_ID=... BATON_CLIENT_SECRET=...
  baton-descope -p

  # Say in words what is read, granted and sent.
  baton-descope mapping explain`

	environmentNote = `Flags come before the environment, where --project-id is BATON_PROJECT_ID and so on, and the
environment before .baton.yaml in the working directory or the file that BATON_CONFIG_PATH names,
where it is "project-id: ...".`
)

// commandGroups are the groups of commands in the help, with their help texts.
var commandGroups = []struct {
	title    string
	commands map[string]string
}{
	{"Mappings", map[string]string{"mapping": "Check, explain and test a mapping"}},
	{"About the connector", map[string]string{
		"capabilities": "Show as JSON what can be synced and provisioned",
		"config":       "Show as JSON what can be configured",
	}},
	{"Tools", map[string]string{
		"completion":   "Write a completion script for bash, zsh, fish or PowerShell",
		"health-check": "Check the health of a connector in service mode on this machine",
		helpName:       "Show the help of a command",
	}},
}

// describe sets the help of the command line in place of the SDK's generic one. It is
// called after all commands are added.
func describe(root *cobra.Command) {
	root.Short, root.Long, root.Example = short, long, rootExamples
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, group := range commandGroups {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title})
		for _, command := range root.Commands() {
			if about, ok := group.commands[command.Name()]; ok {
				command.Short, command.GroupID = about, group.title
			}
		}
	}
	describeFlags(root)
	describeHealthCheck(root)
	addCompletions(root)
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	rejectUnknown(root)
}

func describeHealthCheck(root *cobra.Command) {
	command, _, err := root.Find([]string{"health-check"})
	if err != nil {
		return // The SDK has no such command any more.
	}
	command.Long = `Asks a connector that runs in service mode with --health-check on this machine how it is, and
ends with 0 when it is well: "live" says that the process is there, "ready" that it can be given
tasks, "health" that Descope accepts the key, for which it makes four requests. None of them
answers before ConductorOne has accepted the connector.`
	command.Example = `  baton-descope health-check --endpoint ready
  baton-descope health-check --endpoint live --health-check-port 9090`
}

// addCompletions adds shell completions for flags that take few values or files.
func addCompletions(root *cobra.Command) {
	for flag, values := range map[string][]string{
		"log-format":           words["log-format"],
		"log-level":            words["log-level"],
		"storage-engine":       words["storage-engine"],
		"grant-principal-type": {"user"},
	} {
		must(root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	must(root.MarkPersistentFlagFilename("file", "c1z"))
	must(root.MarkFlagFilename(config.Mapping.FieldName, "yaml", "yml"))
	must(root.MarkFlagDirname(config.Record.FieldName))
	must(root.MarkPersistentFlagDirname("c1z-temp-dir"))
}

// must panics on an error that only a missing flag can cause: tests would show it.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// usage writes the usage of a command.
func usage(command *cobra.Command) error {
	var b strings.Builder
	writeUsageLines(&b, command)
	if command.HasExample() {
		fmt.Fprintf(&b, "\nExamples\n%s\n", command.Example)
	}
	writeCommands(&b, command)
	if command.HasParent() {
		writeFlags(&b, command)
	} else {
		writeFlagGroups(&b, command)
		fmt.Fprintf(&b, "\n%s\n", environmentNote)
	}
	if command.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\nMore about a command: %s COMMAND --help\n", command.CommandPath())
	}
	_, err := io.WriteString(command.OutOrStderr(), b.String())
	return err
}

func writeUsageLines(w io.Writer, command *cobra.Command) {
	fmt.Fprintln(w, "Usage")
	if command.Runnable() {
		fmt.Fprintf(w, "  %s\n", command.UseLine())
	}
	if command.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND\n", command.CommandPath())
	}
}

// isShown reports whether the help lists a command.
func isShown(c *cobra.Command) bool { return c.IsAvailableCommand() || c.Name() == helpName }

// helpName is the name of the command and the flag for help.
const helpName = "help"

// writeCommands writes the commands under a command, in their groups.
func writeCommands(w io.Writer, command *cobra.Command) {
	titles := []string{""}
	for _, group := range command.Groups() {
		titles = append(titles, group.ID)
	}
	for _, title := range titles {
		first := true
		for _, sub := range command.Commands() {
			if sub.GroupID != title || !isShown(sub) {
				continue
			}
			if first {
				fmt.Fprintf(w, "\n%s\n", orElse(title, "Commands"))
				first = false
			}
			writeColumns(w, sub.Name(), sub.Short)
		}
	}
}

// inheritedFlags are the flags of the root command that affect others.
var inheritedFlags = map[string][]string{"health-check": {"health-check-port", "health-check-bind-address"}}

// writeFlags writes the flags of a command that is not the root. The root's, all of
// which it inherits, are about syncing.
func writeFlags(w io.Writer, command *cobra.Command) {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.AddFlagSet(command.LocalFlags())
	for _, inherited := range inheritedFlags[command.Name()] {
		if flag := flagOf(command, inherited); flag != nil {
			shown.AddFlag(flag)
		}
	}
	if shown.HasAvailableFlags() {
		fmt.Fprintf(w, "\nFlags\n%s", shown.FlagUsagesWrapped(totalWidth))
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// checkCredentials finds settings missing in a first run.
func checkCredentials(cfg *generated.Descope) error {
	var missing []string
	if cfg.ProjectId == "" {
		missing = append(missing, "no project ID")
	}
	if cfg.ManagementKey == "" {
		missing = append(missing, "no management key")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf(`there is %[2]s. Both are needed:

  export BATON_PROJECT_ID=P2...       # from Project in the Descope console
  export BATON_MANAGEMENT_KEY=K2...   # made under Company, Management Keys, with access to the project
  %[1]s -f descope.c1z

--%[3]s and --%[4]s do the same, but other users of this machine can see flags.
%[1]s --help shows the rest`,
		name, strings.Join(missing, " and "), config.ProjectID.FieldName, config.ManagementKey.FieldName)
}
