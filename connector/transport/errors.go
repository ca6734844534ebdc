package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-descope/api"
)

// callError is the error that [Transport.Error] returns.
type callError struct {
	text     string
	err      error
	code     codes.Code
	notFound bool
	unmet    bool      // the API did not answer
	effect   effect    // of a write
	resetAt  time.Time // when to retry, if the API said so
}

func (e *callError) Error() string { return e.text }

func (e *callError) Unwrap() error { return e.err }

// GRPCStatus returns the status by which the SDK decides whether and when to retry.
func (e *callError) GRPCStatus() *status.Status {
	plain := status.New(e.code, e.text)
	if e.resetAt.IsZero() {
		return plain
	}
	limit := v2.RateLimitDescription_builder{
		Status:  v2.RateLimitDescription_STATUS_OVERLIMIT,
		ResetAt: timestamppb.New(e.resetAt),
	}.Build()
	if detailed, err := plain.WithDetails(limit); err == nil {
		return detailed
	}
	return plain
}

// effect is what an error implies about a write.
type effect int

const (
	effectNone       effect = iota // it was not carried out
	effectRefused                  // the API refuses the change itself
	effectUnclear                  // it may have been carried out
	effectUnanswered               // the same, and a retry may help
)

// Error turns an error of a call into one that names the operation and the fix,
// holds no secret, and has the gRPC status that the SDK acts on. The SDK retries
// after Unavailable and DeadlineExceeded only, so these are for transient errors. It
// takes NotFound for the end of a list, so that code is never used: see
// [IsNotFound]. The error of a context that is over is returned unchanged.
func (t *Transport) Error(operation string, err error) error {
	return t.ErrorOf(Call{Operation: operation}, err)
}

// ErrorOf is [Transport.Error] for a call whose secret the error does not hold either.
func (t *Transport) ErrorOf(call Call, err error) error {
	redact := t.redactorOf(call)
	var (
		done      *callError
		refused   *api.StatusError
		unusable  *api.ReplyError
		failed    *failure
		postponed *pausedError
	)
	e := &callError{err: err}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &done):
		return err
	case errors.As(err, &refused):
		t.explain(e, refused, redact)
	case errors.As(err, &unusable):
		e.code, e.text, e.effect = codes.Internal, redact.clean(unusable.Error(), maxText), effectUnclear
		if unusable.Truncated {
			e.code, e.effect = codes.Unavailable, effectUnanswered
		}
		e.unmet = unusable.Foreign
		if e.unmet {
			e.text += " (this is not the API: check the base URL, and what is between here and there)"
		} else {
			e.text += " (if it stays so, check what is between here and the API, or report it)"
		}
	case errors.As(err, &failed):
		e.code, e.text, e.unmet = failed.code, failed.text, true
		if !failed.unsent {
			e.effect = effectUnanswered
		}
	case errors.As(err, &postponed):
		e.code, e.text, e.resetAt = codes.Unavailable, postponed.Error()+" (try again then)", postponed.until
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		e.code, e.text = codes.Internal, redact.clean(err.Error(), maxText)
	}
	e.text = call.Operation + ": " + e.text
	return e
}

// IsNotFound reports whether an error from [Transport.Error] is the API's own "not
// found". A 404 in another format may come from a gateway or a wrong base URL.
func IsNotFound(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.notFound
}

// IsUnmet reports whether an error from [Transport.Error] says that the API did not
// answer: nobody did, or a proxy, or the server of a wrong base URL. Other operations
// would fail alike.
func IsUnmet(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.unmet
}

// IsRefusal reports whether an error from [Transport.Error] is the API's refusal of
// the change itself: not of the credentials, not an outage, not a rate limit.
func IsRefusal(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.effect == effectRefused
}

// IsUnclear reports whether a write that ended in an error from [Transport.Error] may
// have been carried out: it was sent, and no clear answer came.
func IsUnclear(err error) bool {
	var e *callError
	return errors.As(err, &e) && (e.effect == effectUnclear || e.effect == effectUnanswered)
}

// IsUnanswered reports whether nobody answered a write, or only a gateway did: its
// effect is unclear, and a retry may help.
func IsUnanswered(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.effect == effectUnanswered
}

