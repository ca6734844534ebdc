// Package mapping is the language in which a YAML file says how an API's
// operations become resources, entitlements and grants, and how grants are
// made and revoked.
//
// Load reads a file strictly: every field path, operation, request field, enum
// value, id part and entitlement name is checked against the types that were
// generated from the API document. All mistakes are reported in one run, each
// with its line and column. What comes out is a Plan, compiled for speed.
//
//	plan, err := mapping.Load("team.yaml", src, mapping.Environment{Operations: descope.Operations})
//	// team.yaml:19:18: the API has no operation "SerchUsers"; did you mean "SearchUsers"?
//
// A file has a table of resource types. This one syncs groups and who is in them:
//
//	version: 1
//	connector: {display_name: Example}
//	resource_types:
//	  group:
//	    display_name: Group
//	    trait: group
//	    list: {operation: ListGroups, records: groups}
//	    id: id
//	    name: name
//	    entitlements:
//	      member: {grantable_to: user, read_only: true}
//	  user:
//	    display_name: User
//	    trait: user
//	    list: {operation: ListUsers, records: users}
//	    id: userId
//	    name: name or email
//	    grants:
//	      - {entitlement: group.member, on: {id: groups.id}}
package mapping

import (
	_ "embed"
	"errors"
	"regexp"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Descope is the mapping of Descope's Management API, descope.yaml.
//
//go:embed descope.yaml
var Descope []byte

// DescopeLock is the contract of Descope, as ReadContract takes it.
//
//go:embed descope.lock.yaml
var DescopeLock []byte

// YAMLError returns an error of the YAML parser in words that say what is usually behind
// it: "yaml: line 3: ...".
func YAMLError(err error) error {
	at := yamlPlace.FindString(err.Error())
	return errors.New(at + syntax.InPlainWords(strings.TrimPrefix(err.Error(), at)))
}

var yamlPlace = regexp.MustCompile(`^yaml: (line \d+: )?`)

// Mistake is one thing wrong with a mapping file, at its place.
type Mistake = syntax.Mistake

// Mistakes are all the mistakes of one file, sorted by place.
type Mistakes = syntax.Mistakes

// Environment is what a mapping file can refer to.
type Environment struct {
	// Operations are those of the API.
	Operations api.Operations
	// Options are the connector's settings that requests can pass on, by name: each a
	// bool, a string or a []string. An empty text or list is not set, and left out.
	Options map[string]any
}

// Load reads, checks and compiles a mapping. name stands for the file in
// messages. The error holds Mistakes.
func Load(name string, src []byte, env Environment) (*Plan, error) {
	r := read(name, src, env)
	if len(r.Mistakes) > 0 {
		return nil, r.Mistakes
	}
	return r.Plan, nil
}
