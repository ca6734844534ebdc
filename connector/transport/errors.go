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

// callError is a failed call, in the words and with the gRPC status of Error.
type callError struct {
	text     string
	err      error
	code     codes.Code
	notFound bool
	unmet    bool      // no word of it is the API's
	word     word      // on a write
	resetAt  time.Time // when to come back, if the API said so
}

func (e *callError) Error() string { return e.text }

func (e *callError) Unwrap() error { return e.err }

// GRPCStatus is what the SDK reads: whether to come back, and when.
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

// word is what an error says of a request that was to change something.
type word int

const (
	wordNone       word = iota // it was not carried out
	wordRefused                // the API refuses it for what it asks
	wordUnclear                // it may have been carried out
	wordUnanswered             // the same, and another try may help
)

// Error turns any error of an operation's call into one that names the
// operation, says what to do, holds no secret, and has the gRPC status that
// makes the SDK do the right thing. The SDK comes back after Unavailable and
// DeadlineExceeded only, so these are for what passes by itself. It takes
// NotFound for the end of a list, so that code is never used: ask [IsNotFound].
// The error of a context that is over stays as it is.
func (t *Transport) Error(operation string, err error) error {
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
		t.explain(e, refused)
	case errors.As(err, &unusable):
		e.code, e.text, e.word = codes.Internal, t.redact.clean(unusable.Error(), maxText), wordUnclear
		if unusable.Truncated {
			e.code, e.word = codes.Unavailable, wordUnanswered
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
			e.word = wordUnanswered
		}
	case errors.As(err, &postponed):
		e.code, e.text, e.resetAt = codes.Unavailable, postponed.Error()+" (try again then)", postponed.until
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		e.code, e.text = codes.Internal, t.redact.clean(err.Error(), maxText)
	}
	e.text = operation + ": " + e.text
	return e
}

// IsNotFound tells whether an error from [Transport.Error] is the API's word
// that there is no such thing. A 404 in a form that is not the API's own is not
// that word: it may come from a gateway, or from a wrong base URL.
func IsNotFound(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.notFound
}

// IsUnmet tells whether an error from [Transport.Error] says that it was not the
// API that answered: nobody did, or a proxy, or whoever a wrong base URL leads to.
// Other operations would meet the same.
func IsUnmet(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.unmet
}

// IsRefusal tells whether an error from [Transport.Error] is the API's word that it
// does not do what was asked: not that it may not be asked, that something is out of
// order, or that it is too much at once.
func IsRefusal(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.word == wordRefused
}

// IsUnclear tells whether a write that ended in an error from [Transport.Error] may
// have been carried out all the same: it was sent, and no clear answer came.
func IsUnclear(err error) bool {
	var e *callError
	return errors.As(err, &e) && (e.word == wordUnclear || e.word == wordUnanswered)
}

// IsUnanswered tells whether nobody answered a write, or only a gateway did, so that
// it is unclear what became of it, and another try may help.
func IsUnanswered(err error) bool {
	var e *callError
	return errors.As(err, &e) && e.word == wordUnanswered
}

// wordOn is what an error reply says of a write.
func (s said) wordOn(reply *api.StatusError) word {
	_, asked := retryAfter(reply.Header, time.Now())
	switch status := reply.StatusCode; {
	case status == http.StatusTooManyRequests, s.passing, status == http.StatusServiceUnavailable && asked:
		return wordNone
	case status < 300:
		return wordUnclear
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return wordNone
	case status == http.StatusRequestTimeout:
		return wordUnclear
	case status < 500:
		if s.code != "" {
			return wordRefused
		}
		return wordNone
	case s.code != "", status == http.StatusNotImplemented:
		return wordNone
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return wordUnanswered
	}
	return wordUnclear
}

// explain fills in what an error reply says.
func (t *Transport) explain(e *callError, reply *api.StatusError) {
	said := t.readError(reply.Body)
	e.word = said.wordOn(reply)
	e.code, e.text = codeOf(reply.StatusCode), strings.TrimSpace(reply.Error())
	for _, part := range []string{t.redact.clean(said.code, maxCode), t.redact.clean(said.message, maxText)} {
		if part != "" {
			e.text += ": " + part
		}
	}
	gone := reply.StatusCode == http.StatusNotFound || reply.StatusCode == http.StatusGone
	switch {
	case said.notFound, gone && said.own && !said.passing && t.options.NotFound == nil:
		e.notFound, e.code = true, codes.FailedPrecondition
	case said.passing:
		e.code = codes.Unavailable
		e.comeBack(reply)
	case reply.StatusCode <= 299:
		e.text += " (an error, although the status says success)"
	case gone && said.own: // Its code is none of those for what is gone.
	case gone:
		e.unmet = true
		e.text += " (the reply is not in the API's own form: check the base URL)"
	case reply.StatusCode == http.StatusUnauthorized:
		e.text += " (check the credentials, and that the base URL is the one they are for)"
	case reply.StatusCode == http.StatusForbidden:
		e.text += " (the credentials do not allow this operation: give them the right to it, or use others)"
	case reply.StatusCode >= 300 && reply.StatusCode <= 399:
		e.unmet = true
		e.text += t.redirection(reply.Header.Get("Location"))
	case e.code != codes.Unavailable && e.code != codes.DeadlineExceeded:
	case said.final(reply.StatusCode):
		e.code = codes.FailedPrecondition
	default:
		e.comeBack(reply)
	}
}

// comeBack fills in what helps against what passes by itself, and when it may have.
func (e *callError) comeBack(reply *api.StatusError) {
	e.text += passing(reply.StatusCode)
	if wait, ok := retryAfter(reply.Header, time.Now()); ok && wait > 0 {
		e.resetAt = time.Now().Add(wait)
	}
}

// passing says what helps against what passes by itself, when it does not.
func passing(statusCode int) string {
	if statusCode == http.StatusTooManyRequests {
		return " (the rate limit is used up: if it stays so, end what else uses the API, or try again later)"
	}
	return " (the API, or something in between, is out of order: if it stays so, try again later)"
}

// codeOf is the gRPC code of an HTTP status, if the reply's body says no more.
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

// redirection says where a redirect points: the scheme and the host alone, for
// the rest may hold secrets.
func (t *Transport) redirection(location string) string {
	to := "elsewhere"
	u, err := url.Parse(location)
	switch {
	case err != nil || location == "":
	case u.Host == "":
		to = "to another place on the same host"
	case u.Scheme == "":
		to = "to " + t.redact.clean(u.Host, maxText)
	default:
		to = "to " + t.redact.clean(u.Scheme+"://"+u.Host, maxText)
	}
	return fmt.Sprintf(" (it points %s: redirects are not followed, check the base URL)", to)
}
