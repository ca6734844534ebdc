package transport

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minSecret is how long a part of a key must be to be a secret of its own.
const minSecret = 8

// redacted stands in the place of a key.
const redacted = "[key]"

// redactor takes secrets out of texts.
type redactor struct{ secrets *regexp.Regexp }

// newRedactor knows a key whole, and by the part after its last colon: keys of
// the form id:secret are often quoted by halves. It knows both in every form in
// which a server or a library may quote them, in either case.
func newRedactor(token string) redactor {
	forms := formsOf(token)
	if i := strings.LastIndexByte(token, ':'); len(token)-i-1 >= minSecret {
		forms = append(forms, formsOf(token[i+1:])...)
	}
	// The longest first: of what fits in one place the first is taken.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i, form := range forms {
		forms[i] = regexp.QuoteMeta(form)
	}
	return redactor{regexp.MustCompile("(?i:" + strings.Join(slices.Compact(forms), "|") + ")")}
}

// formsOf returns a secret as it is, escaped for a URL, for JSON and for Go, and
// what stands in Base64 of every text that it is in.
func formsOf(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), inner(strconv.Quote(secret)), inner(strconv.QuoteToASCII(secret))}
	if text, err := json.Marshal(secret); err == nil {
		forms = append(forms, inner(string(text)))
	}
	if len(secret) < minSecret {
		return forms
	}
	for before := range 3 {
		core := base64Core(secret, before)
		forms = append(forms, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return forms
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// base64Core returns the characters that depend on nothing but the secret when
// it stands in Base64 behind so many bytes of other text, modulo 3.
func base64Core(secret string, before int) string {
	all := append(make([]byte, before), secret...)
	encoded := base64.RawStdEncoding.EncodeToString(all)
	return encoded[(before*8+5)/6 : len(all)*8/6]
}

// redact takes the secrets out of a text.
func (r redactor) redact(text string) string { return r.secrets.ReplaceAllString(text, redacted) }
