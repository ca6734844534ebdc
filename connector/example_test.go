package connector_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/mapping"
)

// A mapping is run on the SDK: its server lists the tenants of a project.
func Example() {
	local := emulator.New(emulator.Demo(), emulator.Options{ManagementKey: "key"})
	api := httptest.NewServer(local)
	defer api.Close()

	plan, err := mapping.Load("descope.yaml", mapping.Descope, mapping.Environment{
		Operations: descope.Operations,
		Options:    map[string]any{"include-test-users": false},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	c, err := connector.New(ctx, connector.Options{
		Name: "baton-descope", Plan: plan, BaseURL: api.URL, Token: local.ProjectID() + ":key",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := connector.NewServer(ctx, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := server.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "tenant"}.Build())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range answer.GetList()[:2] {
		fmt.Println(r.GetId().GetResource(), r.GetDisplayName())
	}
	// Output:
	// T2acme Acme Robotics
	// T2acmelabs Acme Labs
}
