package oneshot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/provisioner"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/internal/inprocess"
)

// Change is one thing to provision; a grant to make, or one to revoke.
type Change struct {
	// File is the c1z that knows the entitlement and the principal, or the grant.
	File string
	// TempDir is where the SDK unpacks the file, in a folder of the run; while that is
	// there it is the one for all temporary files of this process.
	TempDir string

	Entitlement, Principal, PrincipalType string // Ids; of a grant to make.

	Revoke string // The id of a grant to revoke; empty for none.
}

// Provision makes a change.
func Provision(ctx context.Context, name string, newServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error), c Change) (err error) {
	file, err := target(c.File)
	if err != nil {
		return fmt.Errorf("%s: --file %s: %w", name, c.File, err)
	}
	temp, err := newTempFolder(name, c.TempDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, temp.remove()) }()
	if err := temp.systemWide(); err != nil { // The SDK asks for it so.
		return err
	}
	server, err := newServer(ctx, &inprocess.Session{})
	if err != nil {
		return err
	}
	defer closeServer(ctx, server)
	client := inprocess.NewClient(ctx, server)
	p := provisioner.NewGranter(client, file, c.Entitlement, c.Principal, c.PrincipalType)
	if c.Revoke != "" {
		p = provisioner.NewRevoker(client, file, c.Revoke)
	}
	err = p.Run(ctx)
	if closeErr := p.Close(context.WithoutCancel(ctx)); closeErr != nil {
		err = errors.Join(err, closeErr)
	}
	if signal, ok := signalOf(ctx); ok && err != nil {
		return &Stopped{signal, fmt.Sprintf("%s: stopped by %s; whether the change was made shows in the next sync", name, nameOf(signal))}
	}
	if err == nil {
		return nil
	}
	if !strings.Contains(err.Error(), name+": ") { // It is not the connector's, but of the file.
		err = fmt.Errorf("%s: %s: %w; %s has to have it: sync into that file first, and copy the ids from there", name, c.what(), err, c.File)
	}
	return &failure{err, plain(name, err)}
}

// what names a change that could not be made.
func (c Change) what() string {
	if c.Revoke != "" {
		return fmt.Sprintf("cannot revoke the grant %q", c.Revoke)
	}
	return fmt.Sprintf("cannot grant %q to the %s %q", c.Entitlement, c.PrincipalType, c.Principal)
}
