package fault

import (
	"errors"
	"net"
	"net/http"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// timeFaults delay the answer, or close the connection.
var timeFaults = []kind{
	{
		name: "slow", form: "slow:TIME", parse: parseSlow,
		about: "the answer starts after a time such as 5s",
	},
	{
		name: "slow-body", form: "slow-body:TIME", parse: parseSlowBody,
		about: "the answer starts at once, and its body takes a time",
	},
	{
		name: "stuck", form: "stuck[:body]", replaces: true, parse: parseStuck,
		about: "no answer, or only the header of one, until the caller gives up",
	},
	{
		name: "reset", form: "reset", replaces: true, parse: without(reset),
		about: "the connection is reset",
	},
}

func parseSlow(value string) (effect, error) {
	d, err := parseDuration(value)
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		if emulator.Sleep(r.Context(), d) {
			next.ServeHTTP(w, r)
		}
	}, err
}

// slowPieces is the number of pieces in which a slow body is sent.
const slowPieces = 10

func parseSlowBody(value string) (effect, error) {
	d, err := parseDuration(value)
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		answer.begin(w)
		size := (answer.body.Len() + slowPieces - 1) / slowPieces
		for range slowPieces {
			http.NewResponseController(w).Flush()
			if !emulator.Sleep(r.Context(), d/slowPieces) {
				return
			}
			w.Write(answer.body.Next(size)) //nolint:errcheck // The caller went away.
		}
	}, err
}

func parseStuck(value string) (effect, error) {
	if value != "" && value != "body" {
		return nil, errors.New("a request is stuck before its answer, or in its body")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if value == "body" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusOK)
			w.Write([]byte("{")) //nolint:errcheck // The caller went away.
			http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}, nil
}

func reset(_ *emulator.Server, w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // Without it the connection is closed, not reset.
	}
	conn.Close()
}
