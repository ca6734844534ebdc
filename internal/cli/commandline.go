package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// rejectUnknown makes unknown commands and extra arguments errors. It is called after
// all commands are added.
func rejectUnknown(root *cobra.Command) {
	// With RunE set, cobra parses the flags before it looks for commands: an unknown flag
	// is reported before the value after it.
	root.Args = func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if _, err := strconv.ParseBool(args[0]); err == nil {
			return fmt.Errorf("%q is not a command: the value of a switch is written after =, as in --provisioning=%[1]s", args[0])
		}
		return unknownCommand(command, args[0])
	}
	for _, command := range root.Commands() {
		switch {
		case command.Name() == helpName:
			command.Args = func(_ *cobra.Command, args []string) error {
				if parent, rest, err := root.Find(args); err == nil && len(rest) > 0 {
					return unknownCommand(parent, rest[0])
				}
				return nil
			}
		case command.Args == nil && !command.HasSubCommands() && !command.Hidden:
			command.Args = func(command *cobra.Command, args []string) error {
				if len(args) == 0 {
					return nil
				}
				return fmt.Errorf("%s takes no arguments: there is %s", command.CommandPath(), quotable(args[0]))
			}
		}
	}
}

func unknownCommand(parent *cobra.Command, word string) error {
	var names []string
	for _, command := range parent.Commands() {
		if isShown(command) {
			names = append(names, command.Name())
		}
	}
	hint := meant(word, names)
	if hint == "" {
		hint = "; see " + parent.CommandPath() + " --help"
	}
	return fmt.Errorf("%s has no command %s%s", parent.CommandPath(), quotable(word), hint)
}

// checkLine finds mistakes that cobra accepts: an unknown word after a command with
// subcommands only, and a long flag with one hyphen, which parses as a short flag with
// a value.
func checkLine(root *cobra.Command, args []string) error {
	command, rest, err := root.Find(args)
	if err != nil {
		return nil //nolint:nilerr // Reported when the command runs.
	}
	for _, arg := range rest {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && arg[0] == '-' && flagOf(command, name) != nil {
			return fmt.Errorf("unknown flag: -%s; did you mean --%[1]s?", name)
		}
	}
	if command.Runnable() {
		return nil
	}
	if err := command.ParseFlags(rest); err != nil || command.Flags().NArg() == 0 {
		return nil //nolint:nilerr // The command says so itself.
	}
	return unknownCommand(command, command.Flags().Arg(0))
}

// flagError adds the flag that was meant, or the command for help.
func flagError(command *cobra.Command, err error) error {
	hint := fmt.Sprintf("; see %s --help", command.CommandPath())
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
		word := unknown.GetSpecifiedName()
		if shorts := unknown.GetSpecifiedShortnames(); shorts != "" {
			word = shorts
		}
		if best := spelling.Nearest(word, names); best != "" {
			hint = fmt.Sprintf("; did you mean --%s?", best)
		}
	}
	return fmt.Errorf("%w%s", err, hint)
}
