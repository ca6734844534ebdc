package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/api"
)

// checkReset expects an error that tells the SDK to come back then.
func checkReset(t *testing.T, err error, want time.Time) {
	t.Helper()
	st, ok := status.FromError(fmt.Errorf("wrapped: %w", err))
	if !ok || st.Code() != codes.Unavailable {
		t.Errorf("the status is %v", st)
	}
	for _, detail := range st.Details() {
		limit, ok := detail.(*v2.RateLimitDescription)
		if !ok {
			continue
		}
		if limit.GetStatus() != v2.RateLimitDescription_STATUS_OVERLIMIT || limit.GetRemaining() != 0 {
			t.Errorf("the detail is %v", limit)
		}
		if off := limit.GetResetAt().AsTime().Sub(want).Abs(); off > time.Second {
			t.Errorf("reset at %v, want %v", limit.GetResetAt().AsTime(), want)
		}
		return
	}
	t.Errorf("%v does not say when to come back", err)
}

func TestErrorOfStatus(t *testing.T) {
	said := `{"Code":"E1","Message":"no luck"}`
	const unavailable = " (the API, or something in between, is unavailable: if it stays so, try again later)"
	for _, c := range []struct {
		status   int
		body     string
		code     codes.Code
		notFound bool
		text     string
	}{
		{302, "", codes.FailedPrecondition, false, "Op: HTTP 302 Found (it points elsewhere: redirects are not followed, check the base URL)"},
		{304, "", codes.FailedPrecondition, false, "Op: HTTP 304 Not Modified (it points elsewhere: redirects are not followed, check the base URL)"},
		{400, said, codes.InvalidArgument, false, "Op: HTTP 400 Bad Request: E1: no luck"},
		{401, said, codes.Unauthenticated, false, "Op: HTTP 401 Unauthorized: E1: no luck (check the credentials, and that the base URL is the one they are for)"},
		{403, said, codes.PermissionDenied, false, "Op: HTTP 403 Forbidden: E1: no luck (the credentials do not allow this operation: give them the right to it, or use others)"},
		{403, `{"Code":"E1"}`, codes.PermissionDenied, false, "Op: HTTP 403 Forbidden: E1 (the credentials do not allow this operation: give them the right to it, or use others)"},
		{403, `{"Message":"no luck"}`, codes.PermissionDenied, false, "Op: HTTP 403 Forbidden: no luck (the credentials do not allow this operation: give them the right to it, or use others)"},
		{403, "<html>secret page</html>", codes.PermissionDenied, false, "Op: HTTP 403 Forbidden (the credentials do not allow this operation: give them the right to it, or use others)"},
		{404, said, codes.FailedPrecondition, false, "Op: HTTP 404 Not Found: E1: no luck"},
		{410, said, codes.FailedPrecondition, false, "Op: HTTP 410 Gone: E1: no luck"},
		{404, `{"Message":"no luck"}`, codes.FailedPrecondition, false, "Op: HTTP 404 Not Found: no luck"},
		{404, `{"Code":"GONE"}`, codes.FailedPrecondition, true, "Op: HTTP 404 Not Found: GONE"},
		{404, "<html>", codes.FailedPrecondition, false, "Op: HTTP 404 Not Found (the reply is not in the API's own form: check the base URL)"},
		{400, `{"Code":"GONE"}`, codes.FailedPrecondition, true, "Op: HTTP 400 Bad Request: GONE"},
		{500, `{"Code":"GONE"}`, codes.FailedPrecondition, true, "Op: HTTP 500 Internal Server Error: GONE"},
		{408, "", codes.DeadlineExceeded, false, "Op: HTTP 408 Request Timeout" + unavailable},
		{409, said, codes.FailedPrecondition, false, "Op: HTTP 409 Conflict: E1: no luck"},
		{412, "", codes.InvalidArgument, false, "Op: HTTP 412 Precondition Failed"},
		{418, "", codes.InvalidArgument, false, "Op: HTTP 418 I'm a teapot"},
		{422, "", codes.InvalidArgument, false, "Op: HTTP 422 Unprocessable Entity"},
		{429, "", codes.Unavailable, false, "Op: HTTP 429 Too Many Requests (the rate limit is used up: if it stays so, end what else uses the API, or try again later)"},
		{200, `{"Code":"PASS"}`, codes.Unavailable, false, "Op: HTTP 200 OK: PASS" + unavailable},
		{500, said, codes.FailedPrecondition, false, "Op: HTTP 500 Internal Server Error: E1: no luck"},
		{503, said, codes.FailedPrecondition, false, "Op: HTTP 503 Service Unavailable: E1: no luck"},
		{500, `{"Message":"no luck"}`, codes.Unavailable, false, "Op: HTTP 500 Internal Server Error: no luck" + unavailable},
		{500, `{"Code":"PASS"}`, codes.Unavailable, false, "Op: HTTP 500 Internal Server Error: PASS" + unavailable},
		{403, `{"Code":"PASS"}`, codes.Unavailable, false, "Op: HTTP 403 Forbidden: PASS" + unavailable},
		{501, "", codes.Unimplemented, false, "Op: HTTP 501 Not Implemented"},
		{502, "<html>", codes.Unavailable, false, "Op: HTTP 502 Bad Gateway" + unavailable},
		{503, "", codes.Unavailable, false, "Op: HTTP 503 Service Unavailable" + unavailable},
		{504, "", codes.Unavailable, false, "Op: HTTP 504 Gateway Timeout" + unavailable},
		{530, "", codes.Unavailable, false, "Op: HTTP 530" + unavailable},
	} {
		conn := open(t, Options{})
		given := &api.StatusError{StatusCode: c.status, Body: []byte(c.body), Header: http.Header{}}
		err := conn.Error("Op", given)
		if err.Error() != c.text {
			t.Errorf("HTTP %d %s: %q, want %q", c.status, c.body, err, c.text)
		}
		wrapped := fmt.Errorf("list users: %w", err)
		if got := status.Code(wrapped); got != c.code {
			t.Errorf("HTTP %d %s: %v, want %v", c.status, c.body, got, c.code)
		}
		if IsNotFound(wrapped) != c.notFound {
			t.Errorf("HTTP %d %s: IsNotFound is %v", c.status, c.body, !c.notFound)
		}
		if statusOf(wrapped) != c.status {
			t.Errorf("HTTP %d %s: the chain has lost the status", c.status, c.body)
		}
		if again := conn.Error("Other", wrapped); again != wrapped {
			t.Errorf("a second time: %v", again)
		}
	}
}

