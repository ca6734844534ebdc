package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	config "github.com/conductorone/baton-sdk/pb/c1/config/v1"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/actions"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/mapping"
)

// GlobalActions registers the actions of accounts, which ConductorOne looks for among
// those of the connector.
func (c *Connector) GlobalActions(ctx context.Context, registry actions.ActionRegistry) error {
	for _, t := range c.plan.Types {
		if err := c.registerActions(ctx, registry, t, true); err != nil {
			return err
		}
	}
	return nil
}

// ResourceActions registers the other actions of the type.
func (s *syncer) ResourceActions(ctx context.Context, registry actions.ActionRegistry) error {
	return s.registerActions(ctx, registry, s.typ, false)
}

func (c *Connector) registerActions(ctx context.Context, registry actions.ActionRegistry, t *mapping.ResourceType, ofAccount bool) error {
	for _, a := range t.Actions {
		if a.Kind.OfAccount() != ofAccount {
			continue
		}
		if err := registry.Register(ctx, actionSchema(t, a), c.actionHandler(t, a)); err != nil {
			return fmt.Errorf("action %s of %s: %w", a.Name, t.ID, err)
		}
	}
	return nil
}

var actionTypes = map[mapping.ActionKind][]v2.ActionType{
	mapping.ActionDynamic:              {v2.ActionType_ACTION_TYPE_DYNAMIC},
	mapping.ActionAccount:              {v2.ActionType_ACTION_TYPE_ACCOUNT},
	mapping.ActionAccountEnable:        {v2.ActionType_ACTION_TYPE_ACCOUNT, v2.ActionType_ACTION_TYPE_ACCOUNT_ENABLE},
	mapping.ActionAccountDisable:       {v2.ActionType_ACTION_TYPE_ACCOUNT, v2.ActionType_ACTION_TYPE_ACCOUNT_DISABLE},
	mapping.ActionAccountUpdateProfile: {v2.ActionType_ACTION_TYPE_ACCOUNT, v2.ActionType_ACTION_TYPE_ACCOUNT_UPDATE_PROFILE},
	mapping.ActionEnable:               {v2.ActionType_ACTION_TYPE_RESOURCE_ENABLE},
	mapping.ActionDisable:              {v2.ActionType_ACTION_TYPE_RESOURCE_DISABLE},
}

// Names in the arguments and the result of an action.
const (
	resultSuccess  = "success"
	resultResource = "resource"
)

// actionSchema describes an action to the SDK.
func actionSchema(t *mapping.ResourceType, a *mapping.Action) *v2.BatonActionSchema {
	on := config.Field_builder{Name: resourceArgument(t), DisplayName: t.DisplayName, IsRequired: true}
	if a.Kind.OfAccount() {
		on.Description = fmt.Sprintf("The id of the %s.", t.ID)
		on.StringField = &config.StringField{}
	} else {
		on.ResourceIdField = config.ResourceIdField_builder{Rules: config.ResourceIDRules_builder{AllowedResourceTypeIds: []string{t.ID}}.Build()}.Build()
	}
	arguments := []*config.Field{on.Build()}
	for _, in := range a.Inputs {
		arguments = append(arguments, argumentField(in))
	}
	return v2.BatonActionSchema_builder{
		Name:        a.Name,
		DisplayName: a.DisplayName,
		Description: a.Description,
		ActionType:  actionTypes[a.Kind],
		Arguments:   arguments,
		ReturnTypes: []*config.Field{
			config.Field_builder{Name: resultSuccess, DisplayName: "Success", BoolField: &config.BoolField{}}.Build(),
			config.Field_builder{Name: resultResource, DisplayName: t.DisplayName, ResourceField: &config.ResourceField{}}.Build(),
		},
	}.Build()
}

// resourceArgument is the argument that says which resource an action is for.
func resourceArgument(t *mapping.ResourceType) string { return t.ID + "_id" }

