package transport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
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

// TestKeyInEveryEncoding: however an error reply quotes the key, the error does not.
func TestKeyInEveryEncoding(t *testing.T) {
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

// writings are ways to write a part of a key. None of them needs more than the part.
var writings = map[string]func(part string) string{
	"as it is":          func(p string) string { return p },
	"upper case":        strings.ToUpper,
	"split by blanks":   func(p string) string { return between(p, 5, " ") },
	"split by lines":    func(p string) string { return between(p, 3, "\r\n\t") },
	"split by escapes":  func(p string) string { return between(p, 4, `\n`) },
	"split by a hyphen": func(p string) string { return between(p, 4, "\u00ad") },
	"hex":               func(p string) string { return hex.EncodeToString([]byte(p)) },
	"HEX":               func(p string) string { return strings.ToUpper(hex.EncodeToString([]byte(p))) },
	"hex with 0x":       func(p string) string { return each(p, "0x%02x, ") },
	"hex with \\x":      func(p string) string { return each(p, `\x%02X`) },
	"hex with %":        func(p string) string { return each(p, "%%%02X") },
	"hex with colons":   func(p string) string { return each(p, "%02x:") },
	"a dump":            func(p string) string { return between(each(p, "%02x"), 4, " ") },
	"lines of hex":      func(p string) string { return between(each(p, "%02x"), 10, "\n") },
	"twice for a URL":   func(p string) string { return each(p, "%%25%02X") },
	"decimal entities":  func(p string) string { return each(p, "&#%d;") },
	"short entities":    func(p string) string { return each(p, "&#%d") },
	"long entities":     func(p string) string { return each(p, "&#x%06X;") },
	"entities twice":    func(p string) string { return each(p, "&amp;#%d;") },
	"JSON":              func(p string) string { return each(p, `\u%04x`) },
	"JSON twice":        func(p string) string { return each(p, `\\u%04X`) },
	"octal":             func(p string) string { return each(p, `\%03o`) },
	"numbers":           func(p string) string { return fmt.Sprint([]byte(p)) }, //nolint:staticcheck // The numbers are meant.
	"UTF-16":            func(p string) string { return each(p, "%c\x00") },
	"hex of UTF-16":     func(p string) string { return each(p, "%02x00") },
	"Base64":            func(p string) string { return base64.StdEncoding.EncodeToString([]byte(p)) },
	"Base64 behind one": func(p string) string { return base64.URLEncoding.EncodeToString([]byte("\xff" + p + "\xff")) },
	"Base64 behind two": func(p string) string {
		return base64.RawURLEncoding.EncodeToString([]byte("\xff\xff" + p + "\xff\xff"))
	},
	"wrapped Base64": func(p string) string {
		return between(base64.StdEncoding.EncodeToString([]byte("Bearer "+p)), 6, "\r\n")
	},
	"Base64 in a URL": func(p string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("\xfb\xff" + p)))
	},
	"Base64 twice": func(p string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("x:" + p))))
	},
	"wrapped twice": func(p string) string {
		return between(base64.StdEncoding.EncodeToString([]byte("x"+between(base64.URLEncoding.EncodeToString([]byte("xy"+p)), 8, "\n"))), 7, "\n ")
	},
	"Base64 of hex": func(p string) string { return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString([]byte(p)))) },
	"hex of Base64": func(p string) string { return hex.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(p)))) },
	"cut Base64": func(p string) string {
		return base64.StdEncoding.EncodeToString([]byte("a: xyz" + p + "..."))[3:]
	},
}

