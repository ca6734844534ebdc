package descope_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// An action or a deletion under a fault ends with all of it done and success, or with an
// error: never with success and less, and never with anything else changed. An action
// ends within 25 seconds, whatever the API does.

// deed is something that is done to U1.
type deed struct {
	// operations are those that write.
	operations []string
	do         func(t *testing.T, d *emulatortest.Running) error
	// done reports whether it was carried out, and changes u as it changes U1.
	done func(s *emulator.Store, u *emulator.User) bool
}

func deeds() map[string]deed {
	invokes := func(name, resourceType string) func(*testing.T, *emulatortest.Running) error {
		return func(t *testing.T, d *emulatortest.Running) error {
			t.Helper()
			client, _ := harness.Client(t, options(t, d))
			return act(t, client, name, resourceType)
		}
	}
	effect := func(s *emulator.Store, kind emulator.EffectKind) bool {
		return slices.Contains(s.Effects(), emulator.Effect{Kind: kind, UserID: "U1"})
	}
	return map[string]deed{
		"disable": {
			[]string{"UpdateUserStatus", "LogoutAllUserDevices"}, invokes("disable_user", ""),
			func(s *emulator.Store, u *emulator.User) bool {
				u.Status = "disabled"
				return effect(s, emulator.SignedOut)
			},
		},
		"sign out": {
			[]string{"LogoutAllUserDevices"}, invokes("sign_out", "user"),
			func(s *emulator.Store, _ *emulator.User) bool { return effect(s, emulator.SignedOut) },
		},
		"delete": {
			[]string{"DeleteUser"},
			func(t *testing.T, d *emulatortest.Running) error {
				t.Helper()
				client, _ := harness.Client(t, options(t, d))
				_, err := client.DeleteResource(t.Context(), v2.DeleteResourceRequest_builder{ResourceId: user("U1").GetId()}.Build())
				return err
			},
			func(s *emulator.Store, u *emulator.User) bool {
				u.UserID = ""
				return true
			},
		},
	}
}

func TestFaultsOnActions(t *testing.T) {
	t.Parallel()
	kinds := []string{
		"429", "429:2", "429:20", "429:100", "500", "502", "503", "503:3", "504", "error:E130429", "error:E111119", "403", "404", "html", "html:502",
		"empty", "204", "reset", "stuck", "stuck:body", "slow:10s", "slow:40s", "slow-body:70s", "half", "half:chunked", "huge", "type:text/plain",
	}
	for name, c := range deeds() {
		for _, operation := range append([]string{"LoadUser"}, c.operations...) {
			for _, kind := range kinds {
				for _, when := range []string{"", " times=1", " call=2-", " taken", " taken times=1"} {
					rule := kind + " on=" + operation + when
					if strings.HasPrefix(when, " taken") && !replaces(kind) {
						continue
					}
					if operation == "LogoutAllUserDevices" && (kind == "empty" || kind == "204") {
						continue // That is what success looks like.
					}
					t.Run(name+" "+rule, func(t *testing.T) {
						sampled(t)
						t.Parallel()
						synctest.Test(t, func(t *testing.T) { c.under(t, rule) })
					})
				}
			}
		}
	}
}

// TestActionWaitsForNoLimit: an action that could start too late says when it can.
func TestActionWaitsForNoLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, company(member()), emulator.Options{})
		o := options(t, d)
		o.Plan.PerMinute = map[string]int{"UpdateUserStatus": 1}
		client, _ := harness.Client(t, o)
		if err := act(t, client, "enable_user", ""); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := act(t, client, "enable_user", "")
		want := "enable_user for user \"U1\": UpdateUserStatus: the rate limit is used up: try again after " + start.Add(time.Minute).UTC().Format(time.RFC3339)
		if err == nil || !strings.Contains(err.Error(), want) || time.Since(start) > time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		time.Sleep(time.Minute)
		if err := act(t, client, "enable_user", ""); err != nil {
			t.Error(err)
		}
		if n := d.Count("UpdateUserStatus"); n != 2 {
			t.Errorf("%d were sent", n)
		}
	})
}

// act invokes an action on U1.
func act(t *testing.T, client types.ConnectorClient, name, resourceType string) error {
	t.Helper()
	reply, err := client.InvokeAction(t.Context(), v2.InvokeActionRequest_builder{
		Name: name, ResourceTypeId: resourceType, InlineWait: durationpb.New(time.Hour),
		Args: &structpb.Struct{Fields: map[string]*structpb.Value{"user_id": structpb.NewStringValue("U1")}},
	}.Build())
	if err != nil {
		t.Fatal(err)
	}
	if text := reply.GetResponse().GetFields()["error"].GetStringValue(); text != "" {
		return status.Error(codes.Aborted, text) // The SDK keeps the text alone.
	}
	if !reply.GetResponse().GetFields()["success"].GetBoolValue() {
		t.Errorf("the result is %v", reply.GetResponse())
	}
	return nil
}

// replaces reports whether a fault takes the place of the answer, so that it may be
// taken or not.
func replaces(kind string) bool {
	for _, prefix := range []string{"slow", "half", "huge", "type"} {
		if strings.HasPrefix(kind, prefix) {
			return false
		}
	}
	return true
}

// under does the deed under a fault. This is the one place that says how it may end.
func (c deed) under(t *testing.T, rule string) {
	t.Helper()
	d := emulatortest.StartInMemory(t, company(member(), colleague()), emulator.Options{})
	d.Fail(t, rule)
	before, _ := d.Store().User("U1")
	others, _ := d.Store().User("U2")
	start := time.Now()
	err := c.do(t, d)
	if took, limit := time.Since(start), 26*time.Second; took > limit && !slices.Contains(c.operations, "DeleteUser") {
		t.Errorf("it took %v", took)
	}
	after, there := d.Store().User("U1")
	want := before
	done := c.done(d.Store(), &want)
	if done && there == (want.UserID == "") || there && !reflect.DeepEqual(after, want) {
		done = false
	}
	switch untouched := there && reflect.DeepEqual(after, before); {
	case err == nil && !done:
		t.Errorf("it succeeded, and U1 is %+v (there: %t), effects %v", after, there, d.Store().Effects())
	case err != nil && there && !untouched && !reflect.DeepEqual(after, want):
		t.Errorf("it failed, and U1 is %+v", after)
	case err != nil:
		checkError(t, err)
	}
	if now, _ := d.Store().User("U2"); !reflect.DeepEqual(now, others) {
		t.Errorf("somebody else changed: %+v", now)
	}
}
