package connector

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/crypto"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// creator creates accounts: it looks whether the account is there, creates it once, and
// looks again when the answer does not show what came about. An API's codes for "exists
// already" are not relied upon, and an answer may be lost.
type creator struct {
	c   *Connector
	typ *mapping.ResourceType
}

// CreateAccountCapabilityDetails returns what a new user can sign in with.
func (m *creator) CreateAccountCapabilityDetails(context.Context) (*v2.CredentialDetailsAccountProvisioning, annotations.Annotations, error) {
	var options []v2.CapabilityDetailCredentialOption
	for _, credential := range m.typ.Account.Credentials {
		options = append(options, credentialOptions[credential.Kind])
	}
	return v2.CredentialDetailsAccountProvisioning_builder{
		SupportedCredentialOptions: options, PreferredCredentialOption: options[0],
	}.Build(), nil, nil
}

var credentialOptions = map[mapping.CredentialKind]v2.CapabilityDetailCredentialOption{
	mapping.NoPassword:     v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD,
	mapping.RandomPassword: v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_RANDOM_PASSWORD,
}

// CreateAccount creates an account. That it is there already is an answer, and no error;
// nothing is sent to it then. A password that was made is in the plaintexts, and nowhere
// else.
func (m *creator) CreateAccount(ctx context.Context, info *v2.AccountInfo, options *v2.LocalCredentialOptions) (
	connectorbuilder.CreateAccountResponse, []*v2.PlaintextData, annotations.Annotations, error,
) {
	a, err := m.c.newAccount(ctx, m.typ, info, options)
	if err != nil {
		return nil, nil, nil, m.c.wrap(err)
	}
	answer, err := a.create(ctx)
	if err != nil {
		return nil, nil, nil, m.c.wrapLast(err)
	}
	var plaintexts []*v2.PlaintextData
	if _, already := answer.(*v2.CreateAccountResponse_AlreadyExistsResult); a.password != "" && !already {
		plaintexts = append(plaintexts, v2.PlaintextData_builder{
			Name: "password", Description: "Password of the new " + m.typ.DisplayName, Bytes: []byte(a.password),
		}.Build())
	}
	return answer, plaintexts, nil, nil
}

// refuseLostPassword refuses to make a password that nobody could read: the SDK encrypts
// it when the account is there.
func (c *Connector) refuseLostPassword(request *v2.CreateAccountRequest) error {
	makes := request.GetCredentialOptions().HasRandomPassword()
	if !request.HasCredentialOptions() {
		makes = slices.ContainsFunc(c.plan.Types, func(t *mapping.ResourceType) bool {
			return t.Account != nil && t.Account.Credentials[0].Kind == mapping.RandomPassword
		})
	}
	keys := request.GetEncryptionConfigs()
	switch {
	case !makes:
		return nil
	case len(keys) == 0:
		return errorf(codes.InvalidArgument, "a random password needs a key to encrypt it with, and none is given")
	}
	return crypto.ValidateEncryptionConfigs(keys)
}

// account is one account that is to be created.
type account struct {
	*mapping.Account
	c          *Connector
	typ        *mapping.ResourceType
	credential mapping.Credential
	// values are those of the fields, and password is new; empty for none.
	values   map[string]any
	password string
	// forceChange reports that the password has to be changed at the next sign-in.
	forceChange bool
}

func (c *Connector) newAccount(ctx context.Context, t *mapping.ResourceType, info *v2.AccountInfo, options *v2.LocalCredentialOptions) (*account, error) {
	a := &account{Account: t.Account, c: c, typ: t}
	values, err := t.Account.Values(givenFor(t.Account, info))
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "a new %s: %w", t.ID, err)
	}
	a.values = values
	if a.credential, err = credentialFor(ctx, t.Account, options); err != nil {
		return nil, err
	}
	if a.credential.Kind != mapping.RandomPassword {
		return a, nil
	}
	if !options.HasRandomPassword() { // The preferred one, which nobody described.
		options = v2.LocalCredentialOptions_builder{
			RandomPassword: v2.LocalCredentialOptions_RandomPassword_builder{Length: passwordLength}.Build(),
		}.Build()
	}
	a.forceChange = options.GetForceChangeAtNextLogin()
	if a.password, err = crypto.GeneratePassword(ctx, options); err != nil {
		return nil, errorf(codes.InvalidArgument, "cannot make a password: %w", err)
	}
	return a, nil
}

// passwordLength is the number of characters of a password when nobody says it.
const passwordLength = 20

// givenFor returns what is given for the fields of an account: the profile, and for
// fields named login and email that it leaves empty what stands beside it. The SDK's command line puts these
// two into the profile whether or not there are such fields.
func givenFor(a *mapping.Account, info *v2.AccountInfo) map[string]any {
	given := info.GetProfile().AsMap()
	beside := map[string]string{"login": info.GetLogin(), "email": primaryAddress(info)}
	for name, value := range beside {
		switch isField := slices.Contains(a.FieldNames(), name); {
		case isField && (given[name] == nil || given[name] == "") && value != "":
			given[name] = value
		case !isField && (given[name] == "" || given[name] == value):
			delete(given, name)
		}
	}
	return given
}

