package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/bid"
	sdkcli "github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/field"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/tempdir"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/conductorone/baton-sdk/pkg/uhttp"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/descope/config"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/mapping"
)

// given reports whether a flag has another value than its default, be it from the
// command line, the environment or the configuration file.
func given(cmd *cobra.Command, name string) bool {
	f := cmd.Flags().Lookup(name)
	return f != nil && f.Value.String() != f.DefValue
}

// runOnce returns what the root command does: a sync, a grant or a revocation in this
// process, and the SDK's own run for everything else.
func runOnce(v *viper.Viper, window time.Duration, sdk func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		oneshot.Private()
		if err := v.BindPFlags(cmd.Flags()); err != nil {
			return err
		}
		if isForSDK(cmd) {
			if v.GetString("client-id") != "" && !isService() { // Windows wants to hear of a service at once.
				return runService(cmd, v, func() error { return sdk(cmd, args) })
			}
			return sdk(cmd, args)
		}
		o := oneShot{cmd: cmd, Viper: v, window: window}
		ctx, end, err := o.observe(cmd.Context())
		if err != nil {
			return err
		}
		defer end()
		ctx, stop := oneshot.WithSignals(ctx)
		defer stop()
		return o.run(ctx)
	}
}

// oneShot is one run of the root command, with its settings.
type oneShot struct {
	*viper.Viper
	cmd      *cobra.Command
	cfg      *generated.Descope
	progress *oneshot.Progress
	window   time.Duration
}

// run reads the settings as the SDK does, and does what they ask for.
func (o *oneShot) run(ctx context.Context) error {
	cfg, err := sdkcli.MakeGenericConfiguration[*generated.Descope](o.Viper, field.WithAdditionalDecodeHooks(field.FileUploadDecodeHook(true)))
	if err != nil {
		return fmt.Errorf("failed to make configuration: %w", err)
	}
	o.cfg = cfg
	schema := config.Schema
	schema.Fields = slices.Concat(field.DefaultFields, schema.Fields)
	if err := field.Validate(schema, cfg, field.WithAuthMethod(o.GetString("auth-method"))); err != nil {
		return err
	}
	timeout := time.Duration(o.GetInt(field.HttpTimeoutField.GetName())) * time.Second
	ctx = context.WithValue(ctx, uhttp.ContextHTTPTimeoutKey, timeout)
	if len(givenOf(o.cmd, accountFlags)) > 0 {
		return o.createAccount(ctx)
	}
	temp, err := tempDir(o.Viper)
	if err != nil {
		return err
	}
	if grant, revoke := o.GetString("grant-entitlement"), o.GetString("revoke-grant"); grant != "" || revoke != "" {
		if !o.GetBool("provisioning") {
			return errors.New("a grant or a revocation needs --provisioning (-p, BATON_PROVISIONING=true), which is not given or is off: nothing was sent")
		}
		change := oneshot.Change{
			File:        o.GetString("file"),
			TempDir:     temp,
			Entitlement: grant, Principal: o.GetString("grant-principal"), PrincipalType: o.GetString("grant-principal-type"),
		}
		if grant == "" {
			change.Revoke = revoke
		}
		done, err := oneshot.Provision(ctx, name, o.newServer, change)
		if err == nil {
			fmt.Fprintln(os.Stderr, done)
		}
		return err
	}
	if act, ok := o.act(); ok {
		return o.do(ctx, act)
	}
	return o.sync(ctx, temp)
}

// act returns what is asked for besides syncs, grants and revocations; false for nothing.
func (o *oneShot) act() (oneshot.Act, bool) {
	act := oneshot.Act{
		Delete: o.GetString("delete-resource"), DeleteType: o.GetString("delete-resource-type"),
		Invoke: o.GetString("invoke-action"), InvokeType: o.GetString("invoke-action-resource-type"), Arguments: o.GetString("invoke-action-args"),
		ListActions: o.GetBool("list-action-schemas"), ListType: o.GetString("list-action-schemas-resource-type"),
	}
	return act, act.Delete != "" || act.Invoke != "" || act.ListActions
}

