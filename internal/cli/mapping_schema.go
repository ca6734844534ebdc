package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/conductorone/baton-descope/internal/descope"
)

func newMappingSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [FILE]",
		Short: "Write the JSON schema of mappings, for editors",
		Long: `Write the JSON schema of mappings to FILE, or without FILE to the output. It has the
keys of the language, the operations of the API that this program was built with, what
each takes, and the paths of its records. Editors complete and check a mapping that
names it in its first line.`,
		Example: `  baton-descope mapping schema mapping.schema.json
  # the first line of the mapping: # yaml-language-server: $schema=mapping.schema.json`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			written, err := descope.MappingSchema()
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return os.WriteFile(args[0], written, 0o644) //nolint:gosec // A schema is to be read and checked in.
			}
			_, err = cmd.OutOrStdout().Write(written)
			return err
		},
	}
}
