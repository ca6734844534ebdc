package cli

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	api "github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/examples"
)

func newMappingTestCommand() *cobra.Command {
	var update, coverage bool
	var mappingFile string
	command := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run examples of a mapping: recorded replies and what they have to become",
		Long: `Run the examples in a folder and below it (default: the current folder). An
example is a folder with a case.yaml: replies of the API, which may be files
beside it such as SearchUsers.1.json, and the resources, entitlements and grants
that they have to become; with steps, also what a grant or a revocation sends.

An example that names no mapping is of the one in --mapping, or else of the one that
is built in.

The exit code is 1 when anything is not as expected.`,
		Example: `  baton-descope mapping test examples
  baton-descope mapping test examples --mapping team.yaml --coverage
  baton-descope mapping test examples/two-roles --update`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			env := exampleEnvironment(mappingFile)
			env.Coverage = coverage
			err := examples.Suite(cmd.Context(), cmd.OutOrStdout(), dir, env, update)
			if errors.Is(err, examples.ErrFailed) {
				return errReported // The differences are printed.
			}
			return err
		},
	}
	command.Flags().StringVar(&mappingFile, "mapping", "", "mapping of the examples that name none (default: the one that is built in)")
	command.Flags().BoolVar(&coverage, "coverage", false, "say which rules, entitlements, parts of ids and statuses no example shows")
	command.Flags().BoolVar(&update, "update", false, "Rewrite what the examples expect to what is seen")
	return command
}

// exampleEnvironment is what examples run with: the connector of this command, with a
// mapping for those that name none; empty for the one that is built in.
func exampleEnvironment(mappingFile string) examples.Environment {
	return examples.Environment{
		Operations: api.Operations,
		Options: func(named string, switches map[string]bool) (connector.Options, error) {
			return exampleOptions(cmp.Or(named, mappingFile), switches)
		},
	}
}

// exampleOptions are the options of a connector with a mapping and with
// switches, by the names of their flags.
func exampleOptions(mappingFile string, switches map[string]bool) (connector.Options, error) {
	cfg := &generated.Descope{Mapping: mappingFile}
	if err := descope.Set(cfg, switches); err != nil {
		return connector.Options{}, err
	}
	plan, err := descope.LoadMapping(cfg)
	return descope.Offline(cfg, plan), err
}
