package connector_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// heard is a progress that keeps the reasons of waits.
type heard struct{ reasons []string }

func (*heard) Read(string, int, int, time.Time) {}
func (*heard) LeftOut(int)                      {}

func (h *heard) Wait(_ time.Time, reason string) { h.reasons = append(h.reasons, reason) }

// What a sync waits for is said in the names of its own API and operation.
func TestSecondAPIReportsItsWaits(t *testing.T) {
	for limit, want := range map[int]string{1: "Workbench's limit of 1 list a minute", 2: "Workbench's limit of 2 lists a minute"} {
		plan, err := secondapi.Plan()
		if err != nil {
			t.Fatal(err)
		}
		plan.PerMinute = map[string]int{"ListRoles": limit}
		synctest.Test(t, func(t *testing.T) {
			progress := &heard{}
			client := clientWith(t, connector.Options{
				Name: "baton-workbench", Plan: plan, BaseURL: "http://127.0.0.1", Token: secondapi.Token,
				Base: noRoles{}, Progress: progress,
			}, &memory{})
			for i := range limit + 1 {
				request := v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "role", ActiveSyncId: string(rune('a' + i))}.Build()
				if _, err := client.ListResources(t.Context(), request); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(progress.reasons, []string{want}) {
				t.Errorf("%q, want %q", progress.reasons, want)
			}
		})
	}
}
