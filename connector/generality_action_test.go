package connector_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/secondapi"
)

// invoke runs an action of workspaces. It returns the result as JSON, or the text of the error.
func (d desk) invoke(name, arguments string) string {
	d.Helper()
	args := &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(arguments), args); err != nil {
		d.Fatal(err)
	}
	reply, err := d.client.InvokeAction(d.Context(), v2.InvokeActionRequest_builder{
		Name: name, ResourceTypeId: "workspace", Args: args, InlineWait: durationpb.New(time.Minute),
	}.Build())
	if err != nil {
		d.Fatal(err)
	}
	result := reply.GetResponse()
	if text := result.GetFields()["error"].GetStringValue(); text != "" {
		if reply.GetStatus() != v2.BatonActionStatus_BATON_ACTION_STATUS_FAILED {
			d.Errorf("%s: %s", text, reply.GetStatus())
		}
		return text
	}
	shown := result.GetFields()["resource"].GetStructValue().GetFields()
	return strings.TrimSpace(result.GetFields()["success"].String() + " " + shown["displayName"].GetStringValue())
}

const attic = `{"resource_type_id": "workspace", "resource_id": "8"}`
const lab = `{"resource_type_id": "workspace", "resource_id": "7"}`

// TestSecondAPIActions: actions of a resource that is no account, with inputs of all kinds.
func TestSecondAPIActions(t *testing.T) {
	d := deskOf(t, secondapi.Options{})
	schemas, err := d.client.ListActionSchemas(t.Context(), v2.ListActionSchemasRequest_builder{ResourceTypeId: "workspace"}.Build())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range schemas.GetSchemas() {
		line := s.GetName()
		for _, kind := range s.GetActionType() {
			line += " " + strings.TrimPrefix(kind.String(), "ACTION_TYPE_")
		}
		for _, f := range s.GetArguments() {
			line += ", " + f.GetName() + " " + strings.TrimPrefix(strings.ToLower(f.WhichField().String()), "field_")
			if f.GetIsRequired() {
				line += " required"
			}
		}
		lines = append(lines, line)
	}
	wantLines(t, "actions", lines, []string{
		"freeze RESOURCE_DISABLE, workspace_id resource_id_field required, reason string_field required, days int_field, silent bool_field, watchers string_slice_field, labels string_field",
		"thaw RESOURCE_ENABLE, workspace_id resource_id_field required",
		"tidy DYNAMIC, workspace_id resource_id_field required",
	})

	for _, c := range []struct{ action, arguments, want, state string }{
		{"freeze", `{"workspace_id": ` + lab + `, "reason": "", "days": 3, "silent": false, "watchers": ["ada"], "labels": "{\"a\": 1}"}`,
			"bool_value:true Lab", `{"days":3,"labels":{"a":1},"reason":"","silent":false,"state":"frozen","watchers":["ada"]}`},
		{"freeze", `{"workspace_id": "7", "reason": "again"}`, "bool_value:true Lab", `{"reason":"again","state":"frozen"}`},
		{"thaw", `{"workspace_id": ` + lab + `}`, "bool_value:true Lab", `{"reason":"Lab","state":"open"}`},
		{"thaw", `{"workspace_id": ` + lab + `}`, `baton-workbench: thaw for workspace "7": the status is "open", and must be disabled`, ""},
		{"tidy", `{"workspace_id": ` + lab + `}`, "bool_value:true", ""},
		{"freeze", `{"workspace_id": ` + lab + `}`, "baton-workbench: freeze: reason is required", ""},
		{"freeze", `{"workspace_id": ` + lab + `, "reason": "x", "day": 3}`, `baton-workbench: freeze: there is no argument "day"; did you mean "days"?`, ""},
		{"freeze", `{"workspace_id": ` + lab + `, "reason": 3}`, `baton-workbench: freeze: reason: text is expected`, ""},
		{"freeze", `{"reason": "x"}`, "baton-workbench: freeze: workspace_id is required: the id of the workspace", ""},
		{"tidy", `{"workspace_id": ""}`, "baton-workbench: tidy: workspace_id is required: the id of the workspace", ""},
		{"tidy", `{"workspace_id": null}`, "baton-workbench: tidy: workspace_id is required: the id of the workspace", ""},
		{"tidy", `{"workspace_id": 7}`, "baton-workbench: tidy: workspace_id is not an id: write it as text, in quotes", ""},
		{"tidy", `{"workspace_id": {"resource_type_id": "group", "resource_id": "31"}}`, `baton-workbench: tidy: a workspace is expected, not the group "31"`, ""},
		{"tidy", `{"workspace_id": "99"}`, `baton-workbench: tidy for workspace "99": there is no workspace "99"`, ""},
	} {
		if got := d.invoke(c.action, c.arguments); got != c.want {
			t.Errorf("%s %s\ngot  %s\nwant %s", c.action, c.arguments, got, c.want)
		}
		if got := strings.Join(d.server.States(), " "); got != c.state {
			t.Errorf("%s %s sent %s, want %s", c.action, c.arguments, got, c.state)
		}
	}
}

