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
	Account      Account            `yaml:"account" doc:"How an account is created (trait user). One type of a mapping can have it."`
	Delete       Delete             `yaml:"delete" doc:"How a resource is deleted."`
	Actions      Table[Action]      `yaml:"actions" doc:"What else can be done with a resource, by name."`
	Ignored      Table[Text]        `yaml:"ignored" doc:"Fields that look like access and are not read on purpose: the path in the record, and why."`
}

// List says how all records of a type are read.
type List struct {
	Block
	Operation Text           `yaml:"operation" need:"yes" doc:"Operation that lists the records."`
	Records   Text           `yaml:"records" doc:"Path to the list of records in the reply. Without it, the reply is the list."`
	Request   Table[Literal] `yaml:"request" doc:"Fixed fields of the request. option.NAME is a setting of the connector; one that is not set is left out."`
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

// Call says how an operation is called. What with can refer to depends on where the
// call stands: see the places of package mapping.
type Call struct {
	Block
	Operation Text            `yaml:"operation" need:"yes" doc:"Operation that is called."`
	With      Table[Argument] `yaml:"with" doc:"Request fields, each from a reference, a list of references, or a table or a list of tables of them."`
	Request   Table[Literal]  `yaml:"request" doc:"Fixed fields of the request. option.NAME is a setting of the connector; one that is not set is left out."`
	Record    Text            `yaml:"record" doc:"Path in the reply to the record as it is after the call. Without it, the record is read."`
}

// Get says how one record is read.
type Get struct {
	Call `need:"with" operation:"Operation that reads a record." with:"Request fields, each PART of the id, or a list or table of such." record:"Path in the reply to the record. Default: the reply."`
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
	List      `operation:"Operation that lists who holds the entitlement on one resource."`
	With      Table[Argument] `yaml:"with" need:"yes" doc:"Request fields, each from a part of the resource's id. Written PART, or a list or a table of such."`
	Principal PartValues      `yaml:"principal" need:"yes" doc:"Paths in a record to the parts of the holder's id."`
	Ignored   Table[Text]     `yaml:"ignored" doc:"Fields beside the holder's id that are not read on purpose: the path in the record, and why."`
}

// Call returns the call of a list.
func (l *List) Call() Call { return Call{Block: l.Block, Operation: l.Operation, Request: l.Request} }

// Call returns the call of a list of holders.
func (h *Holders) Call() Call {
	call := h.List.Call()
	call.With = h.With
	return call
}

// Provision says how an entitlement is granted or revoked.
type Provision struct {
	Call      `without:"record" need:"with" operation:"Operation that writes." with:"Request fields, each principal.PART, resource.PART or the principal's record.PATH, or a list or a table of such."`
	Principal Text        `yaml:"principal" doc:"Path in the reply to the principal's record after the write. Without it, the record is read again."`
	Requires  Requirement `yaml:"requires" doc:"What the principal has to hold before a grant."`
	Write     Text        `yaml:"write" doc:"When it is called: always (default), also where reading shows that there is nothing to do, or needed, which is for operations that do harm then."`
	// What else the write changes.
	AlsoGrants  []Along `yaml:"also_grants" doc:"Other grants of the principal that may come with the write. A grant that comes and is not named here is an error."`
	AlsoRevokes []Along `yaml:"also_revokes" doc:"Other grants of the principal that may go with the write. A grant that goes and is not named here is an error."`
	Replaces    Truth   `yaml:"replaces" doc:"Whether a list in the body takes the place of the list that is there: true, only in revoke, or false, if its entries are added or removed."`
}

// Along are grants that may change with a write.
type Along struct {
	Block
	Entitlement Text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what comes or goes."`
	On          PartValues `yaml:"on" doc:"Parts of the id of the resource that it is held on, each from resource.PART. A part that is left out may be anything."`
}

// Requirement is what has to be held before a grant.
type Requirement struct {
	Block
	Entitlement Text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what has to be held."`
	On          PartValues `yaml:"on" need:"yes" doc:"Parts of the id of the resource, each from resource.PART. Without a value nothing is required."`
}

// Account says how an account is created.
type Account struct {
	Block
	Fields      Table[AccountField] `yaml:"fields" need:"yes" doc:"What is asked for, by name, in this order. What kind of value a field is follows from the request field that it fills."`
	Find        AccountFind         `yaml:"find" need:"yes" doc:"How the account is found by what it is to be called, before and after it is created."`
	Create      AccountCreate       `yaml:"create" need:"yes" doc:"How the account is created."`
	Credentials Credentials         `yaml:"credentials" doc:"What the new user can sign in with; the first is preferred. Default: no_password alone."`
}

// AccountField is a value that whoever creates an account is asked for.
type AccountField struct {
	Block
	DisplayName Text    `yaml:"display_name" need:"yes" doc:"Name of the field for people."`
	Description Text    `yaml:"description" doc:"What the field is for."`
	Placeholder Text    `yaml:"placeholder" doc:"Example of a value."`
	Required    Truth   `yaml:"required" doc:"true: there is no account without it."`
	Default     Literal `yaml:"default" doc:"Value of a field that is not given."`
}

// AccountFind says how the account is found.
type AccountFind struct {
	Call `need:"with" operation:"Operation that reads it." with:"Request fields, each account.NAME, or a list or a table of such." record:"Path in the reply to the record. Default: the reply."`
}

// AccountCreate says how the account is created.
type AccountCreate struct {
	Call    `need:"with" operation:"Operation that creates it." with:"Request fields, each account.NAME, or a list or a table of such." record:"Path in the reply to its record. Default: find it."`
	Created Text `yaml:"created" doc:"Path in the reply to whether the account is new: with false it was there already. Without a value it is new."`
}

// Credentials are what a new user can sign in with.
type Credentials struct {
	Block
	NoPassword     Credential    `yaml:"no_password" doc:"Without a password."`
	RandomPassword Credential    `yaml:"random_password" doc:"With a new password: password in with."`
	ForceChange    AccountChange `yaml:"force_change" doc:"Call afterwards that makes the user change the password at the next sign-in."`
}

// Credential is what is added to the call that creates an account.
type Credential struct {
	Block
	With    Table[Argument] `yaml:"with" doc:"Further request fields of create, each account.NAME or password, or a list or a table of such."`
	Request Table[Literal]  `yaml:"request" doc:"Further fixed fields of create."`
}

// AccountChange says how a new account is changed.
type AccountChange struct {
	Call `without:"record" need:"with" operation:"Operation that changes the account." with:"Request fields, each account.NAME or record.PATH, or a list or a table of such."`
}

// GrantRule says what a record holds.
type GrantRule struct {
	Block
	Entitlement Text       `yaml:"entitlement" need:"yes" doc:"TYPE.SLUG of what is held."`
	On          PartValues `yaml:"on" path:"record" need:"yes" doc:"Paths in the record to the parts of the id of the resource it is held on."`
	Expand      Text       `yaml:"expand" doc:"Entitlement of the record's resource whose holders hold this too. Used with expansion switched on."`
}

// Delete says how a resource is deleted.
type Delete struct {
	Call `without:"record" need:"with" operation:"Operation that deletes one resource." with:"Request fields, each PART of the id, or a list or a table of such. All parts have to be there."`
}

// Action is something that can be done with a resource.
type Action struct {
	Block
	Kind        Text         `yaml:"kind" doc:"What ConductorOne may use it for; those of account are actions of the connector, for trait user. Without it, whoever invokes it decides."`
	DisplayName Text         `yaml:"display_name" need:"yes" doc:"Name of the action for people."`
	Description Text         `yaml:"description" doc:"What the action does."`
	Inputs      Table[Input] `yaml:"inputs" doc:"What is asked for besides the resource, by name."`
	Call        []ActionCall `yaml:"call" need:"yes" doc:"What is called; of several, one after the other, until one fails."`
	Becomes     Text         `yaml:"becomes" doc:"Status that the resource has afterwards: enabled, disabled or pending. It is verified."`
	OnlyIf      Text         `yaml:"only_if" doc:"Status that the resource must have before: enabled, disabled or pending."`
}

// Input is a value that an action asks for. Its kind is that of the request fields that
// it fills.
type Input struct {
	Block
	DisplayName Text  `yaml:"display_name" need:"yes" doc:"Name of the value for people."`
	Description Text  `yaml:"description" doc:"What the value is for."`
	Placeholder Text  `yaml:"placeholder" doc:"Example of a value."`
	Required    Truth `yaml:"required" doc:"Whether it has to be given. Default false."`
	Object      Words `yaml:"object" doc:"It is an object with these keys, each of which is used as input.NAME.KEY; given as an object or as JSON text."`
}

// ActionCall is one call of an action.
type ActionCall struct {
	Call `need:"with" operation:"Operation that is called." with:"Request fields, each resource.PART, record.PATH or input.NAME." record:"Path in the reply to the record."`
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

// The kinds of actions. Those that begin with AccountKind are actions of the connector.
const (
	AccountKind              = "account"
	AccountEnableKind        = "account_enable"
	AccountDisableKind       = "account_disable"
	AccountUpdateProfileKind = "account_update_profile"
	EnableKind               = "enable"
	DisableKind              = "disable"
)

// The values of trait, purpose, unknown_references, write and kind, and of becomes and only_if.
var (
	Traits            = []string{"user", "group", "role", "app"}
	Purposes          = []string{"assignment", "permission", "ownership"}
	UnknownReferences = []string{LeaveOut, Fail}
	WriteTimes        = []string{WriteAlways, WriteNeeded}
	ActionKinds       = []string{AccountEnableKind, AccountDisableKind, AccountUpdateProfileKind, AccountKind, EnableKind, DisableKind}
	ActionStatuses    = []string{"enabled", "disabled", "pending"}
)

// NamePattern is what the ids of resource types, the slugs of entitlements, and the names
// of actions and of what they ask for are made of.
var NamePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// OptionPrefix starts a fixed field whose value is one of the connector's options.
const OptionPrefix = "option."

// Pos is a place in the file, from 1; the zero pos is that of a key not given.
type Pos struct{ line, col int }

// Before reports whether a place is before another.
func (p Pos) Before(other Pos) bool {
	return p.line < other.line || p.line == other.line && p.col < other.col
}

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

// Truth is a truth value.
type Truth struct {
	Pos
	Value bool
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

// Argument is the value of a request field: a reference, a list of arguments, or a
// table of fields.
type Argument struct {
	Pos
	Reference Text
	IsList    bool
	List      []Argument
	Fields    Table[Argument]
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