// effectOn returns what an error reply implies about a write.
func (s errorBody) effectOn(reply *api.StatusError) effect {
	_, asked := retryAfter(reply.Header, time.Now())
	switch status := reply.StatusCode; {
	case status == http.StatusTooManyRequests, s.Meaning == api.Transient, status == http.StatusServiceUnavailable && asked:
		return effectNone
	case status < 300:
		return effectUnclear
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return effectNone
	case status == http.StatusRequestTimeout:
		return effectUnclear
	case status < 500:
		if s.Code != "" {
			return effectRefused
		}
		return effectNone
	case s.Code != "", status == http.StatusNotImplemented:
		return effectNone
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return effectUnanswered
	}
	return effectUnclear
}

// explain fills in the error from the reply.
func (t *Transport) explain(e *callError, reply *api.StatusError, redact redactor) {
	said := t.readError(reply.Body)
	e.effect = said.effectOn(reply)
	e.code, e.text = codeOf(reply.StatusCode), strings.TrimSpace(reply.Error())
	for _, part := range []string{redact.clean(said.Code, maxCode), redact.clean(said.Message, maxText)} {
		if part != "" {
			e.text += ": " + part
		}
	}
	gone := reply.StatusCode == http.StatusNotFound || reply.StatusCode == http.StatusGone
	switch {
	case said.Meaning == api.NotFound, said.Meaning == api.Unstated && gone && said.own:
		e.notFound, e.code = true, codes.FailedPrecondition
	case said.Meaning == api.Transient:
		e.code = codes.Unavailable
		e.setRetry(reply)
	case reply.StatusCode <= 299:
		e.text += " (an error, although the status says success)"
	case gone && said.own: // Its code is not one of NotFound.
	case gone:
		e.unmet = true
		e.text += " (the reply is not in the API's own form: check the base URL)"
	case reply.StatusCode == http.StatusUnauthorized:
		e.text += " (check the credentials, and that the base URL is the one they are for)"
	case reply.StatusCode == http.StatusForbidden:
		e.text += " (the credentials do not allow this operation: give them the right to it, or use others)"
	case reply.StatusCode >= 300 && reply.StatusCode <= 399:
		e.unmet = true
		e.text += redirection(reply.Header.Get("Location"), redact)
	case e.code != codes.Unavailable && e.code != codes.DeadlineExceeded:
	case said.final(reply.StatusCode):
		e.code = codes.FailedPrecondition
	default:
		e.setRetry(reply)
	}
}

// setRetry fills in the hint for a transient error, and when to retry.
func (e *callError) setRetry(reply *api.StatusError) {
	e.text += retryHint(reply.StatusCode)
	if wait, ok := retryAfter(reply.Header, time.Now()); ok && wait > 0 {
		e.resetAt = time.Now().Add(wait)
	}
}

// retryHint says what helps when a transient error stays.
func retryHint(statusCode int) string {
	if statusCode == http.StatusTooManyRequests {
		return " (the rate limit is used up: if it stays so, end what else uses the API, or try again later)"
	}
	return " (the API, or something in between, is unavailable: if it stays so, try again later)"
}

// codeOf returns the gRPC code of an HTTP status, without regard to the body.
func codeOf(statusCode int) codes.Code {
	switch statusCode {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound, http.StatusGone, http.StatusConflict:
		return codes.FailedPrecondition
	case http.StatusRequestTimeout:
		return codes.DeadlineExceeded
	case http.StatusTooManyRequests:
		return codes.Unavailable
	case http.StatusNotImplemented:
		return codes.Unimplemented
	}
	switch {
	case statusCode >= 500:
		return codes.Unavailable
	case statusCode >= 400:
		return codes.InvalidArgument
	}
	return codes.FailedPrecondition
}

// redirection names the target of a redirect: scheme and host alone, since the rest
// may hold secrets.
func redirection(location string, redact redactor) string {
	to := "elsewhere"
	u, err := url.Parse(location)
	switch {
	case err != nil || location == "":
	case u.Host == "":
		to = "to another place on the same host"
	case u.Scheme == "":
		to = "to " + redact.clean(u.Host, maxText)
	default:
		to = "to " + redact.clean(u.Scheme+"://"+u.Host, maxText)
	}
	return fmt.Sprintf(" (it points %s: redirects are not followed, check the base URL)", to)
}
