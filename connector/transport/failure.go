package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/codes"
)

// failure is a try that brought no whole reply.
type failure struct {
	text   string
	err    error
	code   codes.Code
	unsent bool // the server cannot have seen the request
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.err }

// passes tells whether another try may help.
func (f *failure) passes() bool {
	return f.code == codes.Unavailable || f.code == codes.DeadlineExceeded
}

// timedOut is the failure of a try that took too long.
func timedOut(limit time.Duration) *failure {
	return &failure{text: fmt.Sprintf("no whole reply within %v", limit), code: codes.DeadlineExceeded}
}

// newFailure says what an error from the connection means. Most pass by
// themselves; those that do not come with a hint.
func newFailure(err error, redact redactor) *failure {
	var (
		dial        *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		expired     x509.CertificateInvalidError
		plain       tls.RecordHeaderError
		network     net.Error
	)
	f := &failure{text: redact.clean(err.Error(), maxText), err: err, code: codes.Unavailable}
	f.unsent = errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect")
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		f.code = codes.InvalidArgument
		f.text += " (check the base URL and the proxy settings)"
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		f.code = codes.FailedPrecondition
		f.text += " (check the clock of this machine, then the server's certificate)"
	case errors.As(err, &certificate):
		f.code = codes.FailedPrecondition
		f.text += " (check the base URL; if a proxy in between inspects TLS, name its certificate in SSL_CERT_FILE)"
	case errors.As(err, &plain):
		f.code = codes.FailedPrecondition
		f.text += " (the server does not speak TLS there: check the base URL)"
	case errors.As(err, &network) && network.Timeout():
		f.code = codes.DeadlineExceeded
	case f.unsent:
		f.text += " (check the network, the base URL and the proxy settings)"
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		f.err = nil // A timeout of the network must not pass for the caller's.
	}
	return f
}
