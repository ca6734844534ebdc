package oneshot

import (
	"context"
	"errors"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// Account is an account to create.
type Account struct {
	// Type is its resource type; empty for the one that accounts are of.
	Type string
	// Profile are its fields, as JSON is decoded.
	Profile      map[string]any
	Login, Email string
	// Password reports that it gets a random password, which is returned. Otherwise it
	// has none.
	Password bool
}

// CreateAccount creates an account. It returns what was done, in a line for people, and
// the password if one was made. Its errors are like those of [Provision].
func CreateAccount(ctx context.Context, name string, newServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error), a Account) (done, password string, err error) {
	server, err := newServer(ctx, &Session{})
	if err != nil {
		return "", "", err
	}
	defer closeServer(ctx, server)
	c := &creation{Account: a, client: NewClient(ctx, server)}
	done, password, err = c.run(ctx)
	return done, password, ended(ctx, name, err)
}

// creation is one account, on its way.
type creation struct {
	Account
	client types.ConnectorClient
}

func (c *creation) run(ctx context.Context) (done, password string, err error) {
	options, err := c.options(ctx)
	if err != nil {
		return "", "", err
	}
	profile, err := structpb.NewStruct(c.Profile)
	if err != nil {
		return "", "", status.Errorf(codes.InvalidArgument, "the profile: %v", err)
	}
	info := v2.AccountInfo_builder{Login: c.Login, Profile: profile}
	if c.Email != "" {
		info.Emails = []*v2.AccountInfo_Email{v2.AccountInfo_Email_builder{Address: c.Email, IsPrimary: true}.Build()}
	}
	provider, err := providers.GetEncryptionProvider(jwk.EncryptionProviderJwk)
	if err != nil {
		return "", "", err
	}
	config, key, err := provider.GenerateKey(ctx)
	if err != nil {
		return "", "", err
	}
	reply, err := c.client.CreateAccount(ctx, v2.CreateAccountRequest_builder{
		AccountInfo: info.Build(), CredentialOptions: options, EncryptionConfigs: []*v2.EncryptionConfig{config}, ResourceTypeId: c.Type,
	}.Build())
	if err != nil {
		return "", "", err
	}
	if there := reply.GetAlreadyExists(); there != nil {
		done = "nothing to do: " + described(there.GetResource(), " exists already")
		if c.Password {
			done += "; it has the password that it had"
		}
		return done, "", nil
	}
	done = "created " + described(reply.GetSuccess().GetResource(), "")
	for _, encrypted := range reply.GetEncryptedData() {
		plaintext, err := provider.Decrypt(ctx, encrypted, key)
		if err != nil {
			return "", "", errors.New(done + ", but its password cannot be decrypted: set another")
		}
		password = string(plaintext.GetBytes())
	}
	return done, password, nil
}

// passwordLength is the number of characters of a password.
const passwordLength = 20

// options checks the resource type, and returns the credential: a password only when
// somebody will see it.
func (c *creation) options(ctx context.Context) (*v2.CredentialOptions, error) {
	reply, err := c.client.GetMetadata(ctx, &v2.ConnectorServiceGetMetadataRequest{})
	if err != nil {
		return nil, err
	}
	capabilities := reply.GetMetadata().GetCapabilities()
	if err := c.checkType(capabilities.GetResourceTypeCapabilities()); err != nil {
		return nil, err
	}
	offered := capabilities.GetCredentialDetails().GetCapabilityAccountProvisioning().GetSupportedCredentialOptions()
	switch {
	case c.Password && !slices.Contains(offered, v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_RANDOM_PASSWORD):
		return nil, status.Error(codes.InvalidArgument, "--show-password: the mapping creates accounts without a password only")
	case c.Password:
		return v2.CredentialOptions_builder{RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: passwordLength}.Build()}.Build(), nil
	case !slices.Contains(offered, v2.CapabilityDetailCredentialOption_CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD):
		return nil, status.Error(codes.InvalidArgument, "the mapping creates accounts with a password only, which nobody would see: give --show-password")
	}
	return v2.CredentialOptions_builder{NoPassword: &v2.CredentialOptions_NoPassword{}}.Build(), nil
}

// checkType checks that accounts of the type can be created.
func (c *creation) checkType(all []*v2.ResourceTypeCapability) error {
	var known, with []string
	for _, t := range all {
		id := t.GetResourceType().GetId()
		known = append(known, id)
		if slices.Contains(t.GetCapabilities(), v2.Capability_CAPABILITY_ACCOUNT_PROVISIONING) {
			with = append(with, id)
		}
	}
	switch {
	case len(with) == 0:
		return status.Error(codes.Unimplemented, "no account can be created: the mapping has no account block")
	case c.Type == "", slices.Contains(with, c.Type):
		return nil
	case !slices.Contains(known, c.Type):
		return status.Errorf(codes.InvalidArgument, "--create-account-resource-type: there is no resource type %q%s", c.Type, spelling.DidYouMean(c.Type, known))
	}
	return status.Errorf(codes.InvalidArgument, "--create-account-resource-type: a %s cannot be created, only a %s", c.Type, strings.Join(with, " or a "))
}

// described is how an account is shown: its type, name and id, what is said of it, and its
// status.
func described(r *v2.Resource, said string) string {
	text := r.GetId().GetResourceType() + " " + called(r) + said
	if r.GetStatus().GetStatus() == v2.Status_RESOURCE_STATUS_UNSPECIFIED {
		return text
	}
	return text + ", " + strings.ToLower(strings.TrimPrefix(r.GetStatus().GetStatus().String(), "RESOURCE_STATUS_"))
}
