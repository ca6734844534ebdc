package mapping_test

import (
	"reflect"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// TestErrorReplyWithUnexpectedField: what one field of an error says counts, whatever the
// others are.
func TestErrorReplyWithUnexpectedField(t *testing.T) {
	plan, err := mapping.Load("frozen.yaml", frozen, descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string][2]string{
		`{"errorCode":"E112102","errorMessage":{"en":"gone"}}`:                         {"E112102", ""},
		`{"errorCode":"E112102","errorMessage":["gone"],"errorDescription":"is gone"}`: {"E112102", "is gone"},
		`{"errorCode":112102,"message":"is gone"}`:                                     {"", "is gone"},
		`{"ERRORCODE":"E112102","errorMessage":"x"}`:                                   {"", "x"},
		`{"errorCode":"E112102"`:                                                       {"", ""},
		`["E112102"]`:                                                                  {"", ""},
	} {
		if got := plan.Errors.Read([]byte(body)); [2]string{got.Code, got.Message} != want {
			t.Errorf("%s: %+v, want %q", body, got, want)
		}
	}
}

// TestErrorsInSuccess: an error code counts whatever the status says, and nowhere
// else than where the errors of the API have it.
func TestErrorsInSuccess(t *testing.T) {
	plan, err := mapping.Load("frozen.yaml", frozen, descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{
		`{"users":[],"errorCode":"E1"}`:                   true,
		`{"users":[],"errorCode":"E1","errorMessage":{}}`: true,
		`{"users":[]}`:                  false,
		`{"users":[],"errorCode":""}`:   false,
		`{"users":[],"errorCode":null}`: false,
		`{"users":[{"userId":"U","customAttributes":{"errorCode":"E1"}}]}`: false,
		`[{"errorCode":"E1"}]`: false,
		`<html>"errorCode"`:    false,
	} {
		if got := plan.Errors.InSuccess("SearchUsers", []byte(body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// TestErrorCodeFieldOfASuccessfulReply: where replies have a field of that name themselves, it
// says nothing of errors.
func TestErrorCodeFieldOfASuccessfulReply(t *testing.T) {
	operations := api.Operations{}
	for name, op := range descopeAPI.Operations {
		changed := *op
		if name == "LoadAllRoles" {
			changed.Reply = reflect.TypeFor[struct {
				descope.LoadRolesResponse
				ErrorCode string `json:"errorCode,omitempty"`
			}]()
		}
		operations[name] = &changed
	}
	environment := descopeAPI
	environment.Operations = operations
	plan, err := mapping.Load("frozen.yaml", frozen, environment)
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"roles":[],"errorCode":"E1"}`
	if plan.Errors.InSuccess("LoadAllRoles", []byte(body)) || !plan.Errors.InSuccess("LoadAllTenants", []byte(body)) {
		t.Error("a field of the reply is taken for an error code, or the other way round")
	}
}