// argumentField describes an input. An object is text: JSON.
func argumentField(in *mapping.Input) *config.Field {
	f := config.Field_builder{
		Name: in.Name, DisplayName: in.DisplayName, Description: in.Description, Placeholder: in.Placeholder, IsRequired: in.Required,
	}
	switch in.Kind {
	case mapping.FieldTruth:
		f.BoolField = &config.BoolField{}
	case mapping.FieldNumber:
		f.IntField = &config.IntField{}
	case mapping.FieldTexts:
		f.StringSliceField = &config.StringSliceField{}
	case mapping.FieldText, mapping.FieldObject:
		f.StringField = &config.StringField{}
	}
	return f.Build()
}

// actionTime is how long an action may take: the SDK keeps running actions in memory
// alone, so that one must end before its process may.
const actionTime = 25 * time.Second

func (c *Connector) actionHandler(t *mapping.ResourceType, a *mapping.Action) actions.ActionHandler {
	return func(ctx context.Context, arguments *structpb.Struct) (*structpb.Struct, annotations.Annotations, error) {
		in, err := c.invocationOf(t, a, arguments)
		if err != nil {
			return nil, nil, c.wrap(fmt.Errorf("%s: %w", a.Name, err))
		}
		result, err := in.invoke(ctx)
		if err != nil {
			return nil, nil, c.wrap(fmt.Errorf("%s for %s: %w", a.Name, in.subject, err))
		}
		return result, nil, nil
	}
}

// invocation is one action on one resource.
type invocation struct {
	*mapping.Action
	*subject
	inputs map[string]any
	before mapping.Record
	// after is the record as a reply or a read showed it last, none before; last reports
	// that the reply is that of the last call.
	after mapping.Record
	last  bool
	// sent reports that a call was begun.
	sent bool
}

// invocationOf reads the arguments of an action.
func (c *Connector) invocationOf(t *mapping.ResourceType, a *mapping.Action, arguments *structpb.Struct) (*invocation, error) {
	given := arguments.AsMap()
	name := resourceArgument(t)
	id, ok := actions.GetResourceIDArg(arguments, name)
	if !ok {
		text, isText := given[name].(string)
		switch {
		case given[name] == nil || isText && text == "":
			return nil, errorf(codes.InvalidArgument, "%s is required: the id of the %s", name, t.ID)
		case !isText:
			return nil, errorf(codes.InvalidArgument, "%s is not an id: write it as text, in quotes", name)
		}
		id = v2.ResourceId_builder{ResourceType: t.ID, Resource: text}.Build()
	}
	delete(given, name)
	of, err := c.subjectOf(t, id)
	if err != nil {
		return nil, err
	}
	inputs, err := a.ReadInputs(given)
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "%w", err)
	}
	return &invocation{Action: a, subject: of, inputs: inputs}, nil
}

// invoke does what the action is for, in the time that it has.
func (in *invocation) invoke(ctx context.Context) (*structpb.Struct, error) {
	ctx, cancel := context.WithTimeout(ctx, actionTime)
	defer cancel()
	err := in.run(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && in.sent:
		return nil, errorf(codes.Aborted, "not finished within %v; it may have been done all the same: a sync shows it", actionTime)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, errorf(codes.Aborted, "not begun within %v: the API is slow, or its rate limit is used up; try again later", actionTime)
	case err != nil:
		return nil, err
	}
	return in.result(ctx), nil
}

func (in *invocation) run(ctx context.Context) error {
	var there bool
	var err error
	if in.before, there, err = in.read(ctx); err != nil {
		return err
	}
	if !there {
		return errorf(codes.NotFound, "there is no %s", in.subject)
	}
	if now, word := in.typ.StatusOf(in.before); in.OnlyIf != mapping.StatusUnknown && now != in.OnlyIf {
		return errorf(codes.FailedPrecondition, "the status is %q, and must be %s", word, in.OnlyIf)
	}
	// All calls are made, whatever the status is: an earlier run may have stopped
	// between two of them.
	for i, call := range in.Calls {
		if err := in.make(ctx, i, call); err != nil {
			return err
		}
	}
	return in.confirm(ctx)
}

