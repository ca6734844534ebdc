package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
)

// A list without pages in the mapping is read with one request. Where the reply
// says in a usual way that there is more, in fields and headers that no rule of
// the mapping reads, what it holds is not the list.

// listener is a connection that keeps the reply which passes through it.
type listener struct {
	api.Doer
	header http.Header
	body   bytes.Buffer
}

// Do sends a request.
func (l *listener) Do(request *http.Request) (*http.Response, error) {
	reply, err := l.Doer.Do(request)
	if err != nil {
		return reply, err
	}
	l.header = reply.Header
	l.body.Reset()
	reply.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(reply.Body, &l.body), reply.Body}
	return reply, nil
}

// more returns what in the reply says that there is more than its records;
// empty when nothing does.
func (l *listener) more(records int) string {
	for _, link := range l.header.Values("Link") {
		plain := strings.ToLower(strings.NewReplacer(`"`, "", " ", "").Replace(link))
		if strings.Contains(plain, ";rel=next") {
			return "a Link header to the next page"
		}
	}
	return moreIn(l.body.Bytes(), records, true)
}

// moreIn looks at the fields of a JSON object, and of those inside it where paging
// is usually described.
func moreIn(body []byte, records int, outer bool) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return "" // It is a list.
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		switch plainName(name) {
		case "next", "nextcursor", "nextpage", "nextpagetoken", "nexttoken", "nextlink", "nexturl":
			if given(value) {
				return fmt.Sprintf("%q names the next page", name)
			}
		case "more", "hasmore", "hasnext", "hasnextpage":
			if string(value) == "true" {
				return fmt.Sprintf("%q is true", name)
			}
		case "total", "totalcount", "totalrecords", "totalresults":
			var total float64
			if json.Unmarshal(value, &total) == nil && total > float64(records) {
				return fmt.Sprintf("%q is %.0f", name, total)
			}
		case "data", "result", "meta", "metadata", "page", "pageinfo", "paging", "pagination", "links":
			if outer {
				if more := moreIn(value, records, false); more != "" {
					return more
				}
			}
		}
	}
	return ""
}

// plainName is a name in lower case and without what joins its words.
func plainName(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// given reports whether a JSON value says anything.
func given(value json.RawMessage) bool {
	switch string(value) {
	case "null", `""`, "0", "false", "{}", "[]":
		return false
	}
	return true
}
