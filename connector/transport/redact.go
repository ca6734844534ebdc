package transport

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxPart is how many characters in a row of a key may stay in a text, and one more.
	maxPart = 12
	// minSecret is how long a key, or the part of it after its last colon, must be to
	// be looked for in other forms than those of a text.
	minSecret = 8
	// minID is how much of the id before a secret must be there to be taken out with it.
	minID = 4
	// maxNested is how many times a key may be put into hex or Base64 and be found.
	maxNested = 2
)

// redacted stands in the place of a key.
const redacted = "[key]"

// redactor takes a key out of texts: any 12 characters in a row of it, in either letter
// case, split by blanks, line ends and what is not printed, escaped for a URL, HTML or
// JSON, in hex, in decimal numbers or in Base64, and what is nested of that.
type redactor struct {
	token  []byte // as plain makes it, in lower case
	secret int    // where in the token the secret begins
	length int    // of the parts that are looked for
	// parts are those of the secret, by where they are in the token.
	parts map[string]int
	// ends has the first and the last byte of each part: most texts have none of them.
	ends   map[[2]byte]bool
	nested int
	// also takes another secret out; nil for none.
	also *redactor
}

// newRedactor knows a key by any part of it. Of a key of the form id:secret the id is
// not secret, but goes with the secret that follows it.
func newRedactor(token string) redactor {
	id := 0
	if i := strings.LastIndexByte(token, ':'); len(token)-i-1 >= minSecret {
		id = len(letters(token[:i+1]))
	}
	return redactorOf(token, id)
}

// redactorOf returns the transport's redactor, for a call that may have a secret.
func (t *Transport) redactorOf(call Call) redactor {
	r := t.redact
	if call.Secret != "" {
		also := redactorOf(call.Secret, 0)
		r.also = &also
	}
	return r
}

// redactorOf knows a key of which so many bytes, as letters makes them, are no secret.
func redactorOf(token string, id int) redactor {
	r := redactor{token: letters(token), secret: id, parts: map[string]int{}, ends: map[[2]byte]bool{}}
	r.length = min(maxPart, len(r.token)-r.secret)
	if r.length >= minSecret {
		r.nested = maxNested
	}
	for at := len(r.token) - r.length; at >= r.secret && r.length > 0; at-- {
		part := r.token[at : at+r.length]
		r.parts[string(part)] = at
		r.ends[[2]byte{part[0], part[len(part)-1]}] = true
	}
	return r
}

func letters(text string) []byte { return plain(layerOf(text)).folded().text }

// redact takes the key out of a text. What that costs grows with the text and no
// faster, but by some hundred steps for each byte: see maxLooked.
func (r redactor) redact(text string) string {
	if r.also != nil {
		text = r.also.redact(text)
	}
	if r.length == 0 {
		return text
	}
	whole := layerOf(text)
	found := r.find(nil, plain(whole), r.nested)
	if r.nested > 0 {
		found = r.find(found, plain(numbers(whole)), 0)
	}
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	end := 0
	for _, s := range found {
		if s.from > end || b.Len() == 0 {
			b.WriteString(text[end:s.from])
			b.WriteString(redacted)
		}
		end = max(end, s.to)
	}
	b.WriteString(text[end:])
	return b.String()
}

// find adds the places of the key in a layer, and in those below it.
func (r redactor) find(found []span, l layer, nested int) []span {
	const escapes = 3 // as in a URL in HTML in JSON
	for range escapes {
		found = r.match(found, l.folded())
		if nested > 0 {
			for skipped := range 4 {
				found = r.find(found, plain(base64Decoded(l, skipped)), nested-1)
			}
			for skipped := range 2 {
				for _, prefixed := range []bool{false, true} {
					found = r.find(found, plain(hexDecoded(l, skipped, prefixed)), nested-1)
				}
			}
		}
		next, changed := unescaped(l)
		if !changed {
			break
		}
		l = plain(next)
	}
	return found
}

// match adds the places of the key in a layer: as much of it as there is in a row.
func (r redactor) match(found []span, l layer) []span {
	for i := 0; i+r.length <= len(l.text); i++ {
		if !r.ends[[2]byte{l.text[i], l.text[i+r.length-1]}] {
			continue
		}
		at, ok := r.parts[string(l.text[i:i+r.length])]
		if !ok {
			continue
		}
		from, to, before := i, i+r.length, at
		for from > 0 && before > 0 && l.text[from-1] == r.token[before-1] {
			from--
			before--
		}
		if some := r.secret - before; some > 0 && some < minID {
			from += some // That is not the id.
		}
		for after := at + r.length; to < len(l.text) && after < len(r.token) && l.text[to] == r.token[after]; after++ {
			to++
		}
		found = append(found, span{l.spans[from].from, l.spans[to-1].to})
		i = to - r.length // Another part may begin within this one.
	}
	return found
}

// span is a piece of a text, in bytes.
type span struct{ from, to int }

// layer is what a text becomes when it is decoded, and for each byte of that where it
// comes from in the text.
type layer struct {
	text  []byte
	spans []span
}

func layerOf(text string) layer {
	l := layer{[]byte(text), make([]span, len(text))}
	for i := range l.spans {
		l.spans[i] = span{i, i + 1}
	}
	return l
}

func (l *layer) add(from span, to int, text ...byte) {
	for _, c := range text {
		l.text, l.spans = append(l.text, c), append(l.spans, span{from.from, to})
	}
}

// plain leaves out what does not show: blanks, line ends, what is not printed, and
// bytes that are no UTF-8.
func plain(l layer) layer {
	return l.mapped(func(c rune) rune {
		if isLeftOut(c) || unicode.IsSpace(c) {
			return -1
		}
		return c
	})
}

// isLeftOut reports whether a character is not shown, and is no blank.
func isLeftOut(c rune) bool {
	return c == utf8.RuneError || !unicode.IsPrint(c) && !unicode.IsSpace(c)
}

// folded is a layer in lower case.
func (l layer) folded() layer { return l.mapped(unicode.ToLower) }

func (l layer) mapped(f func(rune) rune) layer {
	to := layer{make([]byte, 0, len(l.text)), make([]span, 0, len(l.text))}
	for i := 0; i < len(l.text); {
		c, size := rune(l.text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(l.text[i:])
		}
		if c = f(c); c >= 0 {
			to.add(l.spans[i], l.spans[i+size-1].to, utf8.AppendRune(nil, c)...)
		}
		i += size
	}
	return to
}
