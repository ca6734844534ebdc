//go:build baton_lambda_support

package hosted

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"github.com/conductorone/baton-sdk/pkg/session"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/harness"
)

// conductorOne is a fake ConductorOne: it gives a function with a token its settings,
// keeps the session store, and signs calls.
type conductorOne struct {
	v1.ConnectorConfigServiceServer
	host     string // as a function finds it
	roots    string // the file with its certificate
	settings map[string]any
	refuses  bool // to give out tokens
	session  *session.GRPCSessionServer
	signer   ed25519.PrivateKey

	tokens, configs atomic.Int64
}

func newConductorOne(t *testing.T, settings map[string]any) *conductorOne {
	t.Helper()
	c := &conductorOne{settings: settings, session: session.NewGRPCSessionServer()}
	_, c.signer = newKey(t)
	calls := grpc.NewServer()
	v1.RegisterConnectorConfigServiceServer(calls, c)
	v1.RegisterBatonSessionServiceServer(calls, c.session)
	c.host, c.roots = harness.ServeTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
			calls.ServeHTTP(w, r)
		case r.URL.Path == "/auth/v1/token" && c.refuses:
			c.tokens.Add(1)
			http.Error(w, `{"error":"invalid_client"}`, http.StatusUnauthorized)
		case r.URL.Path == "/auth/v1/token":
			c.tokens.Add(1)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"access_token":"token","token_type":"DPoP","expires_in":3600}`) // Who went away asks again.
		default:
			http.NotFound(w, r)
		}
	}))
	return c
}

// environment returns the settings with which a function finds and trusts it, and
// verifies its calls.
func (c *conductorOne) environment(t *testing.T) []string {
	t.Helper()
	public, private := newKey(t)
	secret := asJWK(t, public, private)
	return []string{
		"BATON_LAMBDA_CLIENT_ID=test@" + c.host + "/connector",
		"BATON_LAMBDA_CLIENT_SECRET=secret-token:conductorone.com:v1:" + base64.RawURLEncoding.EncodeToString(secret),
		"BATON_LAMBDA_CA_CERT_PATH=" + c.roots,
		"BATON_LAMBDA_AUTH_JWT_SIGNER=" + string(asJWK(t, c.signer.Public().(ed25519.PublicKey), nil)),
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_ISSUER=conductorone",
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_SUBJECT=connector",
		"BATON_LAMBDA_AUTH_JWT_EXPECTED_AUDIENCE=function",
	}
}

// GetConnectorConfig returns the settings, encrypted for the key with which the call is
// signed.
func (c *conductorOne) GetConnectorConfig(ctx context.Context, _ *v1.GetConnectorConfigRequest) (*v1.GetConnectorConfigResponse, error) {
	c.configs.Add(1)
	caller, err := callerKey(ctx)
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	settings, err := json.Marshal(c.settings)
	if err != nil {
		return nil, err
	}
	encrypted, err := jwk.EncryptED25519(caller, settings)
	if err != nil {
		return nil, err
	}
	return v1.GetConnectorConfigResponse_builder{Config: encrypted}.Build(), nil
}

// callerKey is the key in the proof of possession that comes with a call.
func callerKey(ctx context.Context) (ed25519.PublicKey, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if proofs := md.Get("dpop"); len(proofs) == 1 {
		head, _, _ := strings.Cut(proofs[0], ".")
		var header struct {
			JWK struct{ X string } `json:"jwk"`
		}
		if decoded, err := base64.RawURLEncoding.DecodeString(head); err == nil && json.Unmarshal(decoded, &header) == nil {
			return base64.RawURLEncoding.DecodeString(header.JWK.X)
		}
	}
	return nil, errors.New("the call has no proof")
}

// signed returns a context whose calls carry ConductorOne's signature.
func (c *conductorOne) signed(t *testing.T) context.Context {
	t.Helper()
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": "conductorone", "sub": "connector", "aud": "function",
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	token := text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(c.signer, []byte(text)))
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

func newKey(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// asJWK writes a key as JSON; with no private key only the public one.
func asJWK(t *testing.T, public ed25519.PublicKey, private ed25519.PrivateKey) []byte {
	t.Helper()
	key := map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}
	if private != nil {
		key["d"] = base64.RawURLEncoding.EncodeToString(private.Seed())
	}
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
