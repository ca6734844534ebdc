package oneshot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	config "github.com/conductorone/baton-sdk/pb/c1/config/v1"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/actions"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// Act is something that is done at the API without a file. One of Delete, Invoke and
// ListActions is set.
type Act struct {
	// Delete is the id of a resource to delete. Without a DeleteType it is the only type
	// whose resources can be deleted.
	Delete, DeleteType string

	// Invoke is the name of an action, and Arguments the JSON object with its arguments.
	// Without an InvokeType it is an action of the connector, or else of the only type that
	// has one of that name.
	Invoke, InvokeType, Arguments string

	// ListActions asks for the schemas of all actions, or of those of ListType.
	ListActions bool
	ListType    string
}

// Run does it and returns the result for people: a line, or for ListActions a JSON array.
// Its errors are like those of [Provision].
func (a Act) Run(ctx context.Context, name string, newServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error)) (string, error) {
	server, err := newServer(ctx, &Session{})
	if err != nil {
		return "", err
	}
	defer closeServer(ctx, server)
	d := &doing{Act: a, client: NewClient(ctx, server)}
	done, err := d.run(ctx)
	return done, ended(ctx, name, err)
}

// doing is one act in progress.
type doing struct {
	Act
	client types.ConnectorClient
}

func (d *doing) run(ctx context.Context) (string, error) {
	switch {
	case d.Invoke != "":
		return d.invoke(ctx)
	case d.Delete != "":
		return d.delete(ctx)
	}
	return d.list(ctx)
}

func (d *doing) delete(ctx context.Context) (string, error) {
	typeID, err := d.deletable(ctx)
	if err != nil {
		return "", err
	}
	id := v2.ResourceId_builder{ResourceType: typeID, Resource: d.Delete}.Build()
	found, err := d.client.GetResource(ctx, v2.ResourceGetterServiceGetResourceRequest_builder{ResourceId: id}.Build())
	switch {
	case status.Code(err) == codes.NotFound:
		return fmt.Sprintf("nothing to delete: no %s has the id %s", typeID, readable(d.Delete)), nil
	case err != nil:
		return "", err
	}
	if _, err := d.client.DeleteResource(ctx, v2.DeleteResourceRequest_builder{ResourceId: id}.Build()); err != nil {
		return "", err
	}
	return fmt.Sprintf("deleted the %s %s", typeID, called(found.GetResource())), nil
}

// deletable returns the type of the resource to delete.
func (d *doing) deletable(ctx context.Context) (string, error) {
	reply, err := d.client.GetMetadata(ctx, &v2.ConnectorServiceGetMetadataRequest{})
	if err != nil {
		return "", err
	}
	var can []string
	for _, t := range reply.GetMetadata().GetCapabilities().GetResourceTypeCapabilities() {
		if slices.Contains(t.GetCapabilities(), v2.Capability_CAPABILITY_RESOURCE_DELETE) {
			can = append(can, t.GetResourceType().GetId())
		}
	}
	switch {
	case slices.Contains(can, d.DeleteType):
		return d.DeleteType, nil
	case len(can) == 0:
		return "", status.Error(codes.Unimplemented, "--delete-resource: the mapping says of no type how to delete")
	case d.DeleteType != "":
		return "", status.Errorf(codes.InvalidArgument, "--delete-resource-type %q: only a %s can be deleted", d.DeleteType, strings.Join(can, " or a "))
	case len(can) > 1:
		return "", status.Errorf(codes.InvalidArgument, "--delete-resource-type is missing: a %s can be deleted", strings.Join(can, " or a "))
	}
	return can[0], nil
}

// inlineWait is longer than any action takes.
const inlineWait = 5 * time.Minute

func (d *doing) invoke(ctx context.Context) (string, error) {
	arguments, err := d.arguments()
	if err != nil {
		return "", err
	}
	schema, err := d.action(ctx)
	if err != nil {
		return "", err
	}
	reply, err := d.client.InvokeAction(ctx, v2.InvokeActionRequest_builder{
		Name: schema.GetName(), ResourceTypeId: schema.GetResourceTypeId(), Args: arguments, InlineWait: durationpb.New(inlineWait),
	}.Build())
	if err != nil {
		return "", err
	}
	result := reply.GetResponse()
	if reply.GetStatus() != v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE {
		return "", errors.New(cmp.Or(result.GetFields()["error"].GetStringValue(), schema.GetName()+" did not end: "+reply.GetStatus().String()))
	}
	on := shown(result)
	if on == "" {
		on = named(schema, arguments)
	}
	return fmt.Sprintf("%s: done: %s", schema.GetName(), on), nil
}

