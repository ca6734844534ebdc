// Package examples runs examples of a mapping: recorded replies of an API, and
// beside them what a sync has to make of them. One is a folder with a file
// case.yaml:
//
//	title: A user without a name is called by the e-mail address
//	replies: # or files beside this one, such as SearchUsers.1.json
//	  SearchUsers: {total: 1, users: [{userId: U1, email: ann@example.com}]}
//	  LoadAllTenants: {tenants: []}
//	expect:
//	  resources:
//	    user:U1: {name: ann@example.com}
//
// Anything not expected is a difference: every resource, grant and dangling grant
// has to be listed. Of a resource only the attributes
// that are given are compared. Entitlements need not be given; then every
// resource has to have those of its type.
//
// Instead of all that, expect can say which error the sync ends with. And steps
// can grant, revoke, delete and invoke actions, and say which requests that has to send:
//
//	steps:
//	  - grant: role:Editor:assigned
//	    to: user:U1
//	    replies:
//	      LoadUser: {user: {userId: U1}}
//	      AddUserRoles: {user: {userId: U1, roleNames: [Editor]}}
//	    requests:
//	      - LoadUser: {userId: U1}
//	      - AddUserRoles: {loginId: U1, roleNames: [Editor]}
//	  - invoke: update_user
//	    on: user:U1
//	    inputs: {user_profile: {name: Ann}}
//	  - delete: user:U1
//	  - create: {email: ann@example.com}
//	    with: random_password
//	    resource: user:U2
//
// A new password is ANY in a request.
//
// The package knows no particular API.
package examples

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/replay"
)

// File is the file that makes a folder an example.
const File = "case.yaml"

// Environment is what examples run with.
type Environment struct {
	Operations api.Operations
	// Options returns the options of a connector with the mapping in a file, the
	// one built in for "", and with switches set. The connector is not connected
	// to anything yet.
	Options func(mappingFile string, switches map[string]bool) (connector.Options, error)
	// Coverage has a suite say what of the mapping no example shows.
	Coverage bool
}

// Case is one example.
type Case struct {
	// Dir is its folder.
	Dir string

	doc     document
	src     []byte
	root    *yaml.Node
	replies replay.Replies
}

// document is what a case.yaml can say.
type document struct {
	Title string `yaml:"title"`
	// Mapping is the file with the mapping, from the folder of the case; the
	// mapping built in without it.
	Mapping string `yaml:"mapping"`
	// Options are switches of the connector, by the names of its flags.
	Options map[string]bool      `yaml:"options"`
	Replies map[string]yaml.Node `yaml:"replies"`
	Expect  *expectation         `yaml:"expect"`
	Steps   []step               `yaml:"steps"`
}

// expectation is the expected outcome of a sync.
type expectation struct {
	// Error is text that the sync's error has to hold.
	Error string `yaml:"error"`
	// Resources are the attributes that are compared, by TYPE:ID.
	Resources map[string]map[string]any `yaml:"resources"`
	// Entitlements are the same, by TYPE:ID:SLUG; nil for those of each type.
	Entitlements map[string]map[string]any `yaml:"entitlements"`
	// Grants are who holds what: TYPE:ID by TYPE:ID:SLUG.
	Grants map[string][]string `yaml:"grants"`
	// LeftOut are the dangling grants, in the same form.
	LeftOut map[string][]string `yaml:"left_out"`
	// Requests are what the sync sends, each the fields of a request by its
	// operation; nil when that does not matter.
	Requests []map[string]map[string]any `yaml:"requests"`
}

// step is a grant to, or a revocation from, a principal, a deletion, an action on a
// resource, or a new account.
type step struct {
	Grant  string         `yaml:"grant"`
	To     string         `yaml:"to"`
	Revoke string         `yaml:"revoke"`
	From   string         `yaml:"from"`
	Delete string         `yaml:"delete"`
	Invoke string         `yaml:"invoke"`
	On     string         `yaml:"on"`
	Inputs map[string]any `yaml:"inputs"`
	// Create has the fields of a new account, With its credential, the preferred one
	// unless it is given, and Resource the id that it comes to, TYPE:ID.
	Create   map[string]any              `yaml:"create"`
	With     string                      `yaml:"with"`
	Resource string                      `yaml:"resource"`
	Replies  map[string]yaml.Node        `yaml:"replies"`
	Requests []map[string]map[string]any `yaml:"requests"`
	// Result is done, which need not be given, already, or of an account action_required.
	Result string `yaml:"result"`
	// Error is text that the step's error has to hold.
	Error string `yaml:"error"`
}

// Load reads the example in a folder.
func Load(dir string, operations api.Operations) (*Case, error) {
	file := filepath.Join(dir, File)
	src, err := bounded.ReadFile(file, bounded.Text)
	if err != nil {
		return nil, err
	}
	root, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	c := &Case{Dir: dir, src: src, root: root}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c.doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if c.replies, err = replay.ReadDir(dir, operations); err != nil {
		return nil, err
	}
	if err := addInline(c.replies, c.doc.Replies, operations); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// Title says what the example is about.
func (c *Case) Title() string { return c.doc.Title }

func (c *Case) check() error {
	if c.doc.Title == "" {
		return errors.New(`"title" is missing: a sentence that says what is so in this case`)
	}
	for i, s := range c.doc.Steps {
		switch {
		case !s.whole():
			return fmt.Errorf("step %d needs grant and to, revoke and from, invoke and on, delete, or create", i+1)
		case s.Result != "" && !slices.Contains(s.results(), s.Result):
			return fmt.Errorf("step %d: result is %q; it can be %s, and error stands alone", i+1, s.Result, strings.Join(s.results(), " or "))
		case s.Result != "" && s.Error != "":
			return fmt.Errorf("step %d has a result and an error", i+1)
		}
	}
	if e := c.doc.Expect; e != nil {
		if err := checkAttributes("resource", e.Resources, resourceAttributes); err != nil {
			return err
		}
		return checkAttributes("entitlement", e.Entitlements, entitlementAttributes)
	}
	return nil
}

// whole reports whether the step asks for one thing, with all that this needs.
func (s *step) whole() bool {
	var given []string
	for _, key := range []struct{ name, value string }{
		{"grant", s.Grant}, {"to", s.To}, {"revoke", s.Revoke}, {"from", s.From}, {"invoke", s.Invoke}, {"on", s.On}, {"delete", s.Delete},
	} {
		if key.value != "" {
			given = append(given, key.name)
		}
	}
	if s.Create != nil {
		return given == nil && s.Inputs == nil
	}
	whole := []string{"grant to", "revoke from", "invoke on", "delete"}
	return slices.Contains(whole, strings.Join(given, " ")) && (s.Inputs == nil || s.Invoke != "") && s.With+s.Resource == ""
}

// results are what the step can come to.
func (s *step) results() []string {
	if s.Create != nil {
		return []string{resultDone, resultAlready, resultActionRequired}
	}
	return []string{resultDone, resultAlready}
}

// addInline adds the replies that stand in a file. Text is a body as it is; the
// rest is JSON.
func addInline(replies replay.Replies, inline map[string]yaml.Node, operations api.Operations) error {
	for name := range inline {
		node := inline[name]
		contentType, body := "application/json", []byte(node.Value)
		if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
			contentType = "text/plain"
		} else {
			var err error
			if body, err = jsonOf(&node); err != nil {
				return fmt.Errorf("line %d: %w", node.Line, err)
			}
		}
		if err := replies.Add(name, contentType, body, operations); err != nil {
			return fmt.Errorf("replies: %w", err)
		}
	}
	return nil
}
