package main

import (
	"strings"
	"testing"

	generated "github.com/conductorone/baton-descope/gen/config"
)

func TestBaseURL(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  generated.Descope
		want string
		err  string
	}{
		"the default":                    {generated.Descope{ProjectId: "P2abc"}, "https://api.descope.com", ""},
		"31 characters have no region":   {generated.Descope{ProjectId: "Peuc1" + strings.Repeat("x", 26)}, "https://api.descope.com", ""},
		"32 characters name a region":    {generated.Descope{ProjectId: "Peuc1" + strings.Repeat("x", 27)}, "https://api.euc1.descope.com", ""},
		"given":                          {generated.Descope{ProjectId: "Peuc1" + strings.Repeat("x", 27), BaseUrl: "https://auth.example.com/"}, "https://auth.example.com", ""},
		"a loopback address without TLS": {generated.Descope{ProjectId: "P2abc", BaseUrl: "http://127.0.0.1:8484"}, "http://127.0.0.1:8484", ""},
		"no TLS":                         {generated.Descope{ProjectId: "P2abc", BaseUrl: "http://example.com"}, "", "--insecure"},
		"no TLS, and told so":            {generated.Descope{ProjectId: "P2abc", BaseUrl: "http://example.com", Insecure: true}, "http://example.com", ""},
		"not a URL":                      {generated.Descope{ProjectId: "P2abc", BaseUrl: "descope"}, "", "--base-url"},
		"not a project id":               {generated.Descope{ProjectId: "evil.example/#" + strings.Repeat("x", 30)}, "", "--project-id"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := baseURL(&test.cfg)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestMappingMistakesNameTheFile(t *testing.T) {
	_, err := loadMapping(&generated.Descope{Mapping: "no-such-file.yaml"})
	if err == nil || !strings.Contains(err.Error(), "baton-descope: --mapping: open no-such-file.yaml") {
		t.Error(err)
	}
}
