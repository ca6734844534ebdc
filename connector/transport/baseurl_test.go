package transport

import (
	"strings"
	"testing"
)

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
