package mapping_test

import (
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

// TestErrorsWithAnOddField: what one field of an error says counts, whatever the
// others are.
func TestErrorsWithAnOddField(t *testing.T) {
	plan, err := mapping.Load("descope.yaml", mapping.Descope, descopeAPI)
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
		if code, message := plan.Errors.Read([]byte(body)); [2]string{code, message} != want {
			t.Errorf("%s: %q and %q, want %q", body, code, message, want)
		}
	}
}
