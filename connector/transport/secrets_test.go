package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestSecrets: no failure reveals the key, whoever quotes it.
func TestSecrets(t *testing.T) {
	for name, base := range map[string]roundTrip{
		"quoted in an error reply": func(req *http.Request) (*http.Response, error) {
			said, err := json.Marshal(map[string]string{"Code": req.Header.Get("Authorization"), "Message": "bad " + testToken})
			return &http.Response{StatusCode: http.StatusUnauthorized, Body: io.NopCloser(strings.NewReader(string(said)))}, err
		},
		"quoted in a page": func(req *http.Request) (*http.Response, error) {
			page := "<html>" + req.Header.Get("Authorization")
			return &http.Response{StatusCode: http.StatusBadGateway, Body: io.NopCloser(strings.NewReader(page))}, nil
		},
		"quoted in a content type": func(req *http.Request) (*http.Response, error) {
			h := http.Header{"Content-Type": {"text/" + req.Header.Get("Authorization")}}
			return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		},
		"in a redirect": func(*http.Request) (*http.Response, error) {
			h := http.Header{"Location": {"https://x:" + testToken + "@x.test/" + testToken}}
			return &http.Response{StatusCode: http.StatusFound, Header: h, Body: http.NoBody}, nil
		},
		"in a connection error": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("cannot send %v via http://me:proxy-password@proxy.test", req.Header)
		},
		"in a URL": func(req *http.Request) (*http.Response, error) {
			return nil, errors.New("cannot reach " + req.URL.String())
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zapcore.DebugLevel)
				ctx := ctxzap.ToContext(t.Context(), zap.New(core))
				conn := open(t, Options{Base: base})
				_, err := postTo(ctx, conn, read, "http://me:proxy-password@api.test/")
				if err == nil {
					t.Fatal("no error")
				}
				texts := []string{fmt.Sprintf("%+v", conn.Error("Search", err))}
				for _, entry := range logs.All() {
					texts = append(texts, fmt.Sprint(entry.Message, entry.ContextMap()))
				}
				if len(texts) < 2 {
					t.Error("no log")
				}
				for _, text := range texts {
					for _, secret := range []string{"K2-very", "proxy-password"} {
						if strings.Contains(text, secret) {
							t.Errorf("%q holds %q", text, secret)
						}
					}
				}
			})
		})
	}
}

// TestSecretsOfCalls: what a call has of secrets is not revealed either, whatever it is
// made of.
func TestSecretsOfCalls(t *testing.T) {
	for _, secret := range []string{`a://b:"<&%41@cdefg;`, "Correct-Horse-77:Battery", `&lt;\u003c%3c%253c;=`} {
		for name, base := range map[string]roundTrip{
			"quoted in an error reply": func(*http.Request) (*http.Response, error) {
				said, err := json.Marshal(map[string]string{"Code": "E1", "Message": "the password " + secret + " is too weak"})
				return &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader(string(said)))}, err
			},
			"quoted in a content type": func(*http.Request) (*http.Response, error) {
				h := http.Header{"Content-Type": {"text/" + secret}}
				return &http.Response{StatusCode: http.StatusOK, Header: h, Body: io.NopCloser(strings.NewReader("{}"))}, nil
			},
			"in a redirect": func(*http.Request) (*http.Response, error) {
				h := http.Header{"Location": {"https://" + url.PathEscape(secret) + ".test/"}}
				return &http.Response{StatusCode: http.StatusFound, Header: h, Body: http.NoBody}, nil
			},
			"in a connection error": func(*http.Request) (*http.Response, error) {
				return nil, errors.New("cannot send " + secret)
			},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					core, logs := observer.New(zapcore.DebugLevel)
					ctx := ctxzap.ToContext(t.Context(), zap.New(core))
					conn := open(t, Options{Base: base})
					call := Call{Operation: "Add", Secret: secret}
					_, err := postTo(ctx, conn, call, "http://api.test/")
					texts := []string{fmt.Sprintf("%+v", conn.ErrorOf(call, err))}
					for _, entry := range logs.All() {
						texts = append(texts, fmt.Sprint(entry.Message, entry.ContextMap()))
					}
					if err == nil || len(texts) < 2 {
						t.Fatal("no error, or no log")
					}
					for _, text := range texts {
						if rest := longestCommon(strings.ToLower(secret), strings.ToLower(text)); len(rest) > minSecret {
							t.Errorf("%q has %q of the secret", text, rest)
						}
					}
				})
			})
		}
	}
}

func TestLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		ctx := ctxzap.ToContext(t.Context(), zap.New(core))
		statuses := []int{200, 403, 503, 200, 500, 500}
		var requests atomic.Int32
		conn := serve(t, Options{Attempts: 2}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(statuses[requests.Add(1)-1])
			io.WriteString(w, `{"Code":"E1"}`)
		})
		for range 4 {
			post(ctx, conn, read)
		}
		var got []string
		for _, entry := range logs.All() {
			fields := entry.ContextMap()
			if _, waits := fields["wait"]; waits != (entry.Level == zapcore.InfoLevel) || fields["operation"] != "Search" {
				t.Errorf("%s has the fields %v", entry.Message, fields)
			}
			got = append(got, fmt.Sprintf("%s %v %v", entry.Level, fields["status"], fields["attempt"]))
		}
		want := "debug 200 1, warn 403 1, info 503 1, debug 200 2, info 500 1, error 500 2"
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s, want %s", s, want)
		}
	})
}
