package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	api "github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/explain"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/mapping"
)

// mappingExplain is one run of `mapping explain`.
type mappingExplain struct {
	replies string
	format  string
	cfg     generated.Descope
}

func newMappingExplainCommand() *cobra.Command {
	var explained mappingExplain
	command := &cobra.Command{
		Use:   "explain [FILE]",
		Short: "Say what a mapping does, or what recorded replies become",
		Long: `Say in words what a mapping does: what is read and what it becomes, what a sync
costs in requests, what is sent to grant and to revoke, and which operations the
management key has to be allowed to call. --format mermaid draws it.

With --replies, show what recorded replies become: resources, entitlements and
grants, and which grants are left out and why. The folder has the reply of each
operation in OPERATION.json, or the pages in OPERATION.1.json, OPERATION.2.json and so on.
A sync with --record writes such a folder, without anybody's data.

Without FILE, the mapping that is built in is explained.`,
		Example: `  baton-descope mapping explain
  baton-descope mapping explain team.yaml --format mermaid
  baton-descope mapping explain team.yaml --replies recorded --format json`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				explained.cfg.Mapping = args[0]
			}
			return explained.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&explained.replies, "replies", "", "folder with recorded replies")
	flags.StringVar(&explained.format, "format", "table", "table or mermaid; with --replies, table or json")
	flags.BoolVar(&explained.cfg.ExpandPermissions, "expand-permissions", false, "with --replies, as in a sync with it")
	return command
}

func (m *mappingExplain) run(ctx context.Context, out io.Writer) error {
	write, known := map[string]func(io.Writer, *preview.Outcome) error{"table": preview.Table, "json": preview.JSON}[m.format]
	switch {
	case m.replies != "" && !known:
		return fmt.Errorf("--format %q is neither table nor json, which are for --replies", m.format)
	case m.replies == "" && m.format == "json":
		return errors.New("--format json is for --replies: it shows what recorded replies become")
	case m.replies == "" && m.format != "table" && m.format != "mermaid":
		return fmt.Errorf("--format %q is neither table nor mermaid", m.format)
	}
	file, src, err := descope.MappingSource(m.cfg.Mapping)
	if err != nil {
		return err
	}
	plan, err := mapping.Load(file, src, descope.Environment(&m.cfg))
	if err != nil {
		return err
	}
	switch {
	case m.replies == "" && m.format == "mermaid":
		return explain.Mermaid(out, plan)
	case m.replies == "":
		return explain.Text(out, plan)
	}
	outcome, err := replayed(ctx, m.replies, descope.Offline(&m.cfg, plan))
	if err != nil {
		return err
	}
	return write(out, outcome)
}

// replayed returns what the replies in a folder become.
func replayed(ctx context.Context, dir string, o connector.Options) (*preview.Outcome, error) {
	replies, err := replay.ReadDir(dir, api.Operations)
	if err != nil {
		return nil, err
	}
	player := replay.NewPlayer(api.Operations, replies)
	o.BaseURL, o.Token, o.Base = replay.BaseURL, "replay", player
	outcome, err := preview.Sync(ctx, o)
	if missing := player.Err(); missing != nil {
		return nil, fmt.Errorf("%s: %w", dir, missing)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the replies do not make a sync: %w", dir, err)
	}
	return outcome, nil
}
