package mapping

import (
	"regexp"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The types below are the language: what a mapping file may say. The decoder
// reads a file into them and refuses what is not here; "need" marks the keys
// that must be there, "doc" says what a key means, and "path" marks those whose
// paths are in the type's records. The schema and the reference follow them.

type document struct {
	block
	Version       integer             `yaml:"version" need:"yes" doc:"Version of the mapping language: 1."`
	Connector     connectorInfo       `yaml:"connector" need:"yes" doc:"What the connector is called."`
	Limits        limits              `yaml:"limits" doc:"What the API bears."`
	Errors        errorRules          `yaml:"errors" doc:"How error replies are read."`
	Unknown       text                `yaml:"unknown_references" doc:"What becomes of a grant on, or of, a resource that no list has: leave_out (default), which says so once for each sync, or fail."`
	ResourceTypes table[resourceType] `yaml:"resource_types" need:"yes" doc:"What is synced, by resource type id."`
}

type connectorInfo struct {
	block
	DisplayName text `yaml:"display_name" need:"yes" doc:"Name of the connected product."`
	Description text `yaml:"description" doc:"One sentence on what is synced."`
	HelpURL     text `yaml:"help_url" doc:"Page that says how to set the connector up."`
}

type limits struct {
	block
	ParallelRequests integer        `yaml:"parallel_requests" doc:"Requests in flight at most. Default 6."`
	PerMinute        table[integer] `yaml:"per_minute" doc:"Requests in any 60 seconds at most, by operation."`
}

type errorRules struct {
	block
	Code     text  `yaml:"code" doc:"Path to the error code in an error reply."`
	Message  text  `yaml:"message" doc:"Path to the message in an error reply."`
	NotFound words `yaml:"not_found" doc:"Error codes that say a thing does not exist. Without it every 404 in the API's own form says so."`
	Passing  words `yaml:"passing" doc:"Error codes of what passes by itself, so that another try may help, whatever the HTTP status."`
}

type resourceType struct {
	block
	DisplayName  text               `yaml:"display_name" need:"yes" doc:"Name of the type for people."`
	Trait        text               `yaml:"trait" doc:"What the resources are: user, group, role or app."`
	List         list               `yaml:"list" need:"yes" doc:"How all resources are read."`
	Get          get                `yaml:"get" doc:"How one resource is read. Without it, it is found in the list."`
	ID           words              `yaml:"id" path:"record" need:"yes" doc:"Path to the id, or a list of paths to its parts. Leading parts may lack a value."`
	Name         text               `yaml:"name" path:"record" need:"yes" doc:"Display name of a resource."`
	Description  text               `yaml:"description" path:"record" doc:"Description of a resource."`
	CreatedAt    text               `yaml:"created_at" path:"record" doc:"When it was created: Unix seconds or milliseconds, or RFC 3339."`
	Parent       table[partValues]  `yaml:"parent" path:"record" doc:"Parent resource: its type, and the path to its id or to each part of it."`
	Status       status             `yaml:"status" doc:"Status of a resource."`
	User         userTrait          `yaml:"user" doc:"What is known of a user (trait user)."`
	Profile      table[text]        `yaml:"profile" path:"record" doc:"Further fields, by their names in the profile."`
	Also         []also             `yaml:"also" doc:"Resources of this type that another type's records show and the list does not have; one, or a list of them for several types."`
	Entitlements table[entitlement] `yaml:"entitlements" doc:"What can be held on a resource, by slug."`
	Grants       []grantRule        `yaml:"grants" doc:"What a record says that its resource holds."`
	Ignored      table[text]        `yaml:"ignored" doc:"Fields that look like access and are not read on purpose: the path in the record, and why."`
}

type list struct {
	block
	Operation text           `yaml:"operation" need:"yes" doc:"Operation that lists the records."`
	Records   text           `yaml:"records" doc:"Path to the list of records in the reply. Without it, the reply is the list."`
	Request   table[literal] `yaml:"request" doc:"Fixed fields of the request."`
	Pages     pages          `yaml:"pages" doc:"How the next page is asked for. Without it, one reply holds everything."`
}

type pages struct {
	block
	Limit  text    `yaml:"limit" doc:"Request field for the number of records a page."`
	Size   integer `yaml:"size" doc:"Records a page."`
	Offset text    `yaml:"offset" doc:"Request field for the number of records to skip."`
	Page   text    `yaml:"page" doc:"Request field for the number of the page."`
	First  integer `yaml:"first" doc:"Number of the first page. Default 0."`
	Cursor text    `yaml:"cursor" doc:"Request field for the cursor that the last reply gave."`
	Next   text    `yaml:"next" doc:"Path in the reply to the next page's cursor; no value ends the list."`
	Total  text    `yaml:"total" doc:"Path in the reply to the number of records in all."`
}

type get struct {
	block
	Operation text           `yaml:"operation" need:"yes" doc:"Operation that reads one record."`
	With      table[text]    `yaml:"with" need:"yes" doc:"Request fields, each from a part of the id."`
	Request   table[literal] `yaml:"request" doc:"Fixed fields of the request."`
	Record    text           `yaml:"record" doc:"Path to the record in the reply. Without it, the reply is the record."`
}

type status struct {
	block
	From     text  `yaml:"from" path:"record" need:"yes" doc:"Path to the API's status."`
	Enabled  words `yaml:"enabled" doc:"The API's values that mean enabled."`
	Pending  words `yaml:"pending" doc:"The API's values that mean pending."`
	Disabled words `yaml:"disabled" doc:"The API's values that mean disabled."`
	Deleted  words `yaml:"deleted" doc:"The API's values that mean deleted."`
}

type userTrait struct {
	block
	Login        text `yaml:"login" path:"record" doc:"What the user signs in with."`
	LoginAliases text `yaml:"login_aliases" path:"record" doc:"Other things the user signs in with."`
	Email        text `yaml:"email" path:"record" doc:"Primary e-mail address."`
	LastLogin    text `yaml:"last_login" path:"record" doc:"When the user last signed in."`
	MFA          text `yaml:"mfa" path:"record" doc:"Whether a second factor is set up."`
	SSO          text `yaml:"sso" path:"record" doc:"Whether the user signs in through SSO."`
}

type also struct {
	block
	In   text       `yaml:"in" need:"yes" doc:"Resource type whose records show them."`
	ID   partValues `yaml:"id" need:"yes" doc:"Paths in those records to the parts of the id."`
	Like partValues `yaml:"like" need:"yes" doc:"Paths to the parts of the id of the listed resource that says the rest."`
}

type entitlement struct {
	block
	DisplayName text      `yaml:"display_name" doc:"Name of the entitlement. Default: the resource's name and the slug."`
	Description text      `yaml:"description" doc:"Description of the entitlement."`
	GrantableTo words     `yaml:"grantable_to" need:"yes" doc:"Resource types that can hold it."`
	Purpose     text      `yaml:"purpose" doc:"assignment (default), permission or ownership."`
	ReadOnly    readOnly  `yaml:"read_only" doc:"It cannot be granted or revoked: true, or a sentence that says where to change it."`
	Grant       provision `yaml:"grant" doc:"How it is granted."`
	Revoke      provision `yaml:"revoke" doc:"How it is revoked."`
	Holders     holders   `yaml:"holders" doc:"Who holds it, where that is read by a request for each resource, and not from the holders' own records."`
}

type holders struct {
	block
	Operation text           `yaml:"operation" need:"yes" doc:"Operation that lists who holds the entitlement on one resource."`
	With      table[text]    `yaml:"with" need:"yes" doc:"Request fields, each from a part of the resource's id."`
	Records   text           `yaml:"records" doc:"Path to the list of records in the reply. Without it, the reply is the list."`
	Request   table[literal] `yaml:"request" doc:"Fixed fields of the request."`
	Pages     pages          `yaml:"pages" doc:"How the next page is asked for. Without it, one reply holds everything."`
	Principal partValues     `yaml:"principal" need:"yes" doc:"Paths in a record to the parts of the holder's id."`
}

type provision struct {
	block
	Operation text           `yaml:"operation" need:"yes" doc:"Operation that writes."`
	With      table[words]   `yaml:"with" need:"yes" doc:"Request fields, each principal.PART or resource.PART, or a list of them."`
	Request   table[literal] `yaml:"request" doc:"Fixed fields of the request."`
	Principal text           `yaml:"principal" doc:"Path in the reply to the principal's record after the write. Without it, the record is read again."`
	Requires  requirement    `yaml:"requires" doc:"What the principal has to hold before a grant."`
	Write     text           `yaml:"write" doc:"When it is called: always (default), also where reading shows that there is nothing to do, or needed, which is for operations that do harm then."`
}

type requirement struct {
	block
	Entitlement text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what has to be held."`
	On          partValues `yaml:"on" need:"yes" doc:"Parts of the id of the resource, each from resource.PART. Without a value nothing is required."`
}

type grantRule struct {
	block
	Entitlement text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what is held."`
	On          partValues `yaml:"on" path:"record" need:"yes" doc:"Paths in the record to the parts of the id of the resource it is held on."`
	Expand      text       `yaml:"expand" doc:"Entitlement of the record's resource whose holders hold this too. Used with expansion switched on."`
}

// What becomes of references to resources that no list has.
const (
	unknownLeaveOut = "leave_out"
	unknownFail     = "fail"
)

// When an operation that writes is called.
const (
	writeAlways = "always"
	writeNeeded = "needed"
)

// The values of trait, purpose, unknown_references and write.
var (
	traits     = []string{"user", "group", "role", "app"}
	purposes   = []string{"assignment", "permission", "ownership"}
	unknowns   = []string{unknownLeaveOut, unknownFail}
	writeTimes = []string{writeAlways, writeNeeded}
)

// namePattern is what the ids of resource types and the slugs of entitlements are made of.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// optionPrefix starts a fixed field whose value is one of the connector's options.
const optionPrefix = "option."

// pos is a place in the file, from 1; the zero pos is that of a key not given.
type pos struct{ line, col int }

func (p pos) given() bool { return p.line > 0 }

// block is a table of keys.
type block struct {
	pos
	// broken tells that not all of it could be read, so that what seems to be
	// missing may be there.
	broken bool
}

func (b *block) placed() *block { return b }

// text is one scalar; its value is empty when it could not be read.
type text struct {
	pos
	value string
	// inner is the column of the first character of the value, behind a quote;
	// 0 when the value does not stand in the file as it is: escapes, several lines.
	inner int
}

// at returns the place of the character at offset, in bytes.
func (t text) at(offset int) pos {
	if t.inner == 0 || offset > len(t.value) {
		return t.pos
	}
	return pos{t.line, t.inner + utf8.RuneCountInString(t.value[:offset])}
}

// integer is a whole number; 1, which is right everywhere, when it could not be read.
type integer struct {
	pos
	value int
}

// words are one text or a list of texts.
type words struct {
	pos
	items []text
	list  bool
}

func (w words) values() []string {
	values := make([]string, len(w.items))
	for i, item := range w.items {
		values[i] = item.value
	}
	return values
}

// readOnly is a truth value or a sentence.
type readOnly struct {
	pos
	value bool
	hint  string
}

// literal is a value that is read when its type is known.
type literal struct {
	pos
	node *yaml.Node
}

// partValues are the paths to an id: to each of its parts, or, as one text, to
// an id of a single part.
type partValues struct {
	pos
	single text
	parts  table[text]
}

type table[T any] struct {
	block
	entries []entry[T]
}

type entry[T any] struct {
	key   text
	value T
}
