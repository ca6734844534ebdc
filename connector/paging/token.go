package paging

// Token is a position in a list. Its JSON is part of a page token: with the ids of
// the records before it, another process can resume the list.
type Token struct {
	// Batch is the number of the batch that starts here.
	Batch int `json:"step,omitempty"`
	// Skip is how many records of the batch were returned already.
	Skip int `json:"skip,omitempty"`

	Offset int    `json:"offset,omitempty"`
	Page   int    `json:"page,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	// Size is how many records to ask for, 0 for that of the rules.
	Size int `json:"size,omitempty"`

	// Total is how many records the API reported last, 0 when it reports none,
	// and Moved reports that it was another number before in this reading.
	Total int  `json:"total,omitempty"`
	Moved bool `json:"moved,omitempty"`
	// PageLen is the number of records of the previous page.
	PageLen int `json:"width,omitempty"`
	// First and Tail are the hashes of the first record of the list and of the last
	// record of the previous page, and Last is the fingerprint of that page.
	First uint64 `json:"first,omitempty"`
	Tail  uint64 `json:"tail,omitempty"`
	Last  uint64 `json:"last,omitempty"`
	// Numbered reports that the API ignores offsets and is read by page number.
	Numbered bool `json:"numbered,omitempty"`
	// Gap reports that this page starts behind the record Tail, not with it.
	Gap bool `json:"gap,omitempty"`
	// Behind reports that the list was rewound, and may read known records.
	Behind bool `json:"behind,omitempty"`
	// Disorder reports that the records of this reading did not keep their order.
	Disorder bool `json:"disorder,omitempty"`

	// Reading is the number of readings before this one.
	Reading int `json:"reading,omitempty"`
	// New is the number of pages of this reading with new records, and Idle the
	// number of requests without.
	New  int `json:"new,omitempty"`
	Idle int `json:"idle,omitempty"`
	// Rewinds is the number of rewinds in a row.
	Rewinds int `json:"rewinds,omitempty"`
	// Left is the lowest number of records left to read so far, from 1, and Stalled
	// the number of pages since.
	Left    int `json:"left,omitempty"`
	Stalled int `json:"stalled,omitempty"`
	// CycleMark is an earlier cursor. It is replaced whenever the number of pages is a
	// power of two, so that a cycle of any length meets it.
	CycleMark string `json:"mark,omitempty"`
}

// Valid reports whether a list can have this token.
func (t *Token) Valid() bool {
	return min(t.Batch, t.Skip, t.Offset, t.Page, t.Size, t.Total, t.PageLen, t.Reading, t.New, t.Idle, t.Rewinds, t.Left, t.Stalled) >= 0
}

// Start returns the place where the batch starts.
func (t Token) Start() Token {
	t.Skip = 0
	return t
}

func (t Token) position() Position {
	return Position{Offset: t.Offset, Page: t.Page, Cursor: t.Cursor, Size: t.Size}
}

// size returns how many records are asked for, 0 when the API decides.
func (t Token) size(r Rules) int {
	if t.Size > 0 {
		return t.Size
	}
	return r.Size
}

// afterShort reports whether a page of n records follows one with fewer than were asked
// for, in a list without a total.
func (t Token) afterShort(r Rules, n int) bool {
	numbered := !r.ByCursor && !t.overlaps(r)
	return numbered && n > 0 && t.Total == 0 && t.Page > 0 && t.PageLen < t.size(r)
}

// overlaps reports whether pages start with the last record of the previous one.
func (t Token) overlaps(r Rules) bool { return r.ByOffset && !t.Numbered }

// following returns the position of the page after one, if it exists and is known
// before that one is read.
func (t Token) following(r Rules, from Position) (Position, bool) {
	if r.ByCursor || t.PageLen < 2 || t.Behind || t.Gap || t.Disorder || t.Idle > t.New {
		return from, false
	}
	t.Offset, t.Page = from.Offset, from.Page
	if t.overlaps(r) {
		t.moveTo(r, t.Offset+t.PageLen-1)
		return t.position(), t.Offset+1 < t.Total
	}
	t.Offset += t.PageLen
	t.Page++
	return t.position(), t.Offset < t.Total
}

// moveTo sets the offset, and the page that it is on.
func (t *Token) moveTo(r Rules, offset int) {
	t.Offset, t.Page = offset, 0
	if size := t.size(r); size > 0 {
		t.Page = offset / size
		if !t.overlaps(r) {
			t.Offset = t.Page * size
		}
	}
}

// smaller returns the token for half as many records, if there can be fewer.
func (t Token) smaller(r Rules) (Token, bool) {
	size := t.size(r) / 2
	if size == 0 {
		return t, false
	}
	t.Size, t.Idle, t.Last, t.PageLen = size, t.Idle+1, 0, 0
	start := t.Offset
	if size == 1 && t.overlaps(r) && t.Offset > 0 && !t.Gap {
		t.Gap, start = true, start+1
	}
	if !r.ByCursor {
		t.moveTo(r, start)
		t.Behind = t.Behind || t.Offset < start
	}
	return t, true
}
