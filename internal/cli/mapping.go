package cli

import "github.com/spf13/cobra"

// newMappingCommand returns the commands for those who write mappings. They
// need no credentials and no network.
func newMappingCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "mapping",
		Short: "Check, explain and test a mapping",
	}
	command.AddCommand(newMappingCheckCommand(), newMappingExplainCommand(), newMappingTestCommand(), newMappingSchemaCommand())
	return command
}