// primaryAddress returns the primary e-mail address, else the first.
func primaryAddress(info *v2.AccountInfo) string {
	for _, email := range info.GetEmails() {
		if email.GetIsPrimary() {
			return email.GetAddress()
		}
	}
	if emails := info.GetEmails(); len(emails) > 0 {
		return emails[0].GetAddress()
	}
	return ""
}

// credentialFor returns the credential that is asked for: the preferred one when none is.
func credentialFor(ctx context.Context, a *mapping.Account, options *v2.LocalCredentialOptions) (mapping.Credential, error) {
	asked := ""
	switch options.WhichOptions() {
	case v2.LocalCredentialOptions_Options_not_set_case:
		return a.Credentials[0], nil
	case v2.LocalCredentialOptions_NoPassword_case:
		asked = string(mapping.NoPassword)
	case v2.LocalCredentialOptions_RandomPassword_case:
		asked = string(mapping.RandomPassword)
	case v2.LocalCredentialOptions_Sso_case:
		asked = "sso"
	case v2.LocalCredentialOptions_PlaintextPassword_case:
		asked = "encrypted_password"
	}
	if credential, ok := a.Credential(mapping.CredentialKind(asked)); ok {
		return credential, nil
	}
	if asked == string(mapping.RandomPassword) { // The SDK's command line asks for nothing else.
		ctxzap.Extract(ctx).Warn("the mapping creates accounts without a password only; none is made")
		return a.Credentials[0], nil
	}
	offered := make([]string, len(a.Credentials))
	for i, credential := range a.Credentials {
		offered[i] = credential.Kind.String()
	}
	return mapping.Credential{}, errorf(codes.InvalidArgument, "an account with the credential %q cannot be created here: choose %s",
		mapping.CredentialKind(asked), strings.Join(offered, " or "))
}

// create creates the account, unless it is there.
func (a *account) create(ctx context.Context) (connectorbuilder.CreateAccountResponse, error) {
	request, err := a.credential.Create.Request(mapping.Inputs{Account: a.values, Password: a.password})
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "a new %s: %w", a.typ.ID, err)
	}
	switch record, ok, err := a.find(ctx); {
	case err != nil:
		return nil, err
	case ok:
		return a.already(ctx, record)
	}
	create := a.credential.Create
	reply, err := a.c.writeSecret(ctx, create.Operation, writing, request, a.password)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case transport.IsRefusal(err):
		return a.settleRefusal(ctx, err)
	case transport.IsUnclear(err):
		return a.settleLost(ctx, err)
	default:
		return nil, a.failed(err)
	}
	settled := a.created
	if !a.IsNew(reply) {
		settled = a.already
	}
	if record, ok := create.Record(reply); ok {
		return settled(ctx, record)
	}
	record, ok, err := a.appears(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("a new %s: %s reported success, but reading it back failed: %w", a.typ.ID, create.Operation.Name, err)
	case !ok:
		return nil, errorf(codes.Internal, "a new %s: %s reported success, but there is no such %s", a.typ.ID, create.Operation.Name, a.typ.ID)
	}
	return settled(ctx, record)
}

// settleRefusal looks whether somebody else created the account since the look before.
func (a *account) settleRefusal(ctx context.Context, refusal error) (connectorbuilder.CreateAccountResponse, error) {
	record, ok, err := a.find(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, a.failed(fmt.Errorf("%w; looking for it failed as well: %w", refusal, err))
	case !ok:
		return nil, a.failed(refusal)
	}
	return a.already(ctx, record)
}

// settleLost looks whether the account was created although no clear answer came.
func (a *account) settleLost(ctx context.Context, lost error) (connectorbuilder.CreateAccountResponse, error) {
	record, ok, err := a.appears(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, a.failed(fmt.Errorf("%w; looking for it failed as well: %w", lost, err))
	case !ok:
		return nil, a.failed(lost)
	}
	ctxzap.Extract(ctx).Info("the answer to a write was lost; reading shows that it was done",
		zap.String("operation", a.credential.Create.Operation.Name), zap.Error(lost))
	return a.created(ctx, record)
}

// failed is the error of an account that could not be created.
func (a *account) failed(err error) error {
	return failedWrite(fmt.Sprintf("a new %s: ", a.typ.ID), err, "; it may have been created all the same: doing it again does no harm, and shows it")
}

// find looks for the account; false when it is not there.
func (a *account) find(ctx context.Context) (mapping.Record, bool, error) {
	request, err := a.Find.Request(mapping.Inputs{Account: a.values})
	if err != nil {
		return mapping.Record{}, false, errorf(codes.InvalidArgument, "a new %s: %w", a.typ.ID, err)
	}
	reply, err := a.c.call(ctx, a.Find.Operation, request)
	switch {
	case transport.IsNotFound(err):
		return mapping.Record{}, false, nil
	case err != nil:
		return mapping.Record{}, false, err
	}
	record, ok := a.Find.Record(reply)
	if !ok {
		return mapping.Record{}, false, errorf(codes.Internal, "%s: the reply has no %s", a.Find.Operation.Name, a.typ.ID)
	}
	return record, true, nil
}

