package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const exitStatus = `0 when all went well, 1 when mapping check or mapping test found something, else the number of a
gRPC code: 2 for wrong flags or settings, 7 when the key may not do something, 14 when Descope
could not be reached, 16 when the key is not accepted, to name the most frequent.`

// newManCommand returns the command that writes the man page: make man and
// releases call it.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man",
		Short:  "Write the man page",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			page := manPage(command.Root())
			_, err := io.WriteString(command.OutOrStdout(), page)
			return err
		},
	}
}

// manPage returns the man page of the command line, in roff. It says what --help
// says, and the same for every command.
func manPage(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s %s\"\n.nh\n.ad l\n", strings.ToUpper(roff(name)), roff(name), roff(root.Version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(strings.ToLower(short[:1])+short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n[flags]\n.br\n.B %[1]s\nCOMMAND [flags]\n", roff(name))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", roff(long))
	b.WriteString(".SH OPTIONS\n")
	for _, group := range flagGroups {
		fmt.Fprintf(&b, ".SS %s\n", roff(group.title))
		for _, about := range group.flags {
			if flag := flagOf(root, about.name); flag != nil {
				manItem(&b, strings.TrimSpace(about.names(flag)), about.text(flag))
			}
		}
	}
	b.WriteString(".SH COMMANDS\n")
	manCommands(&b, root)
	fmt.Fprintf(&b, ".SH ENVIRONMENT\n%s\n", roff(environmentNote))
	fmt.Fprintf(&b, ".SH EXIT STATUS\n%s\n", roff(exitStatus))
	fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(root.Example))
	return b.String()
}

// manCommands writes the commands under a command that do something themselves.
func manCommands(b *strings.Builder, command *cobra.Command) {
	for _, sub := range command.Commands() {
		if !sub.IsAvailableCommand() {
			continue
		}
		if sub.Runnable() {
			fmt.Fprintf(b, ".SS %s\n%s\n", roff(sub.UseLine()), roff(orElse(sub.Long, sub.Short)))
			sub.LocalFlags().VisitAll(func(flag *pflag.Flag) {
				if flag.Hidden || flag.Name == helpName {
					return
				}
				value, usage := pflag.UnquoteUsage(flag)
				about := flagHelp{name: flag.Name, value: value, about: usage}
				manItem(b, strings.TrimSpace(about.names(flag)), about.text(flag))
			})
			if sub.HasExample() {
				fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", roff(sub.Example))
			}
		}
		manCommands(b, sub)
	}
}

// manItem writes a term and what is said of it.
func manItem(b *strings.Builder, term, text string) {
	fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(term), roff(text))
}

// roff escapes text: backslashes, hyphens that have to stay hyphens, and lines that
// would be taken for requests. An empty line is a new paragraph.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\t", "    ").Replace(text)
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		switch {
		case strings.TrimSpace(line) == "":
			lines[i] = ".sp"
		case strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'"):
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
