// Package transport sends the requests of a generated API client. It is the one
// place for concurrency, rate limits, retries, and the errors that the SDK acts
// on. It knows nothing of any particular API.
//
//	conn, err := transport.New(ctx, transport.Options{Token: key, UserAgent: "me/1"})
//	ctx = transport.WithCall(ctx, transport.Call{Operation: "SearchUsers", Reads: true})
//	reply, err := op.Call(ctx, api.NewConnection(baseURL, conn), request)
//	if err != nil {
//		return conn.Error("SearchUsers", err)
//	}
//
// Every attempt of a request goes through these stages:
//
//  1. pace: the rate limit of its operation, the cap on requests in flight, and any
//     pause that the API asked for
//  2. send: the key is added, redirects are not followed, an attempt has a timeout
//  3. read: the complete body is read, so a truncated body is a failed attempt and
//     not a short list
//  4. judge: done, retry, or give up
//
// A request that is given up becomes an error with a gRPC status (see
// [Transport.Error]), by which the SDK decides whether and when to retry.
package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/conductorone/baton-sdk/pkg/uhttp"

	"github.com/conductorone/baton-descope/api"
)

// Options says how to reach an API and how to behave there. Only Token is required.
type Options struct {
	// Token is sent as a bearer token. It appears in no log and no error.
	Token     string
	UserAgent string

	// MaxInFlight is how many requests run at once, from sending to the last
	// byte of the reply. Default 6.
	MaxInFlight int
	// MaxBody is the maximum length of a reply in bytes. Default 64 MiB.
	MaxBody int64
	// Attempts is the number of attempts per request. Default 4.
	Attempts int
	// Timeout limits one attempt, to the last byte of the reply. Default
	// 60 s, or the SDK's --http-timeout-seconds if that is shorter.
	Timeout time.Duration
	// PerMinute is the rate limit of an operation: requests in any 60 s. That many may
	// start at once; beyond, they start evenly spaced. Other operations have no limit
	// until a 429.
	PerMinute map[string]int

	// ReadError returns what an error reply says; nothing if the body is not in the
	// API's own format. Without it bodies are ignored.
	ReadError func(body []byte) api.Refusal
	// Fails reports whether the body of a reply to an operation is the API's own
	// error, although the status says success. Without it no body is.
	Fails func(operation string, body []byte) bool

	// Waiting is called when requests of an operation begin to wait for a rate limit
	// or a pause, by several goroutines. Optional.
	Waiting func(Wait)

	// Quiet logs final errors at debug level, since the caller shows them.
	Quiet bool

	// Base sends the requests. Default: [NewBase].
	Base http.RoundTripper
}

// Transport is an [api.Doer]. It is safe for concurrent use: the workers of
// a sync share one Transport and its rate limits.
type Transport struct {
	options Options
	base    http.RoundTripper
	redact  redactor
	slots   chan struct{}
	gate    gate
	waits   waits

	mu     sync.Mutex
	pacers map[string]*pacer // by operation
}

var _ api.Doer = (*Transport)(nil)

// New returns a transport. It sends nothing yet.
func New(ctx context.Context, o Options) (*Transport, error) {
	if o.Token == "" {
		return nil, errors.New("the API key is empty")
	}
	if strings.ContainsFunc(o.Token, unicode.IsControl) {
		return nil, errors.New("the API key holds characters that cannot be sent, a line break perhaps")
	}
	orDefault(&o.MaxInFlight, 6)
	orDefault(&o.MaxBody, 64<<20)
	orDefault(&o.Attempts, 4)
	orDefault(&o.Timeout, 60*time.Second)
	if shorter, ok := ctx.Value(uhttp.ContextHTTPTimeoutKey).(time.Duration); ok && shorter > 0 {
		o.Timeout = min(o.Timeout, shorter)
	}
	pacers := make(map[string]*pacer, len(o.PerMinute))
	for operation, limit := range o.PerMinute {
		if limit < 1 {
			return nil, fmt.Errorf("the limit of %s is %d requests a minute: it must be at least 1", operation, limit)
		}
		pacers[operation] = newPacer(limit)
	}
	t := &Transport{
		options: o,
		base:    o.Base,
		redact:  newRedactor(o.Token),
		slots:   make(chan struct{}, o.MaxInFlight),
		pacers:  pacers,
	}
	if t.base == nil {
		t.base = NewBase(o.MaxInFlight)
	}
	return t, nil
}

