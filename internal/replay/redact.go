package replay

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/conductorone/baton-descope/api"
)

// redactor replaces personal data in a reply by pseudonyms. It knows what is
// harmless, and replaces the rest: of the fields in the API document it
// leaves numbers, truth values, times and the values of enums, and every other
// text becomes another one. In free-form values, which are the customer's own,
// only truth values are left. A field that the document does not have is left
// out, and so is a secret: no mapping can read them.
//
// The same text becomes the same pseudonym wherever it stands, so that what
// refers to what stays as it was. What decides how a text is treated stays too:
// whether it is empty, an e-mail address, a phone number or a time, where it has
// spaces and ASCII punctuation (`/`, `%` and `:` matter in ids), how many bytes its
// characters take, and the length of one that is very long. Pseudonyms are
// keyed hashes; the key is nowhere but in memory.
type redactor struct {
	key []byte
	// named are the keys of free-form objects that stay: those that the mapping names.
	named map[string]bool
}

func newRedactor(named []string) *redactor {
	r := &redactor{key: make([]byte, sha256.Size), named: map[string]bool{}}
	_, _ = rand.Read(r.key) // It never fails.
	for _, key := range named {
		r.named[key] = true
	}
	return r
}

// reply returns a redacted reply of a type.
func (r *redactor) reply(body []byte, t reflect.Type) ([]byte, error) {
	value, err := decode(body)
	if err != nil {
		return nil, err
	}
	compact, err := encode(r.value(value, t))
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, append(compact, '\n'), "", "  ")
	return indented.Bytes(), err
}

// value returns a value that should be of type t; t is nil for one in a
// free-form value.
func (r *redactor) value(v any, t reflect.Type) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && t.Kind() == reflect.Interface {
		t = nil
	}
	switch v := v.(type) {
	case map[string]any:
		return r.object(v, t)
	case []any:
		var element reflect.Type
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			element = t.Elem()
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = r.value(item, element)
		}
		return list
	case string:
		if t != nil && harmless(v, t) {
			return v
		}
		return r.text(v)
	case json.Number:
		if t != nil && (t.Kind() != reflect.String || t == reflect.TypeFor[json.Number]()) {
			return v
		}
		return r.number(v)
	}
	return v // A truth value, or null.
}

func (r *redactor) object(object map[string]any, t reflect.Type) any {
	out := make(map[string]any, len(object))
	if t != nil && t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if value, ok := object[name]; ok && name != "-" && !api.IsSecret(f) {
				out[name] = r.value(value, f.Type)
			}
		}
		return out
	}
	var element reflect.Type
	if t != nil && t.Kind() == reflect.Map {
		element = t.Elem()
	}
	for key, value := range object {
		if !r.named[key] {
			key = r.text(key)
		}
		out[key] = r.value(value, element)
	}
	return out
}

// enumWord matches what a value of an enum looks like that the document does not
// have yet. A name with a digit may be a key, or an id.
var enumWord = regexp.MustCompile(`^[A-Za-z]+([_-][A-Za-z]+)*$`)

// harmless reports whether a text in a documented field is no personal data.
func harmless(s string, t reflect.Type) bool {
	if enum, ok := reflect.Zero(t).Interface().(api.Enum); ok && (slices.Contains(enum.EnumValues(), s) || enumWord.MatchString(s)) {
		return true
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

var (
	emailAddress = regexp.MustCompile(`^[^\s@/%:]+@[^\s@/%:]+\.[^\s@/%:]+$`)
	phoneNumber  = regexp.MustCompile(`^\+[0-9][0-9 ().-]{5,}$`)
)

// text returns the pseudonym of a text.
func (r *redactor) text(s string) string {
	stream := r.stream("text", s)
	at, err := time.Parse(time.RFC3339Nano, s)
	switch {
	case s == "":
		return ""
	case err == nil:
		return at.Add(-time.Duration(1+stream.number()%(10*365*24*3600)) * time.Second).Format(time.RFC3339)
	case emailAddress.MatchString(s):
		return "user-" + stream.word(12) + "@example.com"
	case phoneNumber.MatchString(s):
		return "+1" + stream.digits(13)
	}
	return words(s, stream)
}

// maxLoose is how long a text can be, in bytes, before its length is kept.
const maxLoose = 100

// words replaces the words of a text: the first by one that is unlike any other,
// the rest by short ones.
func words(s string, stream *stream) string {
	var b strings.Builder
	length, inside := 12, false
	widest := rune(0)
	end := func() {
		if !inside {
			return
		}
		b.WriteString(stream.word(length))
		b.WriteString(sample(widest))
		length, inside, widest = 4, false, 0
	}
	for _, c := range s {
		if c < utf8.RuneSelf && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			end()
			b.WriteRune(c)
			continue
		}
		inside, widest = true, max(widest, c)
	}
	end()
	if length == 12 { // There was no word.
		b.WriteString(stream.word(length))
	}
	if missing := len(s) - b.Len(); len(s) > maxLoose && missing > 0 {
		b.WriteString(strings.Repeat("x", missing))
	}
	return b.String()
}

// sample returns a letter of as many bytes as a character, none for ASCII.
func sample(c rune) string {
	return [...]string{"", "", "ж", "森", "𠀀"}[max(utf8.RuneLen(c), 0)]
}

// number returns the pseudonym of a number in a free-form value: one with as
// many digits.
func (r *redactor) number(n json.Number) json.Number {
	stream := r.stream("number", n.String())
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(n.String()), "e")
	leading := true
	out := strings.Map(func(c rune) rune {
		switch {
		case !unicode.IsDigit(c) || leading && c == '0':
			return c
		case leading:
			leading = false
			return rune('1' + stream.number()%9)
		}
		return rune('0' + stream.number()%10)
	}, mantissa)
	if scientific {
		out += "e" + exponent
	}
	return json.Number(out)
}

// stream is a source of pseudonyms that depends on nothing but the key and what
// is replaced.
type stream struct {
	key, seed []byte
	block     []byte
	blocks    uint32
}

func (r *redactor) stream(kind, value string) *stream {
	return &stream{key: r.key, seed: fmt.Append(nil, kind, "\x00", value)}
}

func (s *stream) bytes(n int) []byte {
	for len(s.block) < n {
		h := hmac.New(sha256.New, s.key)
		h.Write(binary.BigEndian.AppendUint32(nil, s.blocks))
		h.Write(s.seed)
		s.blocks++
		s.block = h.Sum(s.block)
	}
	out := s.block[:n]
	s.block = s.block[n:]
	return out
}

func (s *stream) number() uint32 { return binary.BigEndian.Uint32(s.bytes(4)) }

// letters are those of a word: 32, so that every one counts five bits.
var letters = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

func (s *stream) word(length int) string {
	return letters.EncodeToString(s.bytes((length*5 + 7) / 8))[:length]
}

func (s *stream) digits(length int) string {
	digits := make([]byte, length)
	for i := range digits {
		digits[i] = byte('0' + s.number()%10)
	}
	return string(digits)
}
