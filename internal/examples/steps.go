package examples

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/replay"
)

// Results of a step without an error.
const (
	resultDone    = "done"
	resultAlready = "already"
	// resultActionRequired is that of an account that is created, and with which
	// something has to be done by hand.
	resultActionRequired = "action_required"
)

// stepped is the outcome of a step.
type stepped struct {
	result   string
	resource string // of a new account
	err      error
	requests []replay.Request
}

// step runs one step on a new connector, which has to read what it needs.
func (c *Case) step(ctx context.Context, env Environment, options connector.Options, i int, result *Result) error {
	s := &c.doc.Steps[i]
	replies := replay.Replies{}
	if err := addInline(replies, s.Replies, env.Operations); err != nil {
		return fmt.Errorf("%s: step %d: %w", c.Dir, i+1, err)
	}
	player := replay.NewPlayer(env.Operations, replies, c.replies)
	client, err := preview.Client(ctx, connected(options, player))
	if err != nil {
		return err
	}
	var done stepped
	if s.Create != nil {
		done, err = s.create(ctx, client, options.Name)
	} else {
		done.result, done.err, err = s.do(ctx, client, options.Name)
	}
	if err != nil {
		return fmt.Errorf("%s: step %d: %w", c.Dir, i+1, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if missing := player.Err(); missing != nil {
		return fmt.Errorf("%s: step %d: %w", c.Dir, i+1, missing)
	}
	done.requests = player.Requests()
	result.stepped = append(result.stepped, done)

	what := fmt.Sprintf("step %d, %s", i+1, s.what())
	lines := compareErrors("it", s.Error, done.err)
	if want := s.wanted(); done.err == nil && s.Error == "" && want != done.result {
		lines = append(lines, "- result: "+want, "+ result: "+done.result)
	}
	if s.Resource != "" && s.Resource != done.resource {
		lines = append(lines, "- resource: "+s.Resource, "+ resource: "+done.resource)
	}
	lines = append(lines, section("requests", compareRequests(s.Requests, done.requests))...)
	for _, name := range replies.Unused() {
		lines = append(lines, fmt.Sprintf("nothing asks for the reply %s", name))
	}
	result.Differences = append(result.Differences, section(what, lines)...)
	return nil
}

func (s *step) wanted() string {
	if s.Result == "" {
		return resultDone
	}
	return s.Result
}

func (s *step) what() string {
	switch {
	case s.Create != nil:
		return "create an account"
	case s.Grant != "":
		return fmt.Sprintf("grant %s to %s", s.Grant, s.To)
	case s.Delete != "":
		return "delete " + s.Delete
	case s.Invoke != "":
		return fmt.Sprintf("invoke %s on %s", s.Invoke, s.On)
	}
	return fmt.Sprintf("revoke %s from %s", s.Revoke, s.From)
}

// do does what the step asks for through the connector of that name. failed is the connector's error, err one of the step itself.
func (s *step) do(ctx context.Context, client types.ConnectorClient, name string) (result string, failed, err error) {
	switch {
	case s.Delete != "":
		result, failed, err = s.delete(ctx, client)
	case s.Invoke != "":
		result = resultDone
		failed, err = s.invoke(ctx, client)
	default:
		return s.change(ctx, client, name)
	}
	if failed != nil {
		return "", preview.Plain(name, failed), err
	}
	return result, nil, err
}

// create creates an account.
func (s *step) create(ctx context.Context, client types.ConnectorClient, name string) (done stepped, err error) {
	profile, err := structpb.NewStruct(s.Create)
	if err != nil {
		return done, fmt.Errorf("create: %w", err)
	}
	request := v2.CreateAccountRequest_builder{AccountInfo: v2.AccountInfo_builder{Profile: profile}.Build()}
	switch s.With {
	case "":
	case "no_password":
		request.CredentialOptions = v2.CredentialOptions_builder{NoPassword: &v2.CredentialOptions_NoPassword{}}.Build()
	case "random_password":
		request.CredentialOptions = v2.CredentialOptions_builder{RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 20}.Build()}.Build()
	default:
		return done, fmt.Errorf("with: %q is neither no_password nor random_password", s.With)
	}
	provider, err := providers.GetEncryptionProvider(jwk.EncryptionProviderJwk)
	if err != nil {
		return done, err
	}
	config, _, err := provider.GenerateKey(ctx) // Nobody reads the password.
	if err != nil {
		return done, err
	}
	request.EncryptionConfigs = []*v2.EncryptionConfig{config}
	reply, failed := client.CreateAccount(ctx, request.Build())
	if failed != nil {
		done.err = preview.Plain(name, failed)
		return done, nil
	}
	resource := reply.GetSuccess().GetResource()
	done.result = resultDone
	switch {
	case reply.HasAlreadyExists():
		done.result, resource = resultAlready, reply.GetAlreadyExists().GetResource()
	case reply.HasActionRequired():
		done.result, resource = resultActionRequired, reply.GetActionRequired().GetResource()
	}
	done.resource = resource.GetId().GetResourceType() + ":" + resource.GetId().GetResource()
	return done, nil
}

func (s *step) delete(ctx context.Context, client types.ConnectorClient) (result string, failed, err error) {
	r, err := resourceOf(s.Delete)
	if err != nil {
		return "", nil, err
	}
	reply, failed := client.DeleteResource(ctx, v2.DeleteResourceRequest_builder{ResourceId: r.GetId()}.Build())
	annos := annotations.Annotations(reply.GetAnnotations())
	if annos.Contains(&v2.ResourceDoesNotExist{}) {
		return resultAlready, failed, nil
	}
	return resultDone, failed, nil
}

// inlineWait is longer than any action takes.
const inlineWait = 5 * time.Minute

func (s *step) invoke(ctx context.Context, client types.ConnectorClient) (failed, err error) {
	on, err := resourceOf(s.On)
	if err != nil {
		return nil, err
	}
	arguments, err := structpb.NewStruct(s.Inputs)
	if err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	typeID := on.GetId().GetResourceType()
	arguments.Fields[typeID+"_id"] = structpb.NewStringValue(on.GetId().GetResource())
	schemas, failed := client.ListActionSchemas(ctx, &v2.ListActionSchemasRequest{})
	if failed != nil {
		return failed, nil
	}
	of := typeID
	for _, schema := range schemas.GetSchemas() {
		if schema.GetName() == s.Invoke && schema.GetResourceTypeId() == "" {
			of = "" // An action of the connector.
		}
	}
	reply, failed := client.InvokeAction(ctx, v2.InvokeActionRequest_builder{
		Name: s.Invoke, ResourceTypeId: of, Args: arguments, InlineWait: durationpb.New(inlineWait),
	}.Build())
	if failed == nil && reply.GetStatus() != v2.BatonActionStatus_BATON_ACTION_STATUS_COMPLETE {
		failed = errors.New(reply.GetResponse().GetFields()["error"].GetStringValue())
	}
	return failed, nil
}

// change grants or revokes.
func (s *step) change(ctx context.Context, client types.ConnectorClient, name string) (result string, failed, err error) {
	entitlement, err := entitlementOf(s.Grant + s.Revoke)
	if err != nil {
		return "", nil, err
	}
	principal, err := resourceOf(s.To + s.From)
	if err != nil {
		return "", nil, err
	}
	var annos annotations.Annotations
	var already proto.Message = &v2.GrantAlreadyExists{}
	if s.Grant != "" {
		var reply *v2.GrantManagerServiceGrantResponse
		reply, failed = client.Grant(ctx, v2.GrantManagerServiceGrantRequest_builder{Entitlement: entitlement, Principal: principal}.Build())
		annos = reply.GetAnnotations()
	} else {
		var reply *v2.GrantManagerServiceRevokeResponse
		grant := v2.Grant_builder{Id: s.Revoke + ":" + s.From, Entitlement: entitlement, Principal: principal}.Build()
		reply, failed = client.Revoke(ctx, v2.GrantManagerServiceRevokeRequest_builder{Grant: grant}.Build())
		annos, already = reply.GetAnnotations(), &v2.GrantAlreadyRevoked{}
	}
	if failed != nil {
		return "", preview.Plain(name, failed), nil
	}
	if annos.Contains(already) {
		return resultAlready, nil, nil
	}
	return resultDone, nil, nil
}

// resourceOf returns the resource with an id, TYPE:ID.
func resourceOf(text string) (*v2.Resource, error) {
	typ, id, ok := strings.Cut(text, ":")
	if !ok || typ == "" || id == "" {
		return nil, fmt.Errorf("%q is not TYPE:ID, as in user:U1", text)
	}
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: typ, Resource: id}.Build()}.Build(), nil
}

// entitlementOf returns the entitlement with an id, TYPE:ID:SLUG.
func entitlementOf(text string) (*v2.Entitlement, error) {
	end := strings.LastIndexByte(text, ':')
	if end < 0 {
		end = 0
	}
	on, err := resourceOf(text[:end])
	if err != nil {
		return nil, fmt.Errorf("%q is not TYPE:ID:SLUG, as in role:Editor:assigned", text)
	}
	return v2.Entitlement_builder{Id: text, Resource: on, Slug: text[end+1:]}.Build(), nil
}