func orDefault[T int | int64 | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// NewBase returns the default of Options.Base. It has the settings of the SDK's
// uhttp.NewTransport, but keeps an idle connection per worker: the SDK keeps two, so
// over HTTP/1.1 most workers would dial again for each request. This machine is
// never reached through a proxy. Gzip is decompressed, with a bound on empty members.
func NewBase(connections int) http.RoundTripper { return gzipTransport{newNetwork(connections)} }

func newNetwork(connections int) *http.Transport {
	return &http.Transport{
		Proxy:                  proxyOf,
		OnProxyConnectResponse: refusedByProxy,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		MaxIdleConnsPerHost:    connections,
		IdleConnTimeout:        30 * time.Second,
	}
}

// Call describes a request beyond its URL.
type Call struct {
	// Operation is the name that limits, logs and errors use.
	Operation string
	// Reads means that the request changes nothing, so it may be retried after any
	// failure. A search sent with POST reads.
	Reads bool
	// Within limits the time of all attempts, from the start of the first. 0 means
	// that only their number is limited.
	Within time.Duration
	// Probes means that only the existence of a reply matters.
	Probes bool
	// Secret is a text in the request that no log and no error may show; empty for none.
	Secret string
}

type callKey struct{}

// WithCall returns a context for one call. A request whose context has none is
// named by its method and path, and reads if it is a GET or a HEAD.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call of a request.
func CallOf(req *http.Request) Call {
	if c, ok := req.Context().Value(callKey{}).(Call); ok {
		return c
	}
	return Call{
		Operation: req.Method + " " + req.URL.Path,
		Reads:     req.Method == http.MethodGet || req.Method == http.MethodHead,
	}
}

// Do sends a request, with retries where they are safe and may help, and returns the
// last reply with its body read. It returns the error of a context that is over
// unchanged. A reply with any status is not an error here.
func (t *Transport) Do(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() // Attempts send copies, where possible.
	}
	ctx, call := req.Context(), CallOf(req)
	var end time.Time // of the attempts; zero for no limit
	for number := 1; ; number++ {
		start := time.Now()
		reply, verdict, err := t.try(ctx, call, req, number, &end)
		again := verdict.again && number < t.options.Attempts && verdict.wait <= patience && repeatable(req) &&
			(end.IsZero() || time.Until(end) > verdict.wait)
		t.log(ctx, call, outcome{reply: reply, err: err, try: number, took: time.Since(start), again: again, wait: verdict.wait})
		if !again {
			return reply, err
		}
		if verdict.everyone {
			continue // The gate holds this request up like all others.
		}
		if err := backOff(ctx, verdict.wait); err != nil {
			return nil, err
		}
	}
}

// repeatable reports whether a request can be sent twice.
func repeatable(req *http.Request) bool {
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
}

// try makes one attempt, when its time has come. The first one sets the deadline of
// all.
func (t *Transport) try(ctx context.Context, call Call, req *http.Request, number int, end *time.Time) (*http.Response, verdict, error) {
	ticket, err := t.admit(ctx, call)
	if err != nil {
		return nil, verdict{}, err
	}
	defer ticket.done()
	limit := t.options.Timeout
	if call.Within > 0 {
		if number == 1 {
			*end = time.Now().Add(call.Within)
		}
		limit = min(limit, max(time.Until(*end), time.Second))
	}
	reply, err := t.exchange(ctx, req, limit)
	v := t.judge(call, number, reply, err)
	if v.everyone { // While the slot is held: the next in line must find the gate closed.
		ticket.pause(reply.StatusCode, v.wait)
	}
	return reply, v, err
}

// exchange sends a request and reads the reply, within a timeout. Its error is that of
// the caller's context, a *failure, an *api.ReplyError or an *api.StatusError.
func (t *Transport) exchange(ctx context.Context, req *http.Request, limit time.Duration) (*http.Response, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := t.send(req.Clone(limited))
	switch {
	case err == nil:
		return reply, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, timedOut(limit.Round(time.Second))
	}
	if tooLong, ok := errors.AsType[*api.ReplyError](err); ok {
		return nil, tooLong
	}
	if refused, ok := errors.AsType[*api.StatusError](err); ok {
		return nil, refused
	}
	return nil, newFailure(err, t.redactorOf(CallOf(req)))
}

// send sends a copy of the request and reads the reply.
func (t *Transport) send(req *http.Request) (*http.Response, error) {
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		req.Body = body
	}
	req.Header.Set("Authorization", "Bearer "+t.options.Token)
	if t.options.UserAgent != "" {
		req.Header.Set("User-Agent", t.options.UserAgent)
	}
	// A RoundTripper, unlike an http.Client, follows no redirect.
	reply, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := t.read(CallOf(req), reply)
	if err != nil {
		return nil, err
	}
	reply.Body = io.NopCloser(body)
	return reply, nil
}
