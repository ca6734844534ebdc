package transport

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of what others wrote goes into an error, in runes.
const (
	maxText = 300
	maxCode = 60
)

// minSecret is how long a part of a key must be to be a secret of its own.
const minSecret = 8

// userinfo matches a URL up to the name and password before its host.
var userinfo = regexp.MustCompile(`://[^\s"]*@`)

// redactor takes secrets out of texts.
type redactor struct{ secrets *strings.Replacer }

// newRedactor knows a key whole, and by the part after its last colon: keys of
// the form id:secret are often quoted by halves.
func newRedactor(token string) redactor {
	pairs := []string{token, "[key]"}
	if i := strings.LastIndexByte(token, ':'); len(token)-i-1 >= minSecret {
		pairs = append(pairs, token[i+1:], "[key]")
	}
	return redactor{strings.NewReplacer(pairs...)}
}

// clean makes one line of at most limit runes from a text of others, without
// secrets, control characters and invalid UTF-8, which gRPC refuses.
func (r redactor) clean(text string, limit int) string {
	text = userinfo.ReplaceAllString(r.secrets.Replace(text), "://")
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == utf8.RuneError || !unicode.IsPrint(c):
			return -1
		}
		return c
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}