// do deletes a resource, invokes an action or lists actions.
func (o *oneShot) do(ctx context.Context, act oneshot.Act) error {
	if act.Delete != "" && !o.GetBool("provisioning") {
		return errors.New("a deletion needs --provisioning (-p, BATON_PROVISIONING=true), which is not given or is off: nothing was sent")
	}
	done, err := act.Run(ctx, name, o.newServer)
	switch {
	case err != nil:
	case act.ListActions:
		fmt.Fprintln(os.Stdout, done)
	default:
		fmt.Fprintln(os.Stderr, done)
	}
	return err
}

// createAccount creates an account, and writes a password that was made to stdout.
func (o *oneShot) createAccount(ctx context.Context) error {
	if !o.GetBool("provisioning") {
		return errors.New("a new account needs --provisioning (-p, BATON_PROVISIONING=true), which is not given or is off: nothing was sent")
	}
	account := oneshot.Account{
		Type:  o.GetString("create-account-resource-type"),
		Login: o.GetString("create-account-login"), Email: o.GetString("create-account-email"),
		Password: o.cfg.ShowPassword,
	}
	if profile := o.GetString("create-account-profile"); profile != "" {
		if err := json.Unmarshal([]byte(profile), &account.Profile); err != nil || account.Profile == nil {
			return errors.New(`--create-account-profile is not a JSON object; write it as in '{"email": "ann@example.com"}'`)
		}
	}
	for field, value := range map[string]string{"login": account.Login, "email": account.Email} {
		if other := account.Profile[field]; value != "" && other != nil && other != value {
			return fmt.Errorf("--create-account-%s and %q in the profile differ: leave one out", field, field)
		}
	}
	done, password, err := oneshot.CreateAccount(ctx, name, o.newServer, account)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, done)
	if password != "" {
		fmt.Fprintln(os.Stdout, password)
	}
	return nil
}

func (o *oneShot) newServer(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
	somebodyWaits := func(options *connector.Options) { options.Progress, options.Impatient = o.progress, true }
	return serverWith(o.cmd.Version, somebodyWaits)(ctx, o.cfg, sdkcli.RunTimeOpts{
		SessionStore:        session,
		SelectedAuthMethod:  o.GetString("auth-method"),
		SyncResourceTypeIDs: o.GetStringSlice("sync-resource-types"),
	})
}

// sync runs a full sync, with temporary files in a folder.
func (o *oneShot) sync(ctx context.Context, temp string) error {
	plan, err := descope.LoadMapping(o.cfg)
	if err != nil {
		return err
	}
	if err := o.checkTypes(typeIDs(plan)); err != nil {
		return err
	}
	opts, err := o.syncOptions()
	if err != nil {
		return err
	}
	targets, err := o.targets()
	if err != nil {
		return err
	}
	folder := filepath.Dir(o.GetString("file"))
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		return fmt.Errorf("--file: the folder %s does not exist: create it, or choose another", folder)
	}
	identity, err := o.identity()
	if err != nil {
		return err
	}
	labels := map[string]string{}
	for _, t := range plan.Types {
		labels[t.ID] = strings.ToLower(t.DisplayName) + "s"
	}
	o.progress.Label = func(id string) string { return labels[id] }
	started := time.Now()
	if err := oneshot.Sync(ctx, oneshot.Options{
		Name:          name,
		NewServer:     o.newServer,
		ResourceTypes: typeIDs(plan),
		Identity:      identity,
		File:          o.GetString("file"),
		Engine:        c1zstore.Engine(o.GetString(field.StorageEngineField.GetName())),
		TempDir:       temp,
		SystemTemp:    true,
		Sync:          opts,
		Targets:       targets,
		Window:        o.window,
		Progress:      o.progress,
	}); err != nil {
		return err
	}
	o.done(plan, time.Since(started))
	return nil
}

// tempDir returns the folder for temporary files.
func tempDir(v *viper.Viper) (string, error) {
	temp := tempdir.Resolve(v.GetString("c1z-temp-dir"))
	if _, err := os.Stat(temp); os.IsNotExist(err) {
		return "", fmt.Errorf("the temporary folder %s does not exist: create it, or choose another with --c1z-temp-dir", temp)
	}
	return temp, nil
}

