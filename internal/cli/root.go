// Package cli is the command line of baton-descope: commands, flags, help and runs.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	sdkcli "github.com/conductorone/baton-sdk/pkg/cli"
	sdkconfig "github.com/conductorone/baton-sdk/pkg/config"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorrunner"
	"github.com/conductorone/baton-sdk/pkg/exit"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/descope/config"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

const name = descope.Name

// UsualWindow packs a sync as often as internal/oneshot finds right.
const UsualWindow = time.Duration(0)

// workers is the default of --workers: the pages that the SDK requests at once.
const workers = 4

// Main runs the command line of a version of the connector and ends the process with its
// exit code. A sync is packed after each window.
func Main(version string, window time.Duration) {
	err := run(context.Background(), version, window)
	var stopped *oneshot.Stopped
	switch {
	case errors.Is(err, errReported):
		os.Exit(1)
	case errors.As(err, &stopped):
		fmt.Fprintln(os.Stderr, named(err))
		os.Exit(stopped.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, named(err))
	}
	exit.Exit(err)
}

// named prefixes the text of an error by the connector's name, unless it has it already
// from the connector.
func named(err error) string {
	return name + ": " + strings.TrimPrefix(err.Error(), name+": ")
}

func run(ctx context.Context, version string, window time.Duration) error {
	plan, err := descope.LoadMapping(&generated.Descope{})
	if err != nil {
		return err
	}
	described, err := connector.New(ctx, connector.Options{Name: name, Version: version, Plan: plan})
	if err != nil {
		return err
	}
	path, err := findConfigFile(os.Getenv(configPathVariable))
	if err != nil {
		return err
	}
	file, broken := readConfigFile(path)
	v, command, err := sdkconfig.DefineConfigurationV2(ctx, name, serverWith(version, forService), config.Schema,
		connectorrunner.WithSessionStoreEnabled(),
		connectorrunner.WithWorkerCount(workers),
		connectorrunner.WithDefaultCapabilitiesConnectorBuilderV2(described),
	)
	if err != nil {
		return err
	}
	command.Version = version
	command.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkSettings(cmd, file, broken) }
	command.PreRunE = func(cmd *cobra.Command, _ []string) error { return checkEarly(cmd, v) }
	command.RunE = runOnce(v, window, command.RunE)
	command.AddCommand(newMappingCommand(), newManCommand())
	describe(command)
	if err := checkLine(command, os.Args[1:]); err != nil {
		return err
	}
	return command.ExecuteContext(ctx)
}

// checkEarly checks the flags, the mapping, the base URL and the folder for replies
// before the first request.
func checkEarly(cmd *cobra.Command, v *viper.Viper) error {
	if err := checkModes(cmd); err != nil {
		return err
	}
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	cfg, err := sdkcli.MakeGenericConfiguration[*generated.Descope](v)
	if err != nil {
		return err
	}
	if _, err := descope.LoadMapping(cfg); err != nil {
		return err
	}
	if err := descope.CheckRecord(cfg); err != nil {
		return err
	}
	if err := checkCredentials(cfg); err != nil {
		return err
	}
	if _, err = descope.BaseURL(cfg); err != nil {
		return err
	}
	return descope.CheckKey(cfg)
}

// forService leaves the connector as the SDK's own runs need it.
func forService(*connector.Options) {}

// serverWith returns a constructor of the connector, with options for the kind of run.
func serverWith(version string, kind func(*connector.Options)) sdkcli.GetConnectorFunc2[*generated.Descope] {
	return func(ctx context.Context, cfg *generated.Descope, runTime sdkcli.RunTimeOpts) (types.ConnectorServer, error) {
		options, err := descope.Options(cfg)
		if err != nil {
			return nil, err
		}
		options.Version = version
		chosen := sdkcli.ConnectorOpts{SyncResourceTypeIDs: runTime.SyncResourceTypeIDs}
		options.WillSync = chosen.WillSyncResourceType
		kind(&options)
		if err := descope.Record(cfg, &options); err != nil {
			return nil, err
		}
		c, err := connector.New(ctx, options)
		if err != nil {
			return nil, err
		}
		return connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(runTime.SessionStore))
	}
}
