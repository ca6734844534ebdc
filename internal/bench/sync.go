package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/mapping"
)

// key is the API's key.
const key = emulator.DefaultProjectID + ":" + emulator.DefaultManagementKey

// syncOnce runs in the process of one contender: one sync, as baton-descope runs it.
func syncOnce(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("sync", flag.ContinueOnError)
	name := flags.String("name", "", "")
	api := flags.String("api", "", "")
	users := flags.Int("users", 0, "")
	tenantRoles := flags.Int("tenant-roles", 0, "")
	workers := flags.Int("workers", 4, "")
	file := flags.String("file", "", "")
	profile := flags.String("profile", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		out, err := os.Create(*profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer func() {
			pprof.StopCPUProfile()
			err = errors.Join(err, out.Close())
		}()
	}
	return oneshot.Sync(ctx, oneshot.Options{
		Name: "bench",
		NewServer: func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
			return newServer(ctx, *name, *api, sizeOf(*users, *tenantRoles), session)
		},
		ResourceTypes: []string{"user", "tenant", "role", "permission"},
		File:          *file,
		TempDir:       os.TempDir(),
		Sync:          []sdksync.SyncOpt{sdksync.WithWorkerCount(*workers)},
	})
}

// newServer returns a contender. The connector itself is one only for profiles: otherwise
// the program is measured.
func newServer(ctx context.Context, name, api string, size emulator.Size, session sessions.SessionStore) (types.ConnectorServer, error) {
	if name == nothing {
		return connectorbuilder.NewConnector(ctx, newFloor(size), connectorbuilder.WithSessionStore(session))
	}
	options, err := connectorOptions(api)
	if err != nil {
		return nil, err
	}
	c, err := connector.New(ctx, options)
	if err != nil {
		return nil, err
	}
	return connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(session))
}

// connectorOptions returns the connector's options for an API without a rate limit.
func connectorOptions(api string) (connector.Options, error) {
	src, err := mappingFor(0)
	if err != nil {
		return connector.Options{}, err
	}
	plan, err := mapping.Load("descope.yaml", src, descope.Environment(&generated.Descope{}))
	return connector.Options{Name: descope.Name, Plan: plan, BaseURL: api, Token: key}, err
}

var perMinuteLine = regexp.MustCompile(`(?m)^  per_minute: .*\n`)

// mappingFor returns the built-in mapping with another number of searches a minute; 0 for
// no limit.
func mappingFor(perMinute int) ([]byte, error) {
	if !perMinuteLine.Match(mapping.Descope) {
		return nil, errors.New("the built-in mapping has no per_minute any more")
	}
	instead := ""
	if perMinute > 0 {
		instead = fmt.Sprintf("  per_minute: {SearchUsers: %d}\n", perMinute)
	}
	return perMinuteLine.ReplaceAll(mapping.Descope, []byte(instead)), nil
}
