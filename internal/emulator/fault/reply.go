package fault

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// message is the message of an error reply.
const message = "refused by a fault rule"

// statusKind is the name of the kind that a rule writes as a number.
const statusKind = "STATUS"

// replyFaults answer in place of the server.
var replyFaults = []kind{
	{
		name: statusKind, form: "STATUS[:RETRY]", replaces: true, parse: parseStatus,
		about: "a reply of this HTTP status, with an error up to 499; RETRY is for Retry-After: SECONDS or date+SECONDS",
	},
	{
		name: "error", form: "error:CODE", replaces: true, parse: parseErrorCode,
		about: "HTTP 500 with an error code of the API, such as E111119",
	},
	{
		name: "html", form: "html[:STATUS]", replaces: true, parse: parseHTML,
		about: "a web page, with HTTP 200 or another status",
	},
	{
		name: "empty", form: "empty", replaces: true, parse: without(sendEmpty),
		about: "HTTP 200 without a body",
	},
}

func parseStatus(value string) (effect, error) {
	number, retry, retries := strings.Cut(value, ":")
	code, err := strconv.Atoi(number)
	switch {
	case err != nil || code != http.StatusNoContent && (code < 400 || code > 599):
		return nil, errors.New("the status is 204, or from 400 to 599")
	case code == http.StatusNoContent && retries:
		return nil, errors.New("204 has no Retry-After")
	}
	header, err := parseRetry(retry, retries)
	if err != nil {
		return nil, err
	}
	return func(s *emulator.Server, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if retries {
			w.Header().Set("Retry-After", header())
		}
		if code == http.StatusNoContent || code >= 500 { // A gateway's answer has no error of the API.
			w.WriteHeader(code)
			return
		}
		s.Failure(code, message, r).Send(w) //nolint:errcheck // The caller went away.
	}, nil
}

// parseRetry returns a function that returns a Retry-After header.
func parseRetry(value string, given bool) (header func() string, err error) {
	seconds, isDate := strings.CutPrefix(value, "date+")
	n, err := strconv.Atoi(seconds)
	switch {
	case !given:
		return nil, nil
	case err != nil || n < 0:
		return nil, errors.New("after the colon comes a number of seconds, as in 429:30 or 429:date+30")
	case isDate:
		// A date has whole seconds: it is rounded up.
		return func() string {
			return time.Now().Add(time.Duration(n+1)*time.Second - 1).UTC().Format(http.TimeFormat)
		}, nil
	}
	return func() string { return seconds }, nil
}

func parseErrorCode(code string) (effect, error) {
	if code == "" {
		return nil, errors.New("the code is missing")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		failure := emulator.Failure{Status: http.StatusInternalServerError, Code: code, Description: "Error", Message: message}
		failure.Send(w) //nolint:errcheck // The caller went away.
	}, nil
}

func parseHTML(value string) (effect, error) {
	status, err := strconv.Atoi(cmp.Or(value, "200"))
	if err != nil || status < 200 || status > 599 {
		return nil, errors.New("the status is from 200 to 599")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<!doctype html><html><body><h1>"+http.StatusText(status)+"</h1></body></html>") //nolint:errcheck // The caller went away.
	}, nil
}

func sendEmpty(_ *emulator.Server, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
}
