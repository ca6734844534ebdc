package oneshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	reader_v2 "github.com/conductorone/baton-sdk/pb/c1/reader/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// Change is one grant to make or to revoke.
type Change struct {
	// File is the c1z with the entitlement and the principal, or with the grant. The
	// missing parts of a grant to make are looked up at the API.
	File string
	// TempDir is where the SDK unpacks the file, in a folder of the run, which is used for
	// all temporary files of this process meanwhile.
	TempDir string

	// Ids; of a grant to make. Without PrincipalType it is the only type that can hold
	// the entitlement.
	Entitlement, Principal, PrincipalType string

	Revoke string // The id of a grant to revoke; empty for none.
}

// Provision makes a change and returns the result as a line for people. An
// interruption by a signal of [WithSignals] is a [*Stopped]. Other errors carry the
// gRPC code of their cause, NotFound for an id that neither the file nor the API has.
func Provision(ctx context.Context, name string, newServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error), c Change) (done string, err error) {
	file, err := target(c.File)
	if err != nil {
		return "", fmt.Errorf("--file %s: %w", c.File, err)
	}
	temp, err := newTempFolder(name, c.TempDir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, temp.remove()) }()
	if err := temp.systemWide(); err != nil { // The SDK asks for it so.
		return "", err
	}
	server, err := newServer(ctx, &Session{})
	if err != nil {
		return "", err
	}
	defer closeServer(ctx, server)
	p := &provisioning{Change: c, name: name, path: file, temp: temp.path, client: NewClient(ctx, server)}
	done, err = p.run(ctx)
	return done, ended(ctx, name, err)
}

// ended returns the error of a change that ended with one; nil for nil.
func ended(ctx context.Context, name string, err error) error {
	if signal, ok := signalOf(ctx); ok && err != nil {
		return &Stopped{signal, fmt.Sprintf("stopped by %s; whether the change was made shows in the next sync", nameOf(signal))}
	}
	if err != nil {
		return &failure{err, plain(name, err)}
	}
	return nil
}

// provisioning is one change in progress.
type provisioning struct {
	Change
	name   string
	path   string // The file, and where it is unpacked.
	temp   string
	client types.ConnectorClient
	types  []string // The ids of the connector's resource types.
	file   connectorstore.Reader
	// lookedUp lists what the file lacks and the API was asked for.
	lookedUp []string
}

func (p *provisioning) run(ctx context.Context) (string, error) {
	list, err := p.client.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	if err != nil {
		return "", err
	}
	for _, t := range list.GetList() {
		p.types = append(p.types, t.GetId())
	}
	if err := p.open(ctx); err != nil {
		return "", err
	}
	defer func() {
		if err := p.file.Close(context.WithoutCancel(ctx)); err != nil { // The change was made all the same.
			ctxzap.Extract(ctx).Warn("closing the file failed", zap.String("file", p.File), zap.Error(err))
		}
	}()
	if p.Revoke != "" {
		return p.revoke(ctx)
	}
	return p.grant(ctx)
}

// open opens the file, which has to be a sync of this connector.
func (p *provisioning) open(ctx context.Context) error {
	info, err := os.Stat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return status.Errorf(codes.NotFound, "there is no file %s: sync into it first, and copy the ids from there", p.File)
	case err != nil:
		return fmt.Errorf("--file %s: %w", p.File, err)
	case info.Size() == 0:
		return p.noSync()
	}
	store, err := dotc1z.NewStore(ctx, p.path, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp))
	if err != nil {
		return fmt.Errorf("--file %s: the file cannot be read as a c1z: %w; sync into another", p.File, err)
	}
	p.file = store
	if err = p.checkTypes(ctx); err != nil {
		err = errors.Join(err, store.Close(ctx))
	}
	return err
}

// checkTypes verifies that the file has a sync of this connector.
func (p *provisioning) checkTypes(ctx context.Context) error {
	switch types, ours, err := typesOf(ctx, p.file, p.types); {
	case err != nil:
		return p.unreadable(err)
	case ours:
		return nil
	case types == "":
		return p.noSync()
	default:
		return fmt.Errorf("--file %s: the file holds a sync of another connector (resource types %s); choose another", p.File, types)
	}
}

func (p *provisioning) noSync() error {
	return status.Errorf(codes.NotFound, "%s holds no sync: sync into it first, and copy the ids from there", p.File)
}

func (p *provisioning) unreadable(err error) error {
	return fmt.Errorf("cannot read %s: %w", p.File, err)
}

