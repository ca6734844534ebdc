package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// pageNames are what request fields for pages are usually called, in small letters and
// without separators, by the key that they belong under.
var pageNames = map[string][]string{
	"limit":  {"limit", "size", "pagesize", "perpage", "maxresults", "max", "maxitems", "count", "top", "take", "pagelimit", "itemsperpage", "rows"},
	"offset": {"offset", "skip", "start", "startat", "startindex", "from", "first"},
	"page":   {"page", "pagenumber", "pageno", "pageindex", "p"},
}

// checkPageNames warns of a field for pages whose name says something else, where the
// request has one whose name fits.
func (c *compiler) checkPageNames(f *requestBuilder, doc syntax.Pages) {
	for _, given := range []struct {
		key   string
		field syntax.Text
	}{{"limit", doc.Limit}, {"offset", doc.Offset}, {"page", doc.Page}} {
		if given.field.Value == "" || isCalled(given.key, given.field.Value) {
			continue
		}
		for _, other := range f.fields {
			if apitype.KindOf(other.Type) == apitype.KindNumber && isCalled(given.key, other.Name) {
				c.warnings.otherPageField(given.field.Pos, given.key, given.field.Value, other.Name)
				break
			}
		}
	}
}

func isCalled(key, field string) bool {
	return slices.Contains(pageNames[key], plainName(field))
}
