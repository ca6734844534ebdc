package transport

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// quoted returns every form in which somebody might quote a key.
func quoted(t *testing.T, token string) map[string]string {
	t.Helper()
	asJSON, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	secret := token[strings.LastIndexByte(token, ':')+1:]
	forms := map[string]string{
		"as it is": token, "as a header": "Bearer " + token, "the key alone": secret,
		"in a query": url.QueryEscape(token), "in a path": url.PathEscape(token), "in a query, lower case": strings.ToLower(url.QueryEscape(token)),
		"in JSON": string(asJSON), "in Go": strconv.Quote(token), "in Go, ASCII": strconv.QuoteToASCII(token),
		"lower case": strings.ToLower(token), "upper case": strings.ToUpper(token),
		"broken by controls":        secret[:6] + "\x00\x1b" + secret[6:],
		"broken by a soft hyphen":   secret[:6] + "\u00ad" + secret[6:],
		"broken by a bidi override": secret[:6] + "\u202e" + secret[6:],
	}
	for _, before := range []string{"", "B", "Be"} {
		for name, encoding := range map[string]*base64.Encoding{
			"standard": base64.StdEncoding, "raw": base64.RawStdEncoding, "URL": base64.URLEncoding, "raw URL": base64.RawURLEncoding,
		} {
			forms[fmt.Sprintf("%s Base64 behind %q", name, before)] = encoding.EncodeToString([]byte(before + token))
			forms[fmt.Sprintf("%s Base64 of the key behind %q", name, before)] = encoding.EncodeToString([]byte(before + secret + "\n"))
		}
	}
	return forms
}

// TestKeyInEveryForm: however an error reply quotes the key, the error does not.
func TestKeyInEveryForm(t *testing.T) {
	for _, token := range []string{testToken, "P2abc:K2/odd+key%\"with<everything>é?", "K2-no-project-before-it"} {
		for name, form := range quoted(t, token) {
			t.Run(name, func(t *testing.T) {
				said, err := json.Marshal(map[string]string{"Code": "E1", "Message": "<" + form + ">"})
				if err != nil {
					t.Fatal(err)
				}
				base := roundTrip(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(strings.NewReader(string(said)))}, nil
				})
				conn := open(t, Options{Token: token, Base: base})
				_, err = post(t.Context(), conn, write)
				text := conn.Error("Add", err).Error()
				if !strings.Contains(text, redacted) {
					t.Fatalf("nothing was taken out of %q", text)
				}
				if rest := longestCommon(strings.ToLower(form), strings.ToLower(text)); len(rest) > minSecret {
					t.Errorf("%q still has %q", text, rest)
				}
			})
		}
	}
}

// longestCommon returns the longest text that is in both.
func longestCommon(a, b string) string {
	longest := ""
	for i := range a {
		for j := i + len(longest) + 1; j <= len(a) && strings.Contains(b, a[i:j]); j++ {
			longest = a[i:j]
		}
	}
	return longest
}

// FuzzClean: what others wrote becomes one printable line without the key.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"", testToken, "a\nb\x1b[31mred\x00", "\u202eevil\u2066", "\xff\xfe", "https://me:pw@x.test/", strings.Repeat("🌲", 400),
		base64.StdEncoding.EncodeToString([]byte("Bearer " + testToken)), "K2-very-secret\u200b-key", html.EscapeString("<" + testToken + ">"),
	} {
		f.Add(seed)
	}
	redact := newRedactor(testToken)
	f.Fuzz(func(t *testing.T, text string) {
		got := redact.clean(text, maxText)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxText+1 {
			t.Errorf("%q", got)
		}
		if strings.ContainsFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q is not printable", got)
		}
		if strings.Contains(got, "K2-very-secret-key") {
			t.Errorf("%q has the key", got)
		}
	})
}