func (p *provisioning) grant(ctx context.Context) (string, error) {
	switch {
	case p.Principal == "":
		return "", status.Error(codes.InvalidArgument, "--grant-principal is missing: give the id of who is to have it")
	case p.PrincipalType != "" && !slices.Contains(p.types, p.PrincipalType):
		return "", status.Errorf(codes.InvalidArgument, "--grant-principal-type: there is no resource type %q%s", p.PrincipalType, spelling.DidYouMean(p.PrincipalType, p.types))
	}
	entitlement, err := p.entitlement(ctx, p.Entitlement)
	if status.Code(err) == codes.NotFound && p.PrincipalType != "" {
		_, principalErr := p.principal(ctx, p.PrincipalType, p.Principal)
		return "", errors.Join(err, principalErr) // Both, to spare a third run.
	}
	if err != nil {
		return "", err
	}
	holder, err := p.holderType(entitlement)
	if err != nil {
		return "", err
	}
	principal, err := p.principal(ctx, holder, p.Principal)
	if err != nil {
		return "", err
	}
	reply, err := p.client.Grant(ctx, v2.GrantManagerServiceGrantRequest_builder{Entitlement: entitlement, Principal: principal}.Build())
	if err != nil {
		return "", err
	}
	annos := annotations.Annotations(reply.GetAnnotations())
	if annos.Contains(&v2.GrantAlreadyExists{}) {
		return "nothing to do: held already by " + called(principal) + p.remark(), nil
	}
	return fmt.Sprintf("granted %s to %s%s", readable(entitlement.GetId()), called(principal), p.remark()), nil
}

func (p *provisioning) revoke(ctx context.Context) (string, error) {
	found, err := p.file.GetGrant(ctx, reader_v2.GrantsReaderServiceGetGrantRequest_builder{GrantId: p.Revoke}.Build())
	switch {
	case status.Code(err) == codes.NotFound:
		return "", p.noGrant(ctx)
	case err != nil:
		return "", p.unreadable(err)
	}
	grant := found.GetGrant()
	entitlement, err := p.entitlement(ctx, grant.GetEntitlement().GetId())
	if err != nil {
		return "", err
	}
	principal, err := p.resource(ctx, grant.GetPrincipal().GetId())
	if err != nil {
		return "", err
	}
	reply, err := p.client.Revoke(ctx, v2.GrantManagerServiceRevokeRequest_builder{
		Grant: v2.Grant_builder{Id: grant.GetId(), Entitlement: entitlement, Principal: principal, Annotations: grant.GetAnnotations()}.Build(),
	}.Build())
	if err != nil {
		return "", err
	}
	annos := annotations.Annotations(reply.GetAnnotations())
	if annos.Contains(&v2.GrantAlreadyRevoked{}) {
		return "nothing to do: not held any more by " + called(principal), nil
	}
	return fmt.Sprintf("revoked %s from %s", readable(entitlement.GetId()), called(principal)), nil
}

// entitlement returns an entitlement with its resource, from the file, or else from the
// connector for a resource at the API.
func (p *provisioning) entitlement(ctx context.Context, id string) (*v2.Entitlement, error) {
	found, err := p.file.GetEntitlement(ctx, reader_v2.EntitlementsReaderServiceGetEntitlementRequest_builder{EntitlementId: id}.Build())
	switch {
	case status.Code(err) == codes.NotFound:
		return p.lookUpEntitlement(ctx, id)
	case err != nil:
		return nil, p.unreadable(err)
	}
	entitlement := found.GetEntitlement()
	on, err := p.resource(ctx, entitlement.GetResource().GetId())
	if err != nil {
		return nil, err
	}
	annos := annotations.Annotations(on.GetAnnotations())
	if annos.Contains(&v2.BatonID{}) {
		return nil, status.Errorf(codes.FailedPrecondition, "%s is on a resource of another connector, and is changed with that one", readable(id))
	}
	entitlement.SetResource(on) // In the file it has only its id.
	return entitlement, nil
}

// lookUpEntitlement returns an entitlement that the file lacks. Its resource has to
// exist at the API.
func (p *provisioning) lookUpEntitlement(ctx context.Context, id string) (*v2.Entitlement, error) {
	rid, _ := splitEntitlement(id)
	switch {
	case rid == nil:
		return nil, p.noEntitlement(ctx, id, "; an id has the form TYPE:ID:ENTITLEMENT")
	case !slices.Contains(p.types, rid.GetResourceType()):
		return nil, status.Errorf(codes.NotFound, "%s has no entitlement %q: there is no resource type %q%s",
			p.File, id, rid.GetResourceType(), spelling.DidYouMean(rid.GetResourceType(), p.types))
	}
	on, why, err := p.lookUp(ctx, rid)
	if err != nil {
		return nil, err
	}
	if on == nil {
		return nil, p.noEntitlement(ctx, id, why)
	}
	list, err := p.client.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{Resource: on}.Build())
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, entitlement := range list.GetList() {
		if entitlement.GetId() == id {
			p.lookedUp = append(p.lookedUp, "entitlement")
			entitlement.SetResource(on)
			return entitlement, nil
		}
		ids = append(ids, entitlement.GetId())
	}
	return nil, status.Errorf(codes.NotFound, "there is no entitlement %q%s", id, spelling.DidYouMean(id, ids))
}

