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

// userinfo matches a URL up to the name and password before its host.
var userinfo = regexp.MustCompile(`://[^\s"]*@`)

// clean makes one line of at most limit runes from a text of others, without
// secrets, control characters and invalid UTF-8, which gRPC refuses. What is
// left out may have stood inside a secret, so that those are looked for twice.
func (r redactor) clean(text string, limit int) string {
	text = userinfo.ReplaceAllString(r.redact(text), "://")
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == utf8.RuneError || !unicode.IsPrint(c):
			return -1
		}
		return c
	}, text)
	text = r.redact(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}
