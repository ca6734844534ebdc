package apidiff

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// accessWords are the words of a name that looks like access, in the singular.
// A descoper is an administrator of a Descope project.
var accessWords = []string{
	"access", "admin", "app", "application", "assignment", "descoper", "entitlement", "grant", "group",
	"key", "member", "membership", "owner", "permission", "policy", "privilege", "relation", "role",
	"scope", "tenant",
}

// looksLikeAccess reports whether a word of one of the names is one of accessWords.
func looksLikeAccess(names ...string) bool {
	for _, name := range names {
		for _, word := range words(name) {
			if slices.Contains(accessWords, singular(word)) {
				return true
			}
		}
	}
	return false
}

// words returns the words of a name, in lower case: "ssoAppIDs" has sso, app and ids.
func words(name string) []string {
	var all []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			all = append(all, strings.ToLower(string(word)))
		}
		word = nil
	}
	letters := []rune(name)
	for i, r := range letters {
		upper := unicode.IsUpper(r)
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case upper && i > 0 && !unicode.IsUpper(letters[i-1]):
			end() // groupID: ID begins
		case upper && i+2 < len(letters) && unicode.IsLower(letters[i+1]) && letters[i+1] != 's':
			end() // SSOApp: App begins, and IDs is one word
		}
		word = append(word, r)
	}
	end()
	return all
}

func singular(word string) string {
	if stem, ok := strings.CutSuffix(word, "ies"); ok {
		return stem + "y"
	}
	if strings.HasSuffix(word, "ss") {
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// additions returns the operations and fields that only their document has and that look
// like access, or are a newer version of a call of ours. Deprecated ones are left out.
func (c *comparison) additions() []Addition {
	var all []Addition
	for _, o := range c.theirs.operations {
		if _, used := c.ours.operation(o.where()); used || o.node["deprecated"] == true {
			continue
		}
		older := c.olderOf(o)
		if older == "" && !looksLikeAccess(inPath.ReplaceAllString(o.path, ""), o.id()) {
			continue
		}
		addition := Addition{At: o.where(), Is: o.id()}
		if older != "" {
			addition.Hint = "a newer version of " + older + ", which we use"
		}
		all = append(all, addition)
	}
	for _, f := range c.fresh {
		if looksLikeAccess(lastName(f.At)) {
			all = append(all, f)
		}
	}
	return all
}

// lastName returns the name of a field or a parameter.
func lastName(place string) string {
	return place[strings.LastIndexAny(place, ". ")+1:]
}

// olderOf returns the call of ours that another is a newer version of, "" for none.
func (c *comparison) olderOf(o operation) string {
	version, rest := versioned(o.path)
	for _, ours := range c.ours.operations {
		if v, r := versioned(ours.path); r == rest && v < version && ours.method == o.method {
			return ours.where()
		}
	}
	return ""
}

// inPath returns the variables of a path, which do not say what an operation is about.
var inPath = regexp.MustCompile(`\{[^}]*\}`)

var versionInPath = regexp.MustCompile(`^/v(\d+)/`)

// versioned splits "/v2/roles" into 2 and "roles"; the version is 0 where there is none.
func versioned(path string) (version int, rest string) {
	found := versionInPath.FindStringSubmatch(path)
	if found == nil {
		return 0, path
	}
	version, _ = strconv.Atoi(found[1]) //nolint:errcheck // It is all digits; one too large is large.
	return version, path[len(found[0]):]
}

// hinted suggests where a removed operation may have moved to.
func (c *comparison) hinted(d Difference, known *Known) Difference {
	ours, ok := c.ours.operation(d.At)
	if d.What != "operation" || !ok {
		return d
	}
	ids := append(known.publishedIDs(d.At), ours.id())
	_, rest := versioned(ours.path)
	var now []string
	for _, o := range c.theirs.operations {
		_, used := c.ours.operation(o.where())
		_, r := versioned(o.path)
		if !used && (r == rest || o.id() != "" && slices.Contains(ids, o.id())) {
			now = append(now, o.where())
		}
	}
	if len(now) > 0 {
		d.Hint = "it may have moved to " + or(now)
	}
	return d
}