// splitEntitlement splits the id of an entitlement into the id of its resource, nil if
// malformed, and its slug.
func splitEntitlement(id string) (on *v2.ResourceId, slug string) {
	typeID, rest, _ := strings.Cut(id, ":")
	end := strings.LastIndex(rest, ":")
	if typeID == "" || end <= 0 || end == len(rest)-1 {
		return nil, ""
	}
	return v2.ResourceId_builder{ResourceType: typeID, Resource: rest[:end]}.Build(), rest[end+1:]
}

// holderType returns the resource type of the principal.
func (p *provisioning) holderType(entitlement *v2.Entitlement) (string, error) {
	var may []string
	for _, t := range entitlement.GetGrantableTo() {
		may = append(may, t.GetId())
	}
	if may == nil { // Any type may.
		may = p.types
	}
	switch {
	case slices.Contains(may, p.PrincipalType):
		return p.PrincipalType, nil
	case p.PrincipalType != "":
		return "", status.Errorf(codes.InvalidArgument, "--grant-principal-type %q: %s can be held by a %s only", p.PrincipalType, readable(entitlement.GetId()), strings.Join(may, " or a "))
	case len(may) > 1:
		return "", status.Errorf(codes.InvalidArgument, "--grant-principal-type is missing: %s can be held by a %s", readable(entitlement.GetId()), strings.Join(may, " or a "))
	}
	return may[0], nil
}

// principal returns the resource of the principal. A name or an e-mail address in place
// of the id is refused.
func (p *provisioning) principal(ctx context.Context, typeID, id string) (*v2.Resource, error) {
	found, err := p.inFile(ctx, v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build())
	if found != nil || err != nil {
		return found, err
	}
	meant, err := p.suggestPrincipal(ctx, typeID, id)
	if err != nil {
		return nil, err
	}
	if meant != "" {
		return nil, status.Errorf(codes.NotFound, "%s has no %s with the id %q%s", p.File, typeID, id, meant)
	}
	return p.resource(ctx, v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build())
}

// resource returns a resource from the file, or else from the API.
func (p *provisioning) resource(ctx context.Context, id *v2.ResourceId) (*v2.Resource, error) {
	found, err := p.inFile(ctx, id)
	if found != nil || err != nil {
		return found, err
	}
	found, why, err := p.lookUp(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, status.Errorf(codes.NotFound, "%s has no %s %q%s", p.File, id.GetResourceType(), id.GetResource(), why)
	}
	p.lookedUp = append(p.lookedUp, id.GetResourceType())
	return found, nil
}

// inFile returns a resource from the file; nil if it has none with that id.
func (p *provisioning) inFile(ctx context.Context, id *v2.ResourceId) (*v2.Resource, error) {
	found, err := p.file.GetResource(ctx, reader_v2.ResourcesReaderServiceGetResourceRequest_builder{ResourceId: id}.Build())
	switch {
	case status.Code(err) == codes.NotFound:
		return nil, nil
	case err != nil:
		return nil, p.unreadable(err)
	}
	return found.GetResource(), nil
}

// lookUp returns a resource from the API; nil and the reason if it has none with that
// id, or cannot be asked for a single one.
func (p *provisioning) lookUp(ctx context.Context, id *v2.ResourceId) (_ *v2.Resource, why string, err error) {
	reply, err := p.client.GetResource(ctx, v2.ResourceGetterServiceGetResourceRequest_builder{ResourceId: id}.Build())
	switch status.Code(err) { //nolint:exhaustive // All others are errors.
	case codes.OK:
		return reply.GetResource(), "", nil
	case codes.Unimplemented:
		return nil, fmt.Sprintf(", and the API is not asked for a single %s: sync into that file first", id.GetResourceType()), nil
	case codes.NotFound, codes.InvalidArgument:
		return nil, ", nor has the API: " + plain(p.name, err), nil
	}
	return nil, "", err
}

// remark lists what was looked up at the API, for the end of a line.
func (p *provisioning) remark() string {
	if p.lookedUp == nil {
		return ""
	}
	return fmt.Sprintf("; not in %s and looked up at the API: %s", p.File, strings.Join(p.lookedUp, ", "))
}

// called formats the name and the id of a resource.
func called(r *v2.Resource) string {
	name, id := r.GetDisplayName(), r.GetId().GetResource()
	if name == "" || name == id {
		return readable(id)
	}
	return fmt.Sprintf("%s (%s)", readable(name), readable(id))
}

// readable returns a text of the API, quoted if it would disturb a line of output.
func readable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
