package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/grpc/codes"
)

// failure is an attempt without a complete reply.
type failure struct {
	text   string
	err    error
	code   codes.Code
	unsent bool // the server cannot have seen the request
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.err }

// transient reports whether a retry may help.
func (f *failure) transient() bool {
	return f.code == codes.Unavailable || f.code == codes.DeadlineExceeded
}

// timedOut is the failure of an attempt that took too long.
func timedOut(limit time.Duration) *failure {
	return &failure{text: fmt.Sprintf("no whole reply within %v", limit) + networkHint, code: codes.DeadlineExceeded}
}

// networkHint says what helps when a transient failure stays.
const networkHint = " (if it stays so, check the network, or try again later)"

// proxyError is the reply of a proxy that does not let a connection through.
type proxyError struct {
	proxy  string // its host and port: its URL may have a password
	host   string // that it does not connect to
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s answered HTTP %d %s, and does not connect to %s", e.proxy, e.status, http.StatusText(e.status), e.host)
}

// hint names the fix.
func (e *proxyError) hint() string {
	if e.status == http.StatusProxyAuthRequired {
		return " (put the name and the password for the proxy into HTTPS_PROXY)"
	}
	return " (have the proxy let this through, or name the host in NO_PROXY)"
}

// refusedByProxy keeps the name of the proxy that refused a connection: net/http
// reports the words of the status alone.
func refusedByProxy(_ context.Context, proxy *url.URL, request *http.Request, reply *http.Response) error {
	if reply.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: proxy.Host, host: request.Host, status: reply.StatusCode}
}

// newFailure classifies an error of the connection. Most are transient; the others
// get a hint.
func newFailure(err error, redact redactor) *failure {
	var (
		dial        *net.OpError
		dns         *net.DNSError
		proxy       *proxyError
		certificate *tls.CertificateVerificationError
		expired     x509.CertificateInvalidError
		plain       tls.RecordHeaderError
		network     net.Error
	)
	f := &failure{text: redact.clean(err.Error(), maxText), err: err, code: codes.Unavailable}
	f.unsent = errors.As(err, &proxy) || errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect")
	switch {
	case proxy != nil:
		f.text += proxy.hint()
		if proxy.status < 500 {
			f.code = codes.FailedPrecondition
		}
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
		f.text += networkHint
	case f.unsent:
		f.text += " (check the network, the base URL and the proxy settings)"
	default:
		f.text += networkHint
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		f.err = nil // A network timeout must not look like the caller's.
	}
	return f
}