// make makes one call, and takes the record from its reply.
func (in *invocation) make(ctx context.Context, i int, call *mapping.Call) error {
	request, err := call.Request(mapping.Inputs{Resource: in.id, Record: in.before, Input: in.inputs})
	if err != nil {
		return errorf(codes.InvalidArgument, "%w", err)
	}
	if err := in.canStart(ctx, call); err != nil {
		return err
	}
	a := attempt{call: call, request: request}
	if in.ShowsStatus(i) {
		a.done = in.reached
	}
	in.sent = true
	reply, err := in.send(ctx, a, actionTime)
	if err != nil || reply == nil {
		return err
	}
	record, ok := call.Record(reply)
	if !ok {
		return nil
	}
	id, err := in.typ.IDOf(record)
	if err != nil {
		return lacksID(err)
	}
	if id.String() != in.id.String() {
		return errorf(codes.Internal, "%s answered with the %s %q: it may have been done to %q, and not to %q; look at both, and undo what is wrong",
			call.Operation.Name, in.typ.ID, id, id, in.id)
	}
	in.after, in.last = record, i == len(in.Calls)-1
	return nil
}

// canStart returns an error when the limit of an operation lets a call start too late.
func (in *invocation) canStart(ctx context.Context, call *mapping.Call) error {
	earliest := in.transport.Earliest(call.Operation.Name, 1)
	if deadline, ok := ctx.Deadline(); !ok || earliest.Before(deadline) {
		return nil
	}
	return errorf(codes.Unavailable, "%s: the rate limit is used up: try again after %s", call.Operation.Name, earliest.UTC().Format(time.RFC3339))
}

// reached reads whether the resource has the status that it is to have.
func (in *invocation) reached(ctx context.Context) (bool, error) {
	record, _, err := in.read(ctx)
	if err != nil {
		return false, err
	}
	in.after, in.last = record, false
	return in.shown(), nil
}

// shown reports whether the record that was seen last has the status that it is to have.
func (in *invocation) shown() bool {
	if !in.after.Given() {
		return false
	}
	now, _ := in.typ.StatusOf(in.after)
	return now == in.Becomes
}

// confirm verifies that the resource has the status that it is to have: by the record in
// a reply, or else by reading, which may lag behind.
func (in *invocation) confirm(ctx context.Context) error {
	if in.Becomes == mapping.StatusUnknown {
		return nil
	}
	start := time.Now()
	for try := 1; !in.last && !in.shown(); try++ {
		reached, err := in.reached(ctx)
		if err != nil {
			return fmt.Errorf("the calls reported success, but reading it back failed: %w", err)
		}
		if reached || time.Since(start) >= lag {
			break
		}
		if err := pause(ctx, time.Duration(try)*pauseBetween); err != nil {
			return err
		}
	}
	switch {
	case in.shown():
		return nil
	case !in.after.Given():
		return errorf(codes.FailedPrecondition, "the calls reported success, but there is no %s any more", in.subject)
	}
	_, word := in.typ.StatusOf(in.after)
	return errorf(codes.Internal, "the calls reported success, but the status is %q, and not %s", word, in.Becomes)
}

// result says that it was done, with the resource where its record is known.
func (in *invocation) result(ctx context.Context) *structpb.Struct {
	if !in.after.Given() {
		return actions.NewReturnValues(true)
	}
	var shown actions.ReturnField
	r, err := in.alone(in.typ).resource(ctx, in.id, in.after)
	if err == nil {
		shown, err = actions.NewResourceReturnField(resultResource, r)
	}
	if err != nil { // It was done all the same.
		ctxzap.Extract(ctx).Warn("an action was carried out, but its resource cannot be shown", zap.String("action", in.Name), zap.Error(err))
		return actions.NewReturnValues(true)
	}
	return actions.NewReturnValues(true, shown)
}
