package transport

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/api"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 8 * time.Second

	// maxPause bounds the pause that a reply may ask for: a wild Retry-After must not
	// stop a long-running connector for good.
	maxPause = time.Hour
)

// verdict is what to do after an attempt.
type verdict struct {
	again    bool          // a retry is safe, and may help
	wait     time.Duration // before it
	everyone bool          // all requests have to wait, not this one alone
}

// judge decides what to do after an attempt, counted from 1.
//
// A read is retried after any failure that may be transient. A write is retried only
// if the server has not acted on it: the connection was never made, or the reply is
// a 429, a transient error code or a 503 with Retry-After. A bare 500, 502, 503 or
// 504, a reset and a timeout may hide a write in progress: the caller settles those
// by reading back (see [IsUnanswered]). Any other error code is final for a write; a
// read may be retried without harm.
func (t *Transport) judge(call Call, try int, reply *http.Response, err error) verdict {
	v := verdict{wait: backoff(try)}
	if err != nil {
		var f *failure
		var refused *api.StatusError
		v.again = errors.As(err, &f) && f.transient() && (call.Reads || f.unsent) ||
			errors.As(err, &refused) && t.readError(refused.Body).Meaning == api.Transient
		return v
	}
	after, asked := retryAfter(reply.Header, time.Now())
	v.wait = max(v.wait, after)
	switch status := reply.StatusCode; {
	case status < 400:
		return verdict{}
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable && asked:
		v.again, v.everyone = true, true
	case status == http.StatusRequestTimeout, status >= 500 && status != http.StatusNotImplemented:
		v.again = call.Reads
	}
	switch said := t.readError(peek(reply)); {
	case said.Meaning == api.NotFound, said.final(reply.StatusCode) && !call.Reads:
		return verdict{}
	case said.Meaning == api.Transient:
		v.again = true
	}
	return v
}

// backoff returns the wait after the given attempt, with full jitter, so that
// workers that failed together do not retry together.
func backoff(try int) time.Duration {
	limit := firstBackoff
	for range try - 1 {
		limit = min(2*limit, maxBackoff)
	}
	return rand.N(limit) //nolint:gosec // It spreads load and keeps no secret.
}

// retryAfter parses the Retry-After header: seconds or a date. ok is false if it is
// absent or not valid.
func retryAfter(header http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(value, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		if seconds >= 0 { // Neither is a NaN.
			return time.Duration(min(seconds, maxPause.Seconds()) * float64(time.Second)), true
		}
		return 0, false
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent // The server's clock need not be ours.
	}
	return min(max(date.Sub(now), 0), maxPause), true
}