// TestEffectOfAWrite checks what an error implies about a write.
func TestEffectOfAWrite(t *testing.T) {
	const none, refused, unclear, unanswered = "", "refused", "unclear", "unanswered"
	coded := `{"Code":"E1"}`
	for _, c := range []struct {
		status     int
		body       string
		retryAfter string
		want       string
	}{
		{200, coded, "", unclear},
		{200, `{"Code":"PASS"}`, "", none},
		{302, "", "", none},
		{400, coded, "", refused},
		{400, `{"Code":"PASS"}`, "", none},
		{400, "<html>", "", none},
		{401, coded, "", none},
		{403, coded, "", none},
		{404, coded, "", refused},
		{404, "", "", none},
		{408, "", "", unclear},
		{409, coded, "", refused},
		{429, coded, "", none},
		{500, coded, "", none},
		{500, "", "", unclear},
		{501, "", "", none},
		{502, "<html>", "", unanswered},
		{503, "", "", unanswered},
		{503, coded, "", none},
		{503, "", "5", none},
		{504, "", "", unanswered},
		{530, "", "", unclear},
	} {
		header := http.Header{}
		if c.retryAfter != "" {
			header.Set("Retry-After", c.retryAfter)
		}
		err := open(t, Options{}).Error("Op", &api.StatusError{StatusCode: c.status, Header: header, Body: []byte(c.body)})
		got := none
		switch {
		case IsRefusal(err):
			got = refused
		case IsUnanswered(err) && IsUnclear(err):
			got = unanswered
		case IsUnclear(err):
			got = unclear
		}
		if got != c.want {
			t.Errorf("HTTP %d %s: %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

func TestErrorWithoutReaders(t *testing.T) {
	conn, err := New(t.Context(), Options{Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Error("Op", &api.StatusError{StatusCode: 404, Body: []byte("gone")})
	if err.Error() != "Op: HTTP 404 Not Found" || !IsNotFound(err) {
		t.Errorf("the error is %v", err)
	}
}

func TestErrorSaysWhenToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := open(t, Options{})
		for _, statusCode := range []int{429, 500, 503} {
			for value, wait := range map[string]time.Duration{
				"45": 45 * time.Second,
				time.Now().Add(time.Minute).UTC().Format(http.TimeFormat): time.Minute,
				"9999999": time.Hour,
			} {
				err := &api.StatusError{StatusCode: statusCode, Header: http.Header{"Retry-After": {value}}}
				checkReset(t, conn.Error("Op", err), time.Now().Add(wait))
			}
		}
		for _, value := range []string{"", "0", "soon", "-3"} {
			err := conn.Error("Op", &api.StatusError{StatusCode: 429, Header: http.Header{"Retry-After": {value}}})
			if st, _ := status.FromError(err); st.Code() != codes.Unavailable || len(st.Details()) > 0 {
				t.Errorf("Retry-After %q: %v", value, st.Proto())
			}
		}
	})
}

func TestErrorOfConnection(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		name string
		err  error
		code codes.Code
		text string
	}{
		{"refused", dial(syscall.ECONNREFUSED), codes.Unavailable, "connection refused"},
		{"reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, codes.Unavailable, "connection reset by peer"},
		{"truncated", fmt.Errorf("body: %w", io.ErrUnexpectedEOF), codes.Unavailable, "unexpected EOF"},
		{"dial timeout", dial(timeoutError{}), codes.DeadlineExceeded, "i/o timeout"},
		{"no such host", dial(&net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true}), codes.InvalidArgument, "check the base URL"},
		{"DNS timeout", dial(&net.DNSError{Err: "i/o timeout", Name: "api.test", IsTimeout: true}), codes.DeadlineExceeded, "lookup api.test"},
		{"DNS failure", dial(&net.DNSError{Err: "server misbehaving", Name: "api.test", IsTemporary: true}), codes.Unavailable, "server misbehaving"},
		{"untrusted", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, codes.FailedPrecondition, "SSL_CERT_FILE"},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, codes.FailedPrecondition, "does not speak TLS"},
		{"cancelled by nobody", context.Canceled, codes.Unavailable, "canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := open(t, Options{Attempts: 1, Base: roundTrip(func(*http.Request) (*http.Response, error) { return nil, c.err })})
			_, err := post(t.Context(), conn, read)
			err = conn.Error("Search", err)
			if status.Code(err) != c.code || !strings.HasPrefix(err.Error(), "Search: ") || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v %q", status.Code(err), err)
			}
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v passes for the end of the caller's context", err)
			}
		})
	}
}

