// Package syntax reads a mapping file: YAML becomes a Document whose values know
// their places, and what does not fit becomes Mistakes.
package syntax

import (
	"regexp"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The types below are the language: what a mapping file may say. The decoder
// reads a file into them and refuses what is not here; "need" marks the keys
// that must be there, "doc" says what a key means, and "path" marks those whose
// paths are in the type's records. The schema and the reference follow them.

// Document is a mapping file.
type Document struct {
	Block
	Version       Integer             `yaml:"version" need:"yes" doc:"Version of the mapping language: 1."`
	Connector     ConnectorInfo       `yaml:"connector" need:"yes" doc:"What the connector is called."`
	Limits        Limits              `yaml:"limits" doc:"Request limits of the API."`
	Errors        ErrorRules          `yaml:"errors" doc:"How error replies are read."`
	Unknown       Text                `yaml:"unknown_references" doc:"What to do with a grant that refers to a resource in no list: leave_out (default), with one warning for each sync, or fail."`
	ResourceTypes Table[ResourceType] `yaml:"resource_types" need:"yes" doc:"What is synced, by resource type id."`
}

// ConnectorInfo is what the connector is called.
type ConnectorInfo struct {
	Block
	DisplayName Text `yaml:"display_name" need:"yes" doc:"Name of the connected product."`
	Description Text `yaml:"description" doc:"One sentence on what is synced."`
	HelpURL     Text `yaml:"help_url" doc:"Page that says how to set the connector up."`
}

// Limits are the request limits of the API.
type Limits struct {
	Block
	ParallelRequests Integer        `yaml:"parallel_requests" doc:"Requests in flight at most. Default 6."`
	PerMinute        Table[Integer] `yaml:"per_minute" doc:"Requests in any 60 seconds at most, by operation."`
}

// ErrorRules say how error replies are read.
type ErrorRules struct {
	Block
	Code     Text  `yaml:"code" doc:"Path to the error code in an error reply."`
	Message  Text  `yaml:"message" doc:"Path to the message in an error reply."`
	NotFound Words `yaml:"not_found" doc:"Error codes that say a thing does not exist. Without it, every 404 in the API's own form does."`
	Passing  Words `yaml:"passing" doc:"Error codes of transient errors, which a retry may resolve, whatever the HTTP status."`
}

// ResourceType says what is synced of one type.
type ResourceType struct {
	Block
	DisplayName  Text               `yaml:"display_name" need:"yes" doc:"Name of the type for people."`
	Trait        Text               `yaml:"trait" doc:"What the resources are: user, group, role or app."`
	List         List               `yaml:"list" need:"yes" doc:"How all resources are read."`
	Get          Get                `yaml:"get" doc:"How one resource is read. Without it, it is found in the list."`
	ID           Words              `yaml:"id" path:"record" need:"yes" doc:"Path to the id, or a list of paths to its parts. Leading parts may lack a value."`
	Name         Text               `yaml:"name" path:"record" need:"yes" doc:"Display name of a resource."`
	Description  Text               `yaml:"description" path:"record" doc:"Description of a resource."`
	CreatedAt    Text               `yaml:"created_at" path:"record" doc:"When it was created: Unix seconds or milliseconds, or RFC 3339."`
	Parent       Table[PartValues]  `yaml:"parent" path:"record" doc:"Parent resource: its type, and the path to its id or to each part of it."`
	Status       Status             `yaml:"status" doc:"Status of a resource."`
	User         UserTrait          `yaml:"user" doc:"What is known of a user (trait user)."`
	Profile      Table[Text]        `yaml:"profile" path:"record" doc:"Further fields, by their names in the profile."`
	Also         []Also             `yaml:"also" doc:"Resources of this type that another type's records show and the list does not have; one, or a list of them for several types."`
	Entitlements Table[Entitlement] `yaml:"entitlements" doc:"What can be held on a resource, by slug."`
	Grants       []GrantRule        `yaml:"grants" doc:"What a record says that its resource holds."`
	Ignored      Table[Text]        `yaml:"ignored" doc:"Fields that look like access and are not read on purpose: the path in the record, and why."`
}

// List says how all records of a type are read.
type List struct {
	Block
	Operation Text           `yaml:"operation" need:"yes" doc:"Operation that lists the records."`
	Records   Text           `yaml:"records" doc:"Path to the list of records in the reply. Without it, the reply is the list."`
	Request   Table[Literal] `yaml:"request" doc:"Fixed fields of the request."`
	Narrowed  Table[Text]    `yaml:"narrowed" doc:"Fixed fields of the request that leave records out on purpose, and why."`
	Pages     Pages          `yaml:"pages" doc:"How the next page is asked for. Without it, one reply holds everything."`
}

// Pages says how the next page of a list is asked for.
type Pages struct {
	Block
	Limit  Text    `yaml:"limit" doc:"Request field for the number of records a page."`
	Size   Integer `yaml:"size" doc:"Records a page."`
	Offset Text    `yaml:"offset" doc:"Request field for the number of records to skip."`
	Page   Text    `yaml:"page" doc:"Request field for the number of the page."`
	First  Integer `yaml:"first" doc:"Number of the first page. Default 0."`
	Cursor Text    `yaml:"cursor" doc:"Request field for the cursor that the last reply gave."`
	Next   Text    `yaml:"next" doc:"Path in the reply to the next page's cursor; no value ends the list."`
	Total  Text    `yaml:"total" doc:"Path in the reply to the number of records in all."`
}

// Get says how one record is read.
type Get struct {
	Block
	Operation Text           `yaml:"operation" need:"yes" doc:"Operation that reads one record."`
	With      Table[Text]    `yaml:"with" need:"yes" doc:"Request fields, each from a part of the id."`
	Request   Table[Literal] `yaml:"request" doc:"Fixed fields of the request."`
	Record    Text           `yaml:"record" doc:"Path to the record in the reply. Without it, the reply is the record."`
}

// Status says what the values of the API mean.
type Status struct {
	Block
	From     Text        `yaml:"from" path:"record" need:"yes" doc:"Path to the API's status."`
	Enabled  Words       `yaml:"enabled" doc:"The API's values that mean enabled."`
	Pending  Words       `yaml:"pending" doc:"The API's values that mean pending."`
	Disabled Words       `yaml:"disabled" doc:"The API's values that mean disabled."`
	Deleted  Words       `yaml:"deleted" doc:"The API's values that mean deleted."`
	Ignored  Table[Text] `yaml:"ignored" doc:"The API's values that are shown without a status on purpose, and why."`
}

// UserTrait says what is known of a user. Each key has a field of the same name in User.
type UserTrait struct {
	Block
	Login        Text `yaml:"login" path:"record" doc:"What the user signs in with."`
	LoginAliases Text `yaml:"login_aliases" path:"record" doc:"Other things the user signs in with."`
	Email        Text `yaml:"email" path:"record" doc:"Primary e-mail address."`
	LastLogin    Text `yaml:"last_login" path:"record" doc:"When the user last signed in."`
	MFA          Text `yaml:"mfa" path:"record" doc:"Whether a second factor is set up."`
	SSO          Text `yaml:"sso" path:"record" doc:"Whether the user signs in through SSO."`
}

// User has the values of UserTrait's keys for one user. The type of a field is what
// its key wants: a text, a list of texts, a time, or a truth value, nil where the
// mapping does not have the key.
type User struct {
	Login        string
	LoginAliases []string // without Login
	Email        string
	LastLogin    time.Time // zero when not known
	MFA, SSO     *bool
}

// Also are resources that another type's records show.
type Also struct {
	Block
	In   Text       `yaml:"in" need:"yes" doc:"Resource type whose records show them."`
	ID   PartValues `yaml:"id" need:"yes" doc:"Paths in those records to the parts of the id."`
	Like PartValues `yaml:"like" need:"yes" doc:"Paths to the parts of the id of the listed resource that says the rest."`
}

// Entitlement is what can be held on a resource.
type Entitlement struct {
	Block
	DisplayName Text      `yaml:"display_name" path:"record" doc:"Name of the entitlement. Default: the resource's name and the slug."`
	Description Text      `yaml:"description" path:"record" doc:"Description of the entitlement."`
	GrantableTo Words     `yaml:"grantable_to" need:"yes" doc:"Resource types that can hold it."`
	Purpose     Text      `yaml:"purpose" doc:"assignment (default), permission or ownership."`
	ReadOnly    ReadOnly  `yaml:"read_only" doc:"It cannot be granted or revoked: true, or a sentence that says where to change it."`
	Grant       Provision `yaml:"grant" doc:"How it is granted."`
	Revoke      Provision `yaml:"revoke" doc:"How it is revoked."`
	Holders     Holders   `yaml:"holders" doc:"Who holds it, where that is read by a request for each resource, and not from the holders' own records."`
}

// Holders says how the holders of an entitlement are listed.
type Holders struct {
	Block
	Operation Text           `yaml:"operation" need:"yes" doc:"Operation that lists who holds the entitlement on one resource."`
	With      Table[Text]    `yaml:"with" need:"yes" doc:"Request fields, each from a part of the resource's id."`
	Records   Text           `yaml:"records" doc:"Path to the list of records in the reply. Without it, the reply is the list."`
	Request   Table[Literal] `yaml:"request" doc:"Fixed fields of the request."`
	Narrowed  Table[Text]    `yaml:"narrowed" doc:"Fixed fields of the request that leave records out on purpose, and why."`
	Pages     Pages          `yaml:"pages" doc:"How the next page is asked for. Without it, one reply holds everything."`
	Principal PartValues     `yaml:"principal" need:"yes" doc:"Paths in a record to the parts of the holder's id."`
	Ignored   Table[Text]    `yaml:"ignored" doc:"Fields beside the holder's id that are not read on purpose: the path in the record, and why."`
}

// Provision says how an entitlement is granted or revoked.
type Provision struct {
	Block
	Operation Text           `yaml:"operation" need:"yes" doc:"Operation that writes."`
	With      Table[Words]   `yaml:"with" need:"yes" doc:"Request fields, each principal.PART or resource.PART, or a list of them."`
	Request   Table[Literal] `yaml:"request" doc:"Fixed fields of the request."`
	Principal Text           `yaml:"principal" doc:"Path in the reply to the principal's record after the write. Without it, the record is read again."`
	Requires  Requirement    `yaml:"requires" doc:"What the principal has to hold before a grant."`
	Write     Text           `yaml:"write" doc:"When it is called: always (default), also where reading shows that there is nothing to do, or needed, which is for operations that do harm then."`
}

// Requirement is what has to be held before a grant.
type Requirement struct {
	Block
	Entitlement Text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what has to be held."`
	On          PartValues `yaml:"on" need:"yes" doc:"Parts of the id of the resource, each from resource.PART. Without a value nothing is required."`
}

// GrantRule says what a record holds.
type GrantRule struct {
	Block
	Entitlement Text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what is held."`
	On          PartValues `yaml:"on" path:"record" need:"yes" doc:"Paths in the record to the parts of the id of the resource it is held on."`
	Expand      Text       `yaml:"expand" doc:"Entitlement of the record's resource whose holders hold this too. Used with expansion switched on."`
}

// What becomes of references to resources that no list has.
const (
	LeaveOut = "leave_out"
	Fail     = "fail"
)

// When an operation that writes is called.
const (
	WriteAlways = "always"
	WriteNeeded = "needed"
)

// The values of trait, purpose, unknown_references and write.
var (
	Traits            = []string{"user", "group", "role", "app"}
	Purposes          = []string{"assignment", "permission", "ownership"}
	UnknownReferences = []string{LeaveOut, Fail}
	WriteTimes        = []string{WriteAlways, WriteNeeded}
)

// NamePattern is what the ids of resource types and the slugs of entitlements are made of.
var NamePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// OptionPrefix starts a fixed field whose value is one of the connector's options.
const OptionPrefix = "option."

// Pos is a place in the file, from 1; the zero pos is that of a key not given.
type Pos struct{ line, col int }

// Given reports whether the key is in the file.
func (p Pos) Given() bool { return p.line > 0 }

// Block is a table of keys.
type Block struct {
	Pos
	// Broken reports that not all of it could be read, so that what seems to be
	// missing may be there.
	Broken bool
}

func (b *Block) placed() *Block { return b }

// Text is one scalar; its value is empty when it could not be read.
type Text struct {
	Pos
	Value string
	// inner is the column of the first character of the value, behind a quote;
	// 0 when the value does not stand in the file as it is: escapes, several lines.
	inner int
}

// At returns the place of the character at offset, in bytes.
func (t Text) At(offset int) Pos {
	if t.inner == 0 || offset > len(t.Value) {
		return t.Pos
	}
	return Pos{t.line, t.inner + utf8.RuneCountInString(t.Value[:offset])}
}

// Integer is a whole number; 1, which is right everywhere, when it could not be read.
type Integer struct {
	Pos
	Value int
}

// Words are one text or a list of texts.
type Words struct {
	Pos
	Items []Text
	List  bool
}

// Values returns the texts.
func (w Words) Values() []string {
	values := make([]string, len(w.Items))
	for i, item := range w.Items {
		values[i] = item.Value
	}
	return values
}

// ReadOnly is a truth value or a sentence.
type ReadOnly struct {
	Pos
	Value bool
	Hint  string
}

// Literal is a value that is read when its type is known.
type Literal struct {
	Pos
	Node *yaml.Node
}

// PartValues are the paths to an id: to each of its parts, or, as one text, to
// an id of a single part.
type PartValues struct {
	Pos
	Single Text
	Parts  Table[Text]
}

// Table is a table of keys that the file chooses, in its order.
type Table[T any] struct {
	Block
	Entries []Entry[T]
}

// Entry is one key of a table.
type Entry[T any] struct {
	Key   Text
	Value T
}
