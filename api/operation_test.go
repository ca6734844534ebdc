package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
)

// TestEmptyBodies: a body without anything in it is an empty one, and not null.
func TestEmptyBodies(t *testing.T) {
	for _, c := range []struct {
		request reflect.Type
		want    string
	}{
		{reflect.TypeFor[struct {
			Body map[string]any `in:"body"`
		}](), `{"Body":{}}`},
		{reflect.TypeFor[struct {
			Body []string `in:"body"`
		}](), `{"Body":[]}`},
		{descope.Operations["SearchUsers"].Request, `{"Body":{}}`},
	} {
		body, err := json.Marshal((&api.Operation{Request: c.request}).NewRequest())
		if err != nil || string(body) != c.want {
			t.Errorf("%v: %s %v, want %s", c.request, body, err, c.want)
		}
	}
}

// refuser notes requests, and sends none.
type refuser struct{ query string }

func (r *refuser) Do(request *http.Request) (*http.Response, error) {
	r.query = request.URL.RawQuery
	return nil, errors.New("not sent")
}

// TestParametersThatAreNotGiven: they are not sent, those behind a $ref neither.
func TestParametersThatAreNotGiven(t *testing.T) {
	op := client.Operations["ListGroups"]
	call := op.NewRequest().(*client.ListGroupsCall)
	var r refuser
	for want, page := range map[string]*client.Page{"": nil, "page=0": new(client.Page)} {
		call.Params.Page = page
		if _, err := op.Call(t.Context(), api.NewConnection("https://api.example.com", &r), call); err == nil || r.query != want {
			t.Errorf("sent %q, want %q: %v", r.query, want, err)
		}
	}
}

// TestFieldsThatAreNotGiven: of the requests that change a user, what is not given is
// not sent, and what is given is, empty and false too.
func TestFieldsThatAreNotGiven(t *testing.T) {
	for _, c := range []struct {
		body any
		want string
	}{
		{descope.PatchUserRequest{LoginID: "U1"}, `{"loginId":"U1"}`},
		{descope.PatchUserRequest{
			LoginID: "U1", Name: new(""), VerifiedEmail: new(false), RoleNames: &[]string{}, UserTenants: &[]descope.AssociatedTenant{},
			CustomAttributes: &map[string]any{},
		}, `{"customAttributes":{},"loginId":"U1","name":"","roleNames":[],"userTenants":[],"verifiedEmail":false}`},
		{descope.CreateUserRequest{LoginID: "ann"}, `{"loginId":"ann"}`},
		{descope.CreateUserRequest{
			LoginID: "ann", Invite: new(false), SendMail: new(false), AdditionalIdentifiers: &[]string{}, SsoAppIds: &[]string{},
			TemplateOptions: &map[string]string{},
		}, `{"additionalIdentifiers":[],"invite":false,"loginId":"ann","sendMail":false,"ssoAppIds":[],"templateOptions":{}}`},
	} {
		body, err := json.Marshal(c.body)
		if err != nil || string(body) != c.want {
			t.Errorf("%s %v, want %s", body, err, c.want)
		}
	}
}