func TestOtherErrors(t *testing.T) {
	conn := open(t, Options{})
	if conn.Error("Op", nil) != nil || IsNotFound(nil) {
		t.Error("an error out of nothing")
	}
	for _, over := range []error{context.Canceled, context.DeadlineExceeded, fmt.Errorf("page 3: %w", context.Canceled)} {
		if err := conn.Error("Op", over); err != over {
			t.Errorf("%v became %v", over, err)
		}
	}
	for _, c := range []struct {
		err  error
		code codes.Code
		text string
	}{
		{&api.ReplyError{Reason: "not JSON"}, codes.Internal, "Op: unusable reply: not JSON (if it stays so, check what is between here and the API, or report it)"},
		{&api.ReplyError{Reason: "it ends early", Truncated: true}, codes.Unavailable, "Op: unusable reply: it ends early (if it stays so, check what is between here and the API, or report it)"},
		{timedOut(time.Minute), codes.DeadlineExceeded, "Op: no whole reply within 1m0s (if it stays so, check the network, or try again later)"},
		{&api.ReplyError{Reason: "a page", Foreign: true}, codes.Internal, "Op: unusable reply: a page (this is not the API: check the base URL, and what is between here and there)"},
		{errors.New("no request"), codes.Internal, "Op: no request"},
	} {
		err := conn.Error("Op", c.err)
		if status.Code(err) != c.code || err.Error() != c.text || !errors.Is(err, c.err) {
			t.Errorf("%v %q, want %v %q", status.Code(err), err, c.code, c.text)
		}
	}
}

// Where it was not the API that answered, other operations need not be tried.
func TestIsUnmet(t *testing.T) {
	conn := open(t, Options{})
	reply := func(status int, body string) error {
		return &api.StatusError{StatusCode: status, Body: []byte(body), Header: http.Header{}}
	}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{newFailure(errors.New("no such host"), conn.redact), true},
		{reply(404, "<html>"), true},
		{reply(302, ""), true},
		{&api.ReplyError{Reason: "a page", Foreign: true}, true},
		{reply(404, `{"Code":"E1"}`), false},
		{reply(403, ""), false},
		{&api.ReplyError{Reason: "not JSON"}, false},
		{errors.New("no request"), false},
	} {
		if got := IsUnmet(conn.Error("Op", c.err)); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestClean(t *testing.T) {
	r := newRedactor(testToken)
	for given, want := range map[string]string{
		"plain":                                 "plain",
		" two\r\nlines\t\x00\x1b[31m ":          "two lines [31m",
		"right\u202eleft":                       "rightleft",
		"bad \xff\xfe UTF-8":                    "bad UTF-8",
		"日本語 é":                                 "日本語 é",
		"key " + testToken + "!":                "key [key]!",
		"K2-very-secret-key is not known":       "[key] is not known",
		"project P2abc":                         "project P2abc",
		"proxy http://me:pw@proxy.test:1/ down": "proxy http://proxy.test:1/ down",
		"mail me@x.test":                        "mail me@x.test",
		strings.Repeat("é", 301):                strings.Repeat("é", 300) + "…",
	} {
		if got := r.clean(given, maxText); got != want || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
	}
	if got := newRedactor("a:b").clean("abba:b", maxText); got != "abb[key]" {
		t.Errorf("a short key: %q", got)
	}
}

// TestErrorWithSuccessStatus: the API's own error code wins over the status.
func TestErrorWithSuccessStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for code, want := range map[string]string{
			"GONE": "Op: HTTP 200 OK: GONE: key [key]",
			"E1":   "Op: HTTP 200 OK: E1: key [key] (an error, although the status says success)",
		} {
			fails := func(operation string, _ []byte) bool { return operation == write.Operation }
			conn := serve(t, Options{Fails: fails}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"OK":true,"Code":%q,"Message":"key %s"}`, code, testToken)
			})
			if _, err := post(t.Context(), conn, read); err != nil {
				t.Error(err)
			}
			_, err := post(t.Context(), conn, write)
			if err = conn.Error("Op", err); err == nil || err.Error() != want || IsNotFound(err) != (code == "GONE") {
				t.Errorf("the error is %v, want %s", err, want)
			}
		}
	})
}