// TestSecondAPIActionAnswers: what an API may answer, and what is made of it.
func TestSecondAPIActionAnswers(t *testing.T) {
	const freeze, set, tidy = `{"workspace_id": ` + lab + `, "reason": "x"}`, "PUT /workspaces/7/state", "POST /workspaces/7/tidy"
	lost := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	var cut atomic.Int32
	for _, c := range []struct {
		name       string
		fault      fault
		refuse     bool
		action, on string
		want       string
		writes     []string
	}{
		{name: "lost after it was taken", fault: on(set, lost), action: "freeze", on: freeze, want: "bool_value:true Lab", writes: []string{set}},
		{name: "lost before it was taken", action: "freeze", on: freeze, want: "bool_value:true Lab", writes: []string{set, set}, fault: on(set, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if cut.Add(1) == 1 {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})},
		{name: "lost, and nothing shows whether it was done", fault: on(tidy, lost), action: "tidy", on: `{"workspace_id": ` + lab + `}`, want: "it may have been done all the same: a sync shows it", writes: []string{tidy}},
		{name: "lost before the status is set", fault: on("POST /workspaces/8/tidy", lost), action: "thaw", on: `{"workspace_id": ` + attic + `}`, want: "it may have been done all the same: a sync shows it", writes: []string{"POST /workspaces/8/tidy"}},
		{name: "refused, since it is so", refuse: true, action: "freeze", on: `{"workspace_id": ` + attic + `, "reason": "x"}`, want: "bool_value:true Attic", writes: []string{"PUT /workspaces/8/state"}},
		{name: "refused", action: "freeze", on: freeze, want: `freeze for workspace "7": SetWorkspaceState: HTTP 409 Conflict: locked: by the owner`, writes: []string{set}, fault: on(set, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			secondapi.Fail(w, http.StatusConflict, "locked", "by the owner")
		})},
		{name: "a web page with status 200", action: "tidy", on: `{"workspace_id": ` + lab + `}`, want: "not JSON", writes: []string{tidy}, fault: on(tidy, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>welcome</html>"))
		})},
		{name: "a success that is none", action: "freeze", on: freeze, want: `the calls reported success, but the status is "open", and not disabled`, writes: []string{set}, fault: on(set, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusNoContent)
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deskOf(t, secondapi.Options{Fault: c.fault, RefuseRepeats: c.refuse})
			got := d.invoke(c.action, c.on)
			if ok := strings.HasPrefix(c.want, "bool") && got == c.want || !strings.HasPrefix(c.want, "bool") && strings.Contains(got, c.want); !ok {
				t.Errorf("got %s, want %s", got, c.want)
			}
			d.wantWrites(c.writes...)
		})
	}
}

// delete deletes a resource. It reports whether there was none.
func (d desk) delete(typeID, id string) (already bool, err error) {
	reply, err := d.client.DeleteResource(d.Context(), v2.DeleteResourceRequest_builder{
		ResourceId: v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build(),
	}.Build())
	annos := annotations.Annotations(reply.GetAnnotations())
	return annos.Contains(&v2.ResourceDoesNotExist{}), err
}

// TestSecondAPIDeletes: gone before is as good as gone after.
func TestSecondAPIDeletes(t *testing.T) {
	const closing = "DELETE /workspaces/8"
	refused := func(d desk, typeID, want string) {
		t.Helper()
		_, err := d.delete(typeID, "8")
		wantError(t, err, want)
	}
	deleted := func(d desk, already bool, writes ...string) {
		t.Helper()
		if got, err := d.delete("workspace", "8"); got != already || err != nil {
			t.Errorf("there was none: %t, %v", got, err)
		}
		d.wantWrites(writes...)
	}
	d := deskOf(t, secondapi.Options{})
	deleted(d, false, closing)
	deleted(d, true)
	refused(d, "group", "does not have resource Delete() configured")
	d.wantWrites()

	lost := deskOf(t, secondapi.Options{Fault: on(closing, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})})
	deleted(lost, false, closing)

	idle := deskOf(t, secondapi.Options{Fault: on(closing, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusNoContent) })})
	refused(idle, "workspace", `deleting workspace "8": CloseWorkspace reported success, but it is still there`)
	idle.wantWrites(closing)

	deleted(deskOf(t, secondapi.Options{Fault: on("GET /workspaces", old(3))}), false, closing) // Reads lag.
}

// TestCapabilitiesFollowTheMapping: what a type cannot do is not claimed.
func TestCapabilitiesFollowTheMapping(t *testing.T) {
	d := deskOf(t, secondapi.Options{})
	metadata, err := d.client.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, of := range metadata.GetMetadata().GetCapabilities().GetResourceTypeCapabilities() {
		var can []string
		for _, c := range of.GetCapabilities() {
			can = append(can, strings.TrimPrefix(c.String(), "CAPABILITY_"))
		}
		slices.Sort(can)
		lines = append(lines, of.GetResourceType().GetId()+": "+strings.Join(can, " "))
	}
	var can []string
	for _, c := range metadata.GetMetadata().GetCapabilities().GetConnectorCapabilities() {
		can = append(can, strings.TrimPrefix(c.String(), "CAPABILITY_"))
	}
	slices.Sort(can)
	lines = append(lines, strings.Join(can, " "))
	wantLines(t, "capabilities", lines, []string{
		"ACTIONS PROVISION RESOURCE_DELETE SERVICE_MODE_TARGETED_SYNC SYNC TARGETED_SYNC",
		"person: SYNC TARGETED_SYNC",
		"group: PROVISION SYNC",
		"role: PROVISION SYNC TARGETED_SYNC",
		"workspace: RESOURCE_DELETE SYNC TARGETED_SYNC",
	})
}
