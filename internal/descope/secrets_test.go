package descope_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// theKey is the management key of these tests.
const theKey = "K2qNobodyMayEverReadThis7Key"

// output is all output of a connector: its logs, replies and errors.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	logs int
}

func (o *output) add(parts ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintln(&o.text, parts...)
}

// Write takes a line of the log.
func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.logs++
	return o.text.Write(line)
}

// Sync is there for zap.
func (o *output) Sync() error { return nil }

// overheard is a client whose replies, with rows and page tokens, are recorded.
type overheard struct {
	types.ConnectorClient
	output *output
}

func overhear[Request, Reply proto.Message](o overheard, call func(context.Context, Request, ...grpc.CallOption) (Reply, error)) func(context.Context, Request) (Reply, error) {
	return func(ctx context.Context, request Request) (Reply, error) {
		reply, err := call(ctx, request)
		o.output.add(request, reply, err)
		return reply, err
	}
}

func (o overheard) Validate(ctx context.Context, r *v2.ConnectorServiceValidateRequest, _ ...grpc.CallOption) (*v2.ConnectorServiceValidateResponse, error) {
	return overhear(o, o.ConnectorClient.Validate)(ctx, r)
}

func (o overheard) ListResources(ctx context.Context, r *v2.ResourcesServiceListResourcesRequest, _ ...grpc.CallOption) (*v2.ResourcesServiceListResourcesResponse, error) {
	return overhear(o, o.ConnectorClient.ListResources)(ctx, r)
}

func (o overheard) ListEntitlements(
	ctx context.Context, r *v2.EntitlementsServiceListEntitlementsRequest, _ ...grpc.CallOption,
) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	return overhear(o, o.ConnectorClient.ListEntitlements)(ctx, r)
}

func (o overheard) ListGrants(ctx context.Context, r *v2.GrantsServiceListGrantsRequest, _ ...grpc.CallOption) (*v2.GrantsServiceListGrantsResponse, error) {
	return overhear(o, o.ConnectorClient.ListGrants)(ctx, r)
}

func (o overheard) Grant(ctx context.Context, r *v2.GrantManagerServiceGrantRequest, _ ...grpc.CallOption) (*v2.GrantManagerServiceGrantResponse, error) {
	return overhear(o, o.ConnectorClient.Grant)(ctx, r)
}

// echoes has the ways in which a server, or a proxy, may quote a request in its reply.
// None of them is retried.
var echoes = map[string]func(w http.ResponseWriter, authorization string){
	"refused": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusUnauthorized, map[string]any{"errorCode": "E111119", "errorMessage": "no such key: " + said})
	},
	"forbidden, in the code": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusForbidden, map[string]any{"errorCode": said, "errorDescription": "your request was\r\nAuthorization: " + said})
	},
	"in Base64": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusBadRequest, map[string]any{"errorMessage": "bad header QQ" + base64.StdEncoding.EncodeToString([]byte("Authorization: "+said))})
	},
	"escaped for a URL": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusConflict, map[string]any{"message": "see https://help.test/?auth=" + url.QueryEscape(said)})
	},
	"in hex": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusBadRequest, map[string]any{"errorMessage": fmt.Sprintf("bad header % X", said)})
	},
	"in references of HTML, in lines": func(w http.ResponseWriter, said string) {
		var b strings.Builder
		for i, c := range []byte(said) {
			fmt.Fprintf(&b, "&#%d;", c)
			if i%10 == 9 {
				b.WriteString("\r\n")
			}
		}
		echo(w, http.StatusBadRequest, map[string]any{"errorMessage": b.String()})
	},
	"in Base64 twice": func(w http.ResponseWriter, said string) {
		once := base64.StdEncoding.EncodeToString([]byte("Authorization: " + said))
		echo(w, http.StatusBadRequest, map[string]any{"errorMessage": base64.URLEncoding.EncodeToString([]byte("h=" + once))})
	},
	"cut, with blanks": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusBadRequest, map[string]any{"errorMessage": strings.Join(strings.Split(said[len(said)-20:len(said)-2], ""), " ")})
	},
	"not found": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusNotFound, map[string]any{"errorCode": "E112102", "errorMessage": said})
	},
	"a permanent fault": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusInternalServerError, map[string]any{"errorCode": "E011001", "errorMessage": said})
	},
	"a page of a proxy": func(w http.ResponseWriter, said string) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusMethodNotAllowed)
		fmt.Fprintf(w, "<pre>Authorization: %s</pre>", said)
	},
	"a redirect": func(w http.ResponseWriter, said string) {
		w.Header().Set("Location", "https://"+theKey+".evil.test/?"+url.QueryEscape(said))
		w.WriteHeader(http.StatusFound)
	},
	"a content type": func(w http.ResponseWriter, said string) {
		w.Header().Set("Content-Type", "text/"+said)
		fmt.Fprint(w, said)
	},
	"a field of the wrong type": func(w http.ResponseWriter, said string) {
		echo(w, http.StatusOK, map[string]any{"users": said, "roles": said, "tenants": said, "permissions": said, "user": said, said: said})
	},
	"half JSON": func(w http.ResponseWriter, said string) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `%q: x`, said)
	},
}

