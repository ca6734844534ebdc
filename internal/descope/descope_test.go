package descope_test

import (
	"strings"
	"testing"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
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
		"a path":                         {generated.Descope{ProjectId: "P2abc", BaseUrl: "https://api.descope.com/v1/mgmt/"}, "", "give https://api.descope.com, without a path"},
		"not a project id":               {generated.Descope{ProjectId: "evil.example/#" + strings.Repeat("x", 30)}, "", "--project-id"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := descope.BaseURL(&test.cfg)
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestMappingMistakesNameTheFile(t *testing.T) {
	_, err := descope.LoadMapping(&generated.Descope{Mapping: "no-such-file.yaml"})
	if err == nil || !strings.Contains(err.Error(), "--mapping: open no-such-file.yaml") {
		t.Error(err)
	}
}

// Errors of malformed settings name the mistake, and never quote the value.
func TestMalformedCredentials(t *testing.T) {
	const secret = "2secretNobodyMayRead"
	for says, cfgs := range map[string][]generated.Descope{
		"--project-id holds a colon":                   {{ProjectId: "P2abc:K" + secret}, {ProjectId: "Bearer P2abc:K" + secret}},
		"--project-id begins or ends with a blank":     {{ProjectId: " P2abc"}, {ProjectId: "P2abc\n"}},
		"--project-id is not a Descope project ID":     {{ProjectId: "Bearer K" + secret}, {ProjectId: "my-project"}, {ProjectId: `"P2abc"`}},
		"in each other's place":                        {{ProjectId: "K" + secret, ManagementKey: "P2abc"}},
		"--management-key begins with the word Bearer": {{ManagementKey: "Bearer K" + secret}, {ManagementKey: " bearer P2abc:K" + secret}},
		"--management-key holds the project ID":        {{ManagementKey: "P2abc:K" + secret}, {ManagementKey: "P2abc:K" + secret + "\n"}},
		"--management-key begins with a quotation":     {{ManagementKey: `"K` + secret + `"`}, {ManagementKey: "'K" + secret + "'"}},
		"--management-key begins or ends with a blank": {{ManagementKey: "K" + secret + "\r\n"}, {ManagementKey: "\tK" + secret}},
		"--management-key holds a blank":               {{ManagementKey: "K2 " + secret}, {ManagementKey: "K" + secret + "\u200b"}, {ManagementKey: "K" + secret + "\x00x"}},
	} {
		for _, cfg := range cfgs {
			if cfg.ProjectId == "" {
				cfg.ProjectId = "P2abc"
			}
			if cfg.ManagementKey == "" {
				cfg.ManagementKey = "K2abc"
			}
			_, err := descope.Options(&cfg)
			if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), secret) {
				t.Errorf("%q, %q: %v", cfg.ProjectId, cfg.ManagementKey, err)
			}
		}
	}
	if _, err := descope.Options(&generated.Descope{ProjectId: "P2abc", ManagementKey: "K2" + secret + "-_.~+/=:x"}); err != nil {
		t.Error(err)
	}
}