// each writes every byte of a part in a format.
func each(part, format string) string {
	var b strings.Builder
	for _, c := range []byte(part) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// between puts something after every so many characters.
func between(text string, every int, what string) string {
	var b strings.Builder
	for i, c := range []byte(text) {
		if i > 0 && i%every == 0 {
			b.WriteString(what)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// aKey makes the token of a project and a key, of which it returns where the key is.
func aKey(random *rand.Rand) (token string, secret int) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	part := func(length int) string {
		var b strings.Builder
		for range length {
			b.WriteByte(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	project := "P2" + part(3+random.IntN(28))
	return project + ":K2" + part(20+random.IntN(60)), len(project) + 1
}

// TestAnyPartOfKey: of a key, 12 characters in a row or more are in no text, however
// they are written.
func TestAnyPartOfKey(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for name, write := range writings {
		for range 20 {
			token, secret := aKey(random)
			from := secret + random.IntN(len(token)-secret-maxPart+1)
			part := token[from : from+maxPart+random.IntN(len(token)-from-maxPart+1)]
			written := write(part)
			got := newRedactor(token).clean("the server (of 2026) says: "+written+" = what it was told", 1<<20)
			if !strings.Contains(got, redacted) || !strings.HasPrefix(got, "the ") || !strings.HasSuffix(got, "was told") {
				t.Errorf("seed %d: %s: %q becomes %q", seed, name, written, got)
			}
			if rest := longestCommon(written, got); len(rest) >= maxPart {
				t.Errorf("seed %d: %s: %q still has %q", seed, name, got, rest)
			}
		}
	}
}

// TestOtherTextIsUnchanged: text that only resembles the key is left as it is.
func TestOtherTextIsUnchanged(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for range 20 {
		token, secret := aKey(random)
		other, _ := aKey(random)
		for name, write := range writings {
			text := write(other) + " for " + token[:secret-1] + " and " + token[secret:secret+maxPart-1]
			r := newRedactor(token)
			if got := r.redact(text); got != text {
				t.Errorf("seed %d: %s: %q becomes %q", seed, name, text, got)
			}
		}
	}
}

// TestCleanReadsBoundedText: a message as long as a reply may be costs no more
// memory than one that is not quoted whole anyway.
func TestCleanReadsBoundedText(t *testing.T) {
	r := newRedactor(testToken)
	cost := func(text string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r.clean(text, maxText)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	const unit = "S2V5OiBLMi12ZXJ5LXN%4b&#75;\\u004b"
	short, long := cost(strings.Repeat(unit, maxLooked/len(unit)+1)), cost(strings.Repeat(unit, 8<<20/len(unit)))
	if long > short+short/2+1<<20 {
		t.Errorf("a long text takes %d bytes, a short one %d", long, short)
	}
}

// FuzzClean: what others wrote becomes one printable line without the key, and
// without any part of it in any writing.
func FuzzClean(f *testing.F) {
	names := slices.Sorted(maps.Keys(writings))
	for i, seed := range []string{
		"", testToken, "a\nb\x1b[31mred\x00", "\u202eevil\u2066", "\xff\xfe", "https://me:pw@x.test/", strings.Repeat("🌲", 400),
		base64.StdEncoding.EncodeToString([]byte("Bearer " + testToken)), "K2-very-secret\u200b-key", html.EscapeString("<" + testToken + ">"),
	} {
		f.Add(seed, seed, uint8(i), uint8(i))
	}
	redact := newRedactor(testToken)
	const secret = "K2-very-secret-key"
	f.Fuzz(func(t *testing.T, before, after string, writing, from uint8) {
		part := secret[int(from)%(len(secret)-maxPart+1):]
		name := names[int(writing)%len(names)]
		written := writings[name](part)
		got := redact.clean(before+" "+written+" "+after, maxText)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxText+1 {
			t.Errorf("%q", got)
		}
		if strings.ContainsFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("%q is not printable", got)
		}
		for i := range len(secret) - maxPart + 1 {
			if strings.Contains(strings.ReplaceAll(got, " ", ""), secret[i:i+maxPart]) {
				t.Errorf("%q has a part of the key", got)
			}
		}
		if rest := longestCommon(written, got); len(rest) >= len(written) {
			t.Errorf("%s: %q still has %q", name, got, rest)
		}
	})
}