// named describes the resource that an action is for by the argument with its id, which
// is the first.
func named(schema *v2.BatonActionSchema, arguments *structpb.Struct) string {
	argument := schema.GetArguments()[0].GetName()
	id := arguments.GetFields()[argument].GetStringValue()
	if of, ok := actions.GetResourceIDArg(arguments, argument); ok {
		id = of.GetResource()
	}
	return strings.TrimSuffix(argument, "_id") + " " + readable(id)
}

// arguments reads the arguments of an action.
func (d *doing) arguments() (*structpb.Struct, error) {
	arguments := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(cmp.Or(strings.TrimSpace(d.Arguments), "{}")), arguments); err != nil {
		return nil, status.Error(codes.InvalidArgument, `--invoke-action-args is not a JSON object; write it as in '{"user_id": "U2abc"}'`)
	}
	return arguments, nil
}

// action returns the schema of the action to invoke.
func (d *doing) action(ctx context.Context) (*v2.BatonActionSchema, error) {
	all, err := d.schemas(ctx, "")
	if err != nil {
		return nil, err
	}
	var names, types []string
	var found *v2.BatonActionSchema
	for _, s := range all {
		names = append(names, s.GetName())
		if s.GetName() != d.Invoke {
			continue
		}
		switch of := s.GetResourceTypeId(); {
		case of == d.InvokeType:
			return s, nil
		case of != "":
			found, types = s, append(types, of)
		}
	}
	switch {
	case len(names) == 0:
		return nil, status.Error(codes.Unimplemented, "--invoke-action: the mapping has no actions")
	case d.InvokeType == "" && len(types) == 1:
		return found, nil
	case d.InvokeType == "" && len(types) > 1:
		return nil, status.Errorf(codes.InvalidArgument, "--invoke-action-resource-type is missing: a %s have an action %s", strings.Join(types, " and a "), d.Invoke)
	case slices.Contains(names, d.Invoke):
		return nil, status.Errorf(codes.NotFound, "--invoke-action-resource-type %q: no such type has an action %s; leave it out", d.InvokeType, d.Invoke)
	}
	return nil, status.Errorf(codes.NotFound, "--invoke-action: there is no action %q%s", d.Invoke, spelling.DidYouMean(d.Invoke, names))
}

// schemas returns the schemas of actions, sorted by name and type.
func (d *doing) schemas(ctx context.Context, typeID string) ([]*v2.BatonActionSchema, error) {
	reply, err := d.client.ListActionSchemas(ctx, v2.ListActionSchemasRequest_builder{ResourceTypeId: typeID}.Build())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(reply.GetSchemas(), func(a, b *v2.BatonActionSchema) int {
		return cmp.Or(strings.Compare(a.GetName(), b.GetName()), strings.Compare(a.GetResourceTypeId(), b.GetResourceTypeId()))
	})
	return reply.GetSchemas(), nil
}

func (d *doing) list(ctx context.Context) (string, error) {
	schemas, err := d.schemas(ctx, d.ListType)
	if err != nil {
		return "", err
	}
	if len(schemas) == 0 && d.ListType != "" {
		return "", status.Errorf(codes.NotFound, "--list-action-schemas-resource-type %q: no such type has actions of its own; leave it out", d.ListType)
	}
	all := make([]json.RawMessage, len(schemas))
	for i, s := range schemas {
		if all[i], err = protojson.Marshal(s); err != nil {
			return "", err
		}
	}
	written, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = json.Indent(&b, written, "", "  ")
	return b.String(), err
}

// shown describes the resource in the result of an action; nothing when there is none.
func shown(result *structpb.Struct) string {
	of, ok := result.GetFields()["resource"]
	if !ok {
		return ""
	}
	written, err := protojson.Marshal(of)
	if err != nil {
		return ""
	}
	r := &config.Resource{}
	if err := protojson.Unmarshal(written, r); err != nil {
		return ""
	}
	rid := r.GetResourceId()
	id := v2.ResourceId_builder{ResourceType: rid.GetResourceTypeId(), Resource: rid.GetResourceId()}.Build()
	return fmt.Sprintf("%s %s", id.GetResourceType(), called(v2.Resource_builder{Id: id, DisplayName: r.GetDisplayName()}.Build()))
}
