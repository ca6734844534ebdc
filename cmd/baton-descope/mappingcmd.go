package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newMappingCommand returns the commands for those who write mappings. They
// need no credentials and no network.
func newMappingCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "mapping",
		Short: "Check, explain and test a mapping",
	}
	command.AddCommand(newMappingCheckCommand(), newMappingExplainCommand(), newMappingTestCommand())
	// The root's flags are about syncing, and say nothing here.
	command.SetUsageTemplate(strings.Replace(command.UsageTemplate(), ".HasAvailableInheritedFlags", "false", 1))
	return command
}
