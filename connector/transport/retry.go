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

	// maxPause is the longest pause believed: a wild Retry-After must not stop
	// a long-running connector for good.
	maxPause = time.Hour
)

// verdict is what follows from a try.
type verdict struct {
	again    bool          // another try is safe, and may help
	wait     time.Duration // before it
	everyone bool          // all of us have to wait, not this request alone
}

// judge decides what follows from a try, counted from 1.
//
// A read is repeated after anything that may pass. A write is repeated only
// where the server has not acted on it: the connection was never made, or the
// request was turned away at the door. 429 is such a refusal, and so are an error
// code that passes and a 503 that says when to come back; a bare 500, 502, 503 or
// 504 may be the answer of a gateway that lost sight of a write in progress, as may
// a reset or a timeout. Whoever writes settles those by reading back (see
// [IsUnanswered]). Any other error code is the API's last word on a write; on a
// read, asking again does no harm.
func (t *Transport) judge(call Call, try int, reply *http.Response, err error) verdict {
	v := verdict{wait: backoff(try)}
	if err != nil {
		var f *failure
		var refused *api.StatusError
		v.again = errors.As(err, &f) && f.passes() && (call.Reads || f.unsent) ||
			errors.As(err, &refused) && t.readError(refused.Body).passing
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
	case said.notFound, said.final(reply.StatusCode) && !call.Reads:
		return verdict{}
	case said.passing:
		v.again = true
	}
	return v
}

// backoff is a random wait before the try after the given one: random to the
// full, so that workers who failed together do not come back together.
func backoff(try int) time.Duration {
	limit := firstBackoff
	for range try - 1 {
		limit = min(2*limit, maxBackoff)
	}
	return rand.N(limit) //nolint:gosec // It spreads load and keeps no secret.
}

// retryAfter reads the header of that name: seconds or a date. ok is false if
// there is none or it makes no sense.
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