// targets returns the resources to sync; empty for all.
func (o *oneShot) targets() ([]*v2.Resource, error) {
	ids := o.GetStringSlice("sync-resources")
	targets := make([]*v2.Resource, 0, len(ids))
	for _, id := range ids {
		target, err := bid.ParseResourceBid(id)
		if err != nil {
			return nil, fmt.Errorf("--sync-resources %q: %w; write it as in bid:r:user/U2abc", id, err)
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// checkTypes finds unknown resource types in the flags.
func (o *oneShot) checkTypes(known []string) error {
	for _, id := range o.GetStringSlice("sync-resource-types") {
		if !slices.Contains(known, id) {
			return fmt.Errorf("--sync-resource-types: there is no resource type %q; there are %s", id, strings.Join(slices.Sorted(slices.Values(known)), ", "))
		}
	}
	return nil
}

func typeIDs(plan *mapping.Plan) []string {
	ids := make([]string, 0, len(plan.Types))
	for _, t := range plan.Types {
		ids = append(ids, t.ID)
	}
	return ids
}

// identity is everything that decides about the contents of a sync, without the key: a
// sync resumes with a new one.
func (o *oneShot) identity() ([]string, error) {
	_, src, err := descope.MappingSource(o.cfg.Mapping)
	if err != nil {
		return nil, err
	}
	base, err := descope.BaseURL(o.cfg)
	if err != nil {
		return nil, err
	}
	var switches []string
	states := descope.Switches(o.cfg)
	for _, flag := range slices.Sorted(maps.Keys(states)) {
		switches = append(switches, flag+"="+strconv.FormatBool(*states[flag]))
	}
	chosen := slices.Sorted(slices.Values(o.GetStringSlice("sync-resource-types")))
	return []string{
		o.cmd.Version, o.cfg.ProjectId, base, string(src),
		strings.Join(switches, ","), strings.Join(chosen, ","), strconv.FormatBool(o.GetBool("skip-entitlements-and-grants")),
		o.GetString("external-resource-c1z"), o.GetString("external-resource-entitlement-id-filter"),
		strings.Join(o.GetStringSlice("sync-resources"), ","), strconv.FormatBool(o.GetBool("skip-grants")),
		strings.Join(o.GetStringSlice("external-resource-traits"), ","),
	}, nil
}

// syncOptions are the flags passed to the SDK's syncer.
func (o *oneShot) syncOptions() ([]sdksync.SyncOpt, error) {
	count := workers
	if o.GetBool(field.ParallelSyncField.GetName()) {
		count = -1
	}
	if n := o.GetInt(field.WorkerCountField.GetName()); n != 0 {
		count = n
	}
	external := o.GetString("external-resource-c1z")
	if external != "" {
		file, err := bounded.Open(external) // The SDK would wait for a FIFO.
		if err != nil {
			return nil, fmt.Errorf("--external-resource-c1z: %w", err)
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
	}
	traits, err := resourceTraits(o.GetStringSlice("external-resource-traits"))
	if err != nil {
		return nil, err
	}
	return []sdksync.SyncOpt{
		sdksync.WithWorkerCount(count),
		sdksync.WithSyncResourceTypes(o.GetStringSlice("sync-resource-types")),
		sdksync.WithSkipGrants(o.GetBool("skip-grants")),
		sdksync.WithSkipEntitlementsAndGrants(o.GetBool("skip-entitlements-and-grants")),
		sdksync.WithExternalResourceC1ZPath(external),
		sdksync.WithExternalResourceEntitlementIdFilter(o.GetString("external-resource-entitlement-id-filter")),
		sdksync.WithExternalResourceTraits(traits...),
	}, nil
}

// resourceTraits reads names of traits, such as "app" and "TRAIT_APP".
func resourceTraits(names []string) ([]v2.ResourceType_Trait, error) {
	var traits []v2.ResourceType_Trait
	for _, given := range names {
		key := strings.ToUpper(strings.TrimSpace(given))
		if key == "" {
			continue
		}
		value, ok := v2.ResourceType_Trait_value["TRAIT_"+strings.TrimPrefix(key, "TRAIT_")]
		if !ok {
			return nil, fmt.Errorf("unknown external resource trait %q", given)
		}
		traits = append(traits, v2.ResourceType_Trait(value))
	}
	return traits, nil
}
