package cli

import (
	"fmt"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/conductorone/baton-descope/internal/descope/config"
)

// Flags of the SDK by the mode of a run with them. A run with a flag in none of these
// lists, from a newer SDK, is refused: the flag may ask for something else than a sync.
var (
	// ownFlags apply to runs in this process and to the SDK's, or select no mode.
	ownFlags = []string{
		"file", "c1z-temp-dir", "storage-engine", "workers", "parallel-sync", "http-timeout-seconds", "auth-method",
		"sync-resource-types", "sync-resources", "skip-grants", "skip-entitlements-and-grants",
		"external-resource-c1z", "external-resource-entitlement-id-filter", "external-resource-traits",
		"provisioning", "grant-entitlement", "grant-principal", "grant-principal-type", "revoke-grant",
		"delete-resource", "delete-resource-type", "invoke-action", "invoke-action-args", "invoke-action-resource-type",
		"list-action-schemas", "list-action-schemas-resource-type",
		"create-account-email", "create-account-login", "create-account-profile", "create-account-resource-type",
		"log-level", "log-format", "log-path", "log-level-debug-expires-at",
		"otel-collector-endpoint", "otel-collector-endpoint-tls-cert-path", "otel-collector-endpoint-tls-cert",
		"otel-collector-endpoint-tls-insecure", "otel-tracing-disabled", "otel-logging-disabled",
		// How service mode is run, so that the same settings serve for both.
		"task-concurrency", "health-check", "health-check-port", "health-check-bind-address", "keep-previous-sync-c1z", "session-store-maximum-size",
	}
	// sdkFlags ask for the SDK's own run: service mode, compaction of files, the event log of Windows.
	sdkFlags = []string{
		"client-id", "client-secret",
		"compact-syncs", "compact-output-path", "compact-file-paths", "compact-sync-ids",
		"log-event-log",
	}
	// foreignFlags ask for what this connector cannot do, by the reason.
	foreignFlags = map[string][]string{
		"this connector changes no credentials": {"rotate-credentials", "rotate-credentials-type"},
		"this connector has no feeds of events": {"event-feed", "event-feed-id", "event-feed-start-at", "event-feed-cursor"},
		"the SDK does nothing with it: use --list-action-schemas, or --invoke-action": {
			"list-resource-actions", "invoke-resource-action", "invoke-resource-action-resource-type", "invoke-resource-action-args",
		},
		"this connector has no tickets": {
			"ticketing", "create-ticket", "ticket-template-path", "bulk-create-ticket", "bulk-ticket-template-path",
			"list-ticket-schemas", "get-ticket", "ticket-id",
		},
	}
	// serviceFlags have an effect in service mode only, and would be ignored.
	serviceFlags = []string{"skip-full-sync"}
	// companions qualify another flag, and would be ignored without it.
	companions = map[string][]string{
		"grant-principal-type":                    {"grant-entitlement"},
		"create-account-resource-type":            accountFlags,
		"show-password":                           accountFlags,
		"delete-resource-type":                    {"delete-resource"},
		"invoke-action-args":                      {"invoke-action"},
		"invoke-action-resource-type":             {"invoke-action"},
		"list-action-schemas-resource-type":       {"list-action-schemas"},
		"external-resource-entitlement-id-filter": {"external-resource-c1z"},
		"external-resource-traits":                {"external-resource-c1z"},
		"skip-grants":                             {"sync-resources"},
	}
	// changeFlags ask for a run that is no sync. Of a grant and a revocation the grant is
	// made; else one is given.
	changeFlags = []string{"grant-entitlement", "revoke-grant", "delete-resource", "invoke-action", "list-action-schemas"}
	// accountFlags ask for a new account.
	accountFlags = []string{"create-account-profile", "create-account-login", "create-account-email"}
	// askingFlags ask for something else than a full sync, so that none may be empty, as
	// a variable of a script is that nobody set.
	askingFlags = slices.Concat(changeFlags, accountFlags, []string{"sync-resources"})
)

// isForSDK reports whether a run is the SDK's.
func isForSDK(cmd *cobra.Command) bool {
	return isService() || len(givenOf(cmd, sdkFlags)) > 0
}

// checkModes finds flags that would have no effect.
func checkModes(cmd *cobra.Command) (err error) {
	serves := isService() || given(cmd, "client-id")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		has := given(cmd, flag.Name)
		if err != nil || !has && (!flag.Changed || flag.Value.Type() == "bool") {
			return
		}
		if !has && slices.Contains(askingFlags, flag.Name) {
			err = fmt.Errorf("--%s is empty: give it a value, or leave it out", flag.Name)
		}
		if has && !isOurs(flag.Name) {
			err = checkMode(flag.Name, serves)
		}
		if others := companions[flag.Name]; err == nil && others != nil && len(givenOf(cmd, others)) == 0 {
			err = fmt.Errorf("--%s is for --%s, which is not given", flag.Name, others[0])
		}
	})
	asked, others := givenOf(cmd, changeFlags), givenOf(cmd, append([]string{"sync-resources"}, sdkFlags...))
	if account := givenOf(cmd, accountFlags); len(account) > 0 {
		asked = append(account[:1], asked...)
	}
	switch {
	case err != nil:
		return err
	case len(asked) > 1 && !slices.Equal(asked, []string{"grant-entitlement", "revoke-grant"}):
		return twoRuns(asked[0], asked[len(asked)-1])
	case len(asked) > 0 && isService():
		return fmt.Errorf("--%s: a Windows service changes only what ConductorOne asks for", asked[0])
	case len(asked) > 0 && len(others) > 0:
		return twoRuns(asked[0], others[0])
	}
	return nil
}

func twoRuns(one, other string) error {
	return fmt.Errorf("--%s and --%s ask for two different runs: give one of them, also in the environment and the configuration file", one, other)
}

// checkMode reports whether a flag of the SDK may be given.
func checkMode(flag string, serves bool) error {
	switch {
	case slices.Contains(ownFlags, flag), slices.Contains(sdkFlags, flag), serves && slices.Contains(serviceFlags, flag):
		return nil
	case slices.Contains(serviceFlags, flag):
		return fmt.Errorf("--%s is for service mode, which --client-id turns on: without it there is nothing but the sync to do", flag)
	}
	for why, flags := range foreignFlags {
		if slices.Contains(flags, flag) {
			return fmt.Errorf("--%s: %s", flag, why)
		}
	}
	return fmt.Errorf("--%s: the SDK has this flag, and this connector does not know what it asks for: leave it out", flag)
}

// givenOf returns those of some flags that are given.
func givenOf(cmd *cobra.Command, flags []string) []string {
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool { return !given(cmd, flag) })
}

// isOurs reports whether a flag is the connector's own, or cobra's.
func isOurs(flag string) bool {
	return flag == helpName || flag == "version" || slices.ContainsFunc(config.Schema.Fields, func(f field.SchemaField) bool { return f.FieldName == flag })
}
