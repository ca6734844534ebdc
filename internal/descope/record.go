package descope

import (
	"fmt"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/connector/transport"
	generated "github.com/conductorone/baton-descope/gen/config"
	api "github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/descope/config"
	"github.com/conductorone/baton-descope/internal/replay"
)

// CheckRecord returns an error if replies cannot be recorded in the configured folder.
func CheckRecord(cfg *generated.Descope) error {
	if cfg.Record == "" {
		return nil
	}
	return recordError(replay.CheckFolder(cfg.Record))
}

// Record makes a connector record its replies, if the configuration asks for it.
func Record(cfg *generated.Descope, o *connector.Options) error {
	if cfg.Record == "" {
		return nil
	}
	recorder, err := replay.NewRecorder(transport.NewBase(o.Plan.ParallelRequests), cfg.Record, api.Operations, o.Plan)
	if err != nil {
		return recordError(err)
	}
	o.Base, o.Sequential = recorder, true
	return nil
}

func recordError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s: %w", config.Record.FieldName, err)
}
