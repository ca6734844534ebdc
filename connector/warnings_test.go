package connector_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// workbenchWith is workbench with a mapping in which texts are replaced that are in
// it once.
func workbenchWith(t *testing.T, s *secondapi.Server, replaced ...string) connector.Options {
	t.Helper()
	src := string(secondapi.Mapping)
	for i := 0; i < len(replaced); i += 2 {
		if strings.Count(src, replaced[i]) != 1 {
			t.Fatalf("not there once: %s", replaced[i])
		}
		src = strings.Replace(src, replaced[i], replaced[i+1], 1)
	}
	plan, err := mapping.Load("mapping.yaml", []byte(src), mapping.Environment{Operations: client.Operations})
	if err != nil {
		t.Fatal(err)
	}
	o := workbench(t, s)
	o.Plan = plan
	return o
}

// loggedWarnings runs two syncs of one connector and returns what warnings they have
// in the log, each with its fields.
func loggedWarnings(t *testing.T, o connector.Options) []string {
	t.Helper()
	core, logs := observer.New(zapcore.WarnLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	c, err := connector.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		client, session := harness.ClientOf(t, c)
		if _, err := harness.TrySyncWith(t, ctx, client, session); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for _, e := range logs.All() {
		line := e.Message
		fields := e.ContextMap()
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			line += fmt.Sprintf("; %s=%v", key, fields[key])
		}
		lines = append(lines, line)
	}
	return lines
}

// The warnings of a mapping are in the log of every sync with it, once.
func TestWarningsOfTheMappingAreInTheLog(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	if got := loggedWarnings(t, workbench(t, server)); len(got) > 0 {
		t.Errorf("without warnings of the mapping: %q", got)
	}
	got := loggedWarnings(t, workbenchWith(t, server, "    grants:\n      - {entitlement: workspace.reader, on: shared_with, expand: member}\n", ""))
	want := "the mapping is probably wrong here; place=mapping.yaml:75:7; warning=no rule under grants of group reads workspace.reader, so no grant of it is synced"
	if !slices.Equal(got, []string{want, want}) {
		t.Errorf("got  %q\nwant %q in each of two syncs", got, want)
	}
}

// The words for a status that the mapping does not know are in one warning at the end.
func TestUnknownStatusesAreInTheLog(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	const status = "    status: {from: active, enabled: [\"true\"], disabled: [\"false\"]}\n"
	got := loggedWarnings(t, workbenchWith(t, server, status, "    status: {from: first handles, enabled: [ada], ignored: {bob: Is not here.}}\n"))
	want := "the mapping has no meaning for some values of the status; these resources are shown without one; resources=2; values=[person: dee person: eve]"
	if !slices.Equal(got, []string{want, want}) {
		t.Errorf("got  %q\nwant %q in each of two syncs", got, want)
	}
}

// What a list leaves out on purpose is in the log of every sync.
func TestNarrowedListsAreInTheLog(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	ctx := ctxzap.ToContext(t.Context(), zap.New(core))
	o := workbench(t, secondapi.Start(t, secondapi.Demo(), secondapi.Options{}))
	if _, err := harness.TrySync(t, ctx, o); err != nil {
		t.Fatal(err)
	}
	found := logs.FilterMessage("the mapping asks for a part of a list").All()
	if len(found) != 1 || found[0].ContextMap()["field"] != "archived" || found[0].ContextMap()["reason"] != "Nobody can be given an archived role." {
		t.Errorf("%+v", found)
	}
}
