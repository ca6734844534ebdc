package main

import (
	"github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// handOver leaves a run to the SDK. A targeted sync gets files that it may write.
func handOver(v *viper.Viper, cmd *cobra.Command, args []string, sdk func(*cobra.Command, []string) error) error {
	if !given(cmd, "sync-resources") || given(cmd, "client-id") || isService() {
		return sdk(cmd, args)
	}
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	cfg, err := cli.MakeGenericConfiguration[*generated.Descope](v)
	if err != nil {
		return err
	}
	plan, err := loadMapping(cfg)
	if err != nil {
		return err
	}
	temp, err := tempDir(v)
	if err != nil {
		return err
	}
	return oneshot.Targeted(cmd.Context(), oneshot.Options{
		Name: name, ResourceTypes: typeIDs(plan), Identity: []string{"targeted"},
		File: v.GetString("file"), TempDir: temp, SystemTemp: true,
	}, func(file, tempDir string) error {
		for flag, value := range map[string]string{"file": file, "c1z-temp-dir": tempDir} {
			if err := cmd.Flags().Set(flag, value); err != nil {
				return err
			}
		}
		return sdk(cmd, args)
	})
}
