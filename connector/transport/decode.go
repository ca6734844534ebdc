package transport

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescaped takes one level of escapes out of a layer: those of URLs, of HTML, and of
// JSON and the languages that are like it. It reports whether there were any.
func unescaped(l layer) (to layer, changed bool) {
	to = layer{make([]byte, 0, len(l.text)), make([]span, 0, len(l.text))}
	for i := 0; i < len(l.text); {
		c, length := l.text[i:i+1], 0
		switch c[0] {
		case '%':
			c, length = escapedByte(l.text[i:], 1)
		case '&':
			c, length = entity(l.text[i:])
		case '\\':
			c, length = backslash(l.text[i:])
		}
		if length == 0 {
			c, length = l.text[i:i+1], 1
		} else {
			changed = true
		}
		to.add(l.spans[i], l.spans[i+length-1].to, c...)
		i += length
	}
	return to, changed
}

// escapedByte reads two hex digits that come after so many characters.
func escapedByte(text []byte, after int) ([]byte, int) {
	return codePoint(text, after, 2, 2)
}

// codePoint reads a number of so many hex digits, after so many characters. Numbers of
// two digits are bytes, others are characters.
func codePoint(text []byte, after, fewest, most int) (c []byte, length int) {
	end := after
	for end < len(text) && end-after < most && hexValue(text[end]) >= 0 {
		end++
	}
	if end-after < fewest {
		return nil, 0
	}
	n, err := strconv.ParseUint(string(text[after:end]), 16, 32)
	if err != nil {
		return nil, 0
	}
	if most == 2 {
		return []byte{byte(n)}, end //nolint:gosec // Two digits are a byte.
	}
	return utf8.AppendRune(nil, rune(min(n, utf8.MaxRune+1))), end
}

// backslash reads an escape that begins with a backslash.
func backslash(text []byte) (c []byte, length int) {
	if len(text) < 2 {
		return nil, 0
	}
	switch text[1] {
	case 'n', 'r', 't', 'b', 'f', 'v', 'a':
		return nil, 2 // What it stands for does not show.
	case 'x':
		return escapedByte(text, 2)
	case 'u':
		if len(text) > 2 && text[2] == '{' {
			if c, length = codePoint(text, 3, 1, 6); length > 0 && length < len(text) && text[length] == '}' {
				length++
			}
			return c, length
		}
		return codePoint(text, 2, 4, 4)
	case 'U':
		return codePoint(text, 2, 8, 8)
	}
	end := 1
	for end < len(text) && end < 4 && text[end] >= '0' && text[end] <= '7' {
		end++
	}
	if end > 1 {
		n, _ := strconv.ParseUint(string(text[1:end]), 8, 16) //nolint:errcheck // They are three octal digits at most.
		return []byte{byte(n)}, end                           //nolint:gosec // What is above a byte is cut off, as in C.
	}
	return text[1:2], 2
}

// entity reads a reference to a character of HTML, by its number or its name.
func entity(text []byte) (c []byte, length int) {
	const longest = 33 // of the names, with & and ;
	end := 1
	for end < len(text) && end < longest && (text[end] == '#' || isWord(text[end])) {
		end++
	}
	if end < len(text) && text[end] == ';' {
		end++
	}
	before := string(text[:end])
	after := html.UnescapeString(before)
	if after == before {
		return nil, 0
	}
	// Without a semicolon what follows the reference is left as it is.
	rest := 0
	for rest < len(after) && rest < len(before) && after[len(after)-1-rest] == before[len(before)-1-rest] {
		rest++
	}
	return []byte(after[:len(after)-rest]), end - rest
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// hexDecoded reads all hex digits of a layer as bytes, whatever is between them, but
// for those that are skipped; prefixed skips the prefix 0x.
func hexDecoded(l layer, skipped int, prefixed bool) (to layer) {
	high, first := -1, span{}
	for i, c := range l.text {
		value := hexValue(c)
		switch {
		case value < 0:
			continue
		case prefixed && c == '0' && i+1 < len(l.text) && l.text[i+1]|0x20 == 'x':
			continue
		case skipped > 0:
			skipped--
		case high < 0:
			high, first = value, l.spans[i]
		default:
			to.add(first, l.spans[i].to, byte(high<<4|value)) //nolint:gosec // Two digits are a byte.
			high = -1
		}
	}
	return to
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// base64Decoded reads all characters of Base64 in a layer, of either alphabet, whatever
// is between them, but for those that are skipped.
func base64Decoded(l layer, skipped int) (to layer) {
	bits, count, last := 0, 0, span{}
	for i, c := range l.text {
		value := base64Value(c)
		switch {
		case value < 0:
			continue
		case skipped > 0:
			skipped--
			continue
		}
		bits, count = bits<<6|value, count+6
		if count >= 8 {
			count -= 8
			to.add(last, l.spans[i].to, byte(bits>>count)) //nolint:gosec // What is above a byte was given before.
			bits &= 1<<count - 1
		}
		last = l.spans[i]
	}
	return to
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// numbers reads the decimal numbers of a text as characters, whatever is between them.
func numbers(l layer) (to layer) {
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	for i := 0; i < len(l.text); i++ {
		start := i
		for i < len(l.text) && isDigit(l.text[i]) {
			i++
		}
		if n, err := strconv.Atoi(strings.TrimLeft(string(l.text[start:min(i, start+20)]), "0")); err == nil && n <= utf8.MaxRune {
			to.add(l.spans[start], l.spans[i-1].to, utf8.AppendRune(nil, rune(n))...) //nolint:gosec // It is not above the last rune.
		}
	}
	return to
}
