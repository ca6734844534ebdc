package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/conductorone/baton-sdk/pkg/crypto"
	"github.com/conductorone/baton-sdk/pkg/ugrpc"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/cobra"
	"github.com/spf13/viper"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/connector/transport"
)

const (
	// maxServiceWait is the longest backoff between attempts to reach ConductorOne.
	maxServiceWait = time.Minute
	// reachTimeout limits one attempt.
	reachTimeout = 30 * time.Second
)

// runService runs the SDK's service mode, once ConductorOne can be reached.
func runService(cmd *cobra.Command, v *viper.Viper, sdk func() error) error {
	ctx, err := logged(cmd.Context(), v)
	if err != nil {
		return err
	}
	host, err := hostOf(ctx, v.GetString("client-id"), v.GetString("client-secret"))
	if err != nil {
		return err
	}
	if err := awaitConductorOne(ctx, host); err != nil {
		return err
	}
	err = sdk()
	if err == nil || !strings.Contains(err.Error(), "startup Hello failed") {
		return err
	}
	_, why, ok := strings.Cut(err.Error(), "desc = ")
	if !ok {
		why = err.Error()
	}
	return &refused{err, fmt.Sprintf("ConductorOne at %s does not accept the connector: %s (check --client-id and --client-secret, and that the connector is still there)", host, why)}
}

// refused is an error in our words, with the gRPC code of its cause.
type refused struct {
	error
	text string
}

func (r *refused) Error() string { return r.text }

func (r *refused) Unwrap() error { return r.error }

// hostOf returns the host of ConductorOne.
func hostOf(ctx context.Context, clientID, clientSecret string) (string, error) {
	_, _, host, err := ugrpc.NewC1CredentialProvider(ctx, clientID, clientSecret)
	switch {
	case errors.Is(err, ugrpc.ErrInvalidClientID):
		return "", errors.New("--client-id is not a client ID as ConductorOne shows it, NAME@HOST/connector: copy it again")
	case errors.Is(err, crypto.ErrInvalidClientSecret):
		return "", errors.New("--client-secret is not a client secret as ConductorOne shows it, secret-token:...: copy it again, or make another")
	case err != nil:
		return "", err
	}
	if other, ok := os.LookupEnv("BATON_C1_API_HOST"); ok { // As for the SDK.
		host = other
	}
	return host, nil
}

// awaitConductorOne waits until ConductorOne's host answers, with backoff. The SDK gives
// up after 30 seconds, and does not name the host. Signals end the process meanwhile:
// there is nothing to clean up.
func awaitConductorOne(ctx context.Context, host string) error {
	for wait := time.Second; ; wait = min(2*wait, maxServiceWait) {
		err := reach(ctx, "https://"+host)
		if err == nil {
			return nil
		}
		ctxzap.Extract(ctx).Warn("ConductorOne cannot be reached; retrying: check the network, HTTPS_PROXY, and the host in --client-id",
			zap.String("host", host), zap.Error(err), zap.Duration("next_try", wait))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reach reports whether anybody answers at a URL, whatever the answer.
func reach(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, url, http.NoBody)
	if err != nil {
		return err
	}
	request.Close = true
	reply, err := transport.NewBase(1).RoundTrip(request)
	if err != nil {
		return err
	}
	return reply.Body.Close()
}
