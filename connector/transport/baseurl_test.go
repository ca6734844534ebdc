package transport

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever its name, this machine is asked without a proxy.
func TestNoProxyForLocalhost(t *testing.T) {
	for name, value := range map[string]string{"HTTP_PROXY": "http://proxy.test", "HTTPS_PROXY": "http://proxy.test", "NO_PROXY": ""} {
		t.Setenv(name, value) // Read once in a process: a proxy of before may be the one.
	}
	for _, host := range []string{"localhost", "LOCALHOST:1", "LocalHost.", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1%25lo]:80", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"} {
		for _, scheme := range []string{"http://", "https://"} {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, scheme+host+"/x", http.NoBody)
			if proxy, err := newNetwork(1).Proxy(req); proxy != nil || err != nil {
				t.Errorf("%s: %v, %v", host, proxy, err)
			}
		}
	}
}

// FuzzBaseURL: without --insecure, the key leaves this machine over TLS only.
func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://api.example.com/v1", "http://127.0.0.1:8080", "http://localhost", "http://[::1]", "http://127.0.0.1@evil.com", "http://evil.com",
		"HTTP://127.0.0.1.evil.com", "https://a?b#c", "http://[::ffff:127.0.0.1]/", " https://x ", "https://x//", "http://localhost:80\\@x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		got, err := CheckBaseURL(given, false)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(got, "/") {
			t.Fatalf("%q gives %q, %v", given, got, err)
		}
		address, _, _ := strings.Cut(u.Hostname(), "%")
		if u.Scheme != "https" && !strings.EqualFold(address, "localhost") && !net.ParseIP(address).IsLoopback() {
			t.Errorf("%q gives %q, which is neither TLS nor this machine", given, got)
		}
		if again, err := CheckBaseURL(got, false); again != got || err != nil {
			t.Errorf("%q gives %q, and that %q, %v", given, got, again, err)
		}
	})
}

func TestCheckBaseURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://api.example.com":           "https://api.example.com",
		"https://api.example.com/":          "https://api.example.com",
		" https://api.example.com/v1/// ":   "https://api.example.com/v1",
		"HTTPS://api.example.com:8443/a%2":  "",
		"HTTPS://api.example.com:8443/%2F":  "https://api.example.com:8443/%2F",
		"http://localhost:8080":             "http://localhost:8080",
		"http://LOCALHOST":                  "http://LOCALHOST",
		"http://127.0.0.1:1/":               "http://127.0.0.1:1",
		"http://127.9.9.9":                  "http://127.9.9.9",
		"http://[::1]:80":                   "http://[::1]:80",
		"http://[::ffff:127.0.0.1]":         "http://[::ffff:127.0.0.1]",
		"http://128.0.0.1":                  "",
		"http://api.example.com":            "",
		"http://localhost.example.com":      "",
		"http://127.0.0.1.example.com":      "",
		"http://0.0.0.0":                    "",
		"HTTP://api.example.com":            "",
		"http://127.0.0.1.evil.com":         "",
		"http://localhost.evil.com":         "",
		"http://localhost.":                 "",
		"http://localhost..":                "",
		"http://.localhost":                 "",
		"http://127.0.0.1.":                 "",
		"http://[::1%25lo]":                 "http://[::1%25lo]",
		"http://[::ffff:7f00:1]":            "http://[::ffff:7f00:1]",
		"http://[::ffff:128.0.0.1]":         "",
		"http://017700000001":               "",
		"http://127.0.0.1@evil.com":         "",
		"http://127.0.0.1%40evil.com":       "",
		"http://127.0.0.1\\@evil.com":       "",
		"http://evil.com/127.0.0.1":         "",
		"http://evil.com#@127.0.0.1":        "",
		"http://2130706433":                 "",
		"http://0x7f.1":                     "",
		"http://0177.0.0.1":                 "",
		"http://127.1":                      "",
		"http://[::]":                       "",
		"http://[::127.0.0.1]":              "",
		"http://[fe80::1%25lo]":             "",
		"http://\u2460\u2461\u2466.0.0.1":   "",
		"http://127\u30020.0.1":             "",
		"http://loca\u200dlhost":            "",
		"http://api.example.com\n":          "",
		"https://api.exam\nple.com":         "",
		"HTTP://127.0.0.1/Path/":            "http://127.0.0.1/Path",
		"HTTPS://API.example.com/Path":      "https://API.example.com/Path",
		"ftp://api.example.com":             "",
		"api.example.com":                   "",
		"localhost:8080":                    "",
		"//api.example.com":                 "",
		"https://":                          "",
		"https://:443":                      "",
		"https:api.example.com":             "",
		"https://api.example.com?a=b":       "",
		"https://api.example.com/?":         "",
		"https://api.example.com/#top":      "",
		"https://me:s3cr3t@api.example.com": "",
		"https://me:s3cr3t@api example.com": "",
		"https://me:s3cr3t%zz@example.com":  "",
		"":                                  "",
	} {
		got, err := CheckBaseURL(given, false)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q gives %q, %v", given, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: the error quotes the password: %v", given, err)
		}
	}
	if got, err := CheckBaseURL("http://api.example.com/", true); got != "http://api.example.com" || err != nil {
		t.Errorf("insecure: %q, %v", got, err)
	}
	_, err := CheckBaseURL("http://api.example.com/", false)
	if err == nil || !strings.Contains(err.Error(), "use https://api.example.com") {
		t.Errorf("the error does not say how to mend it: %v", err)
	}
}