func echo(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// TestKeyIsNeverExposed: no log, reply, page token, error, c1z, temporary file or recorded
// reply has the key, whether the sync succeeds or fails, at the first request or later,
// and however the server quotes it.
func TestKeyIsNeverExposed(t *testing.T) {
	t.Parallel()
	t.Run("success", func(t *testing.T) {
		t.Parallel()
		syncs(t, nil)
	})
	for name, answer := range echoes {
		for when, first := range map[string]int{"at first": 1, "in mid-list": 3} { // After the request that validates and a page.
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				syncs(t, func(operation string, call int, w http.ResponseWriter, r *http.Request) bool {
					if operation != "SearchUsers" || call < first {
						return false
					}
					answer(w, r.Header.Get("Authorization"))
					return true
				})
			})
		}
	}
}

// syncs runs a sync that fails because of a hook, or succeeds without one, and searches
// all output for the key.
func syncs(t *testing.T, hook emulator.Hook) {
	t.Helper()
	key := harness.KeyOf(theKey)
	d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 250, Tenants: 3, Roles: 4, Permissions: 4}), emulator.Options{ManagementKey: theKey})
	d.Intercept(hook)
	ctx, heard, o, dir := listening(t, d)
	client, session := harness.Client(t, o)
	path := filepath.Join(dir, "sync.c1z")
	syncer, err := sdksync.NewSyncer(ctx, overheard{client, heard}, sdksync.WithC1ZPath(path), sdksync.WithTmpDir(dir),
		sdksync.WithStorageEngine(c1zstore.EnginePebble), sdksync.WithSessionStore(session), sdksync.WithWorkerCount(usualWorkers))
	if err != nil {
		t.Fatal(err)
	}
	err = syncer.Sync(ctx)
	if (err == nil) != (hook == nil) {
		t.Errorf("the sync ended with %v", err)
	}
	heard.add(err, fmt.Sprintf("%+v %#v", err, err), syncer.Close(ctx))
	aGrant(ctx, overheard{client, heard})

	heard.hides(t, key, dir)
}

// TestAPasswordStaysInTheConnector: it is in no log, error or recorded reply, and in an
// answer encrypted alone, whatever the server says of it.
func TestAPasswordStaysInTheConnector(t *testing.T) {
	t.Parallel()
	for name, answer := range echoes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hires(t, func(w http.ResponseWriter, r *http.Request) bool {
				var request struct{ Password string }
				if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
					t.Error(err)
				}
				answer(w, request.Password)
				return true
			})
		})
	}
	t.Run("success", func(t *testing.T) {
		t.Parallel()
		hires(t, func(http.ResponseWriter, *http.Request) bool { return false })
	})
}

// hires creates an account with a password, which a hook may answer, and looks for the
// password in all that came of it.
func hires(t *testing.T, hook func(w http.ResponseWriter, r *http.Request) bool) {
	t.Helper()
	d := emulatortest.Start(t, company(), emulator.Options{})
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		return operation == "CreateUser" && hook(w, r)
	})
	ctx, heard, o, dir := listening(t, d)
	client, _ := harness.Client(t, o)
	h := &hiring{options: withPassword}
	err := h.create(ctx, t, client)
	heard.add(err, fmt.Sprintf("%+v %#v", err, err), h.reply)
	passwords := sentPasswords(d)
	if len(passwords) != 1 {
		t.Fatalf("%d passwords were sent", len(passwords))
	}
	heard.hides(t, harness.KeyOf(passwords[0]), dir)
}

// listening returns the options of a connector whose log goes to the output, and whose
// recorded replies go to a folder.
func listening(t *testing.T, d *emulatortest.Running) (ctx context.Context, heard *output, o connector.Options, dir string) {
	t.Helper()
	heard, dir, o = &output{}, t.TempDir(), options(t, d)
	ctx = ctxzap.ToContext(t.Context(), zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), heard, zapcore.DebugLevel)))
	if err := descope.Record(&generated.Descope{Record: filepath.Join(dir, "replies")}, &o); err != nil {
		t.Fatal(err)
	}
	return ctx, heard, o, dir
}

// hides checks that a key is neither in the output nor in a folder.
func (o *output) hides(t *testing.T, key harness.Key, dir string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	key.Hidden(t, "the output", o.text.Bytes())
	if o.logs == 0 {
		t.Error("there is no log")
	}
	for _, found := range key.InFolder(t, dir) {
		t.Error(found)
	}
}

// aGrant makes a grant, which may fail.
func aGrant(ctx context.Context, client overheard) {
	role := v2.ResourceId_builder{ResourceType: "role", Resource: "Role 1"}.Build()
	client.Grant(ctx, v2.GrantManagerServiceGrantRequest_builder{
		Entitlement: v2.Entitlement_builder{Id: "role:Role 1:assigned", Resource: v2.Resource_builder{Id: role}.Build()}.Build(),
		Principal:   v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: "user", Resource: "U1"}.Build()}.Build(),
	}.Build())
}
