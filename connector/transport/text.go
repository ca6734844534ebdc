package transport

import (
	"regexp"
	"strings"
	"unicode"
)

// Limits of foreign text in an error, in runes.
const (
	maxText = 300
	maxCode = 60
)

// maxLooked is the number of bytes of a foreign text that are processed.
const maxLooked = 8 << 10

// userinfo matches a URL up to the name and password before its host.
var userinfo = regexp.MustCompile(`://[^\s"]*@`)

// clean makes one line of at most limit runes from a foreign text, without secrets,
// control characters and invalid UTF-8, which gRPC refuses.
func (r redactor) clean(text string, limit int) string {
	text = userinfo.ReplaceAllString(r.redact(text[:min(len(text), maxLooked)]), "://")
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case isLeftOut(c):
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