// appears is find for an account that may just have been created: reads may lag.
func (a *account) appears(ctx context.Context) (mapping.Record, bool, error) {
	start := time.Now()
	for try := 1; ; try++ {
		record, ok, err := a.find(ctx)
		if ok || err != nil || time.Since(start) >= lag {
			return record, ok, err
		}
		if err := pause(ctx, time.Duration(try)*pauseBetween); err != nil {
			return record, false, err
		}
	}
}

// already is the answer for an account that is there.
func (a *account) already(ctx context.Context, record mapping.Record) (connectorbuilder.CreateAccountResponse, error) {
	r, err := a.resource(ctx, record)
	if err != nil {
		return nil, err
	}
	return v2.CreateAccountResponse_AlreadyExistsResult_builder{Resource: r, IsCreateAccountResult: true}.Build(), nil
}

// created is the answer for a new account.
func (a *account) created(ctx context.Context, record mapping.Record) (connectorbuilder.CreateAccountResponse, error) {
	r, err := a.resource(ctx, record)
	if err != nil {
		return nil, fmt.Errorf("a new %s was created, but: %w", a.typ.ID, err)
	}
	if a.forceChange {
		if err := a.changeForced(ctx, record); err != nil {
			message := fmt.Sprintf("The %s was created, but does not have to change the password at the next sign-in: %s. Expire the password by hand.", a.typ.ID, err)
			return v2.CreateAccountResponse_ActionRequiredResult_builder{Resource: r, Message: message, IsCreateAccountResult: true}.Build(), nil
		}
	}
	return v2.CreateAccountResponse_SuccessResult_builder{Resource: r, IsCreateAccountResult: true}.Build(), nil
}

// changeForced makes the user change the password at the next sign-in.
func (a *account) changeForced(ctx context.Context, record mapping.Record) error {
	if a.ForceChange == nil {
		return errorf(codes.FailedPrecondition, "the mapping has no force_change")
	}
	request, err := a.ForceChange.Request(mapping.Inputs{Account: a.values, Record: record})
	if err != nil {
		return err
	}
	_, err = a.c.write(ctx, a.ForceChange.Operation, writing, request)
	return err
}

func (a *account) resource(ctx context.Context, record mapping.Record) (*v2.Resource, error) {
	id, err := a.typ.IDOf(record)
	if err != nil {
		return nil, lacksID(err)
	}
	return a.c.alone(a.typ).resource(ctx, id, record)
}

// accountSchema is what ConductorOne asks for to create an account; nil when none can be.
func accountSchema(plan *mapping.Plan) *v2.ConnectorAccountCreationSchema {
	for _, t := range plan.Types {
		if t.Account == nil {
			continue
		}
		fields := map[string]*v2.ConnectorAccountCreationSchema_Field{}
		for i, f := range t.Account.Fields {
			fields[f.Name] = accountField(f, i)
		}
		return v2.ConnectorAccountCreationSchema_builder{FieldMap: fields}.Build()
	}
	return nil
}

func accountField(f mapping.AccountField, at int) *v2.ConnectorAccountCreationSchema_Field {
	b := v2.ConnectorAccountCreationSchema_Field_builder{
		DisplayName: f.DisplayName, Required: f.Required, Description: f.Description, Placeholder: f.Placeholder,
		Order: int32(min(at, math.MaxInt32)), //nolint:gosec // It fits.
	}
	switch f.Kind {
	case mapping.FieldText:
		b.StringField = &v2.ConnectorAccountCreationSchema_StringField{}
		if value, ok := f.Default.(string); ok {
			b.StringField.SetDefaultValue(value)
		}
	case mapping.FieldTruth:
		b.BoolField = &v2.ConnectorAccountCreationSchema_BoolField{}
		if value, ok := f.Default.(bool); ok {
			b.BoolField.SetDefaultValue(value)
		}
	case mapping.FieldNumber:
		b.IntField = &v2.ConnectorAccountCreationSchema_IntField{}
		if value, ok := f.Default.(int64); ok && value == int64(int32(value)) { //nolint:gosec // The comparison is what it is for.
			b.IntField.SetDefaultValue(int32(value)) //nolint:gosec // It fits.
		}
	case mapping.FieldTexts:
		texts, _ := f.Default.([]string)
		b.StringListField = v2.ConnectorAccountCreationSchema_StringListField_builder{DefaultValue: texts}.Build()
	case mapping.FieldObject: // ConductorOne shows no default of it.
		b.MapField = &v2.ConnectorAccountCreationSchema_MapField{}
	}
	return b.Build()
}
