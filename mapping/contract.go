package mapping

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Contract has the parts of a mapping that customers' reviews, policies and
// provisioning rules refer to. It is kept in a lock beside the mapping.
type Contract struct {
	ResourceTypes []ContractType `yaml:"resource_types"`
}

// ContractType is the contract of a resource type.
type ContractType struct {
	Type  string `yaml:"type"`
	Trait Trait  `yaml:"trait,omitempty"`
	// ID is the form of the ids, with the paths of their parts. Optional parts are in
	// brackets: [tenantId/]name.
	ID           string                `yaml:"id"`
	Entitlements []ContractEntitlement `yaml:"entitlements,omitempty"`
}

// ContractEntitlement is the contract of an entitlement.
type ContractEntitlement struct {
	Slug        string   `yaml:"slug"`
	Purpose     Purpose  `yaml:"purpose"`
	GrantableTo []string `yaml:"grantable_to,flow"`
}

// Contract returns the contract of the mapping, sorted by ids.
func (p *Plan) Contract() Contract {
	var c Contract
	for _, t := range p.Types {
		of := ContractType{Type: t.ID, Trait: t.Trait, ID: t.idForm()}
		for _, e := range t.Entitlements {
			holders := make([]string, len(e.GrantableTo))
			for i, holder := range e.GrantableTo {
				holders[i] = holder.ID
			}
			slices.Sort(holders)
			of.Entitlements = append(of.Entitlements, ContractEntitlement{e.Slug, e.Purpose, holders})
		}
		slices.SortFunc(of.Entitlements, func(a, b ContractEntitlement) int { return cmp.Compare(a.Slug, b.Slug) })
		c.ResourceTypes = append(c.ResourceTypes, of)
	}
	slices.SortFunc(c.ResourceTypes, func(a, b ContractType) int { return cmp.Compare(a.Type, b.Type) })
	return c
}

func (t *ResourceType) idForm() string {
	form := ""
	for i, p := range t.parts {
		form += p.written
		if i < len(t.parts)-1 {
			form = "[" + form + "/]"
		}
	}
	return form
}

// Changes describes in sentences the effect on customers' data when a mapping with
// this contract replaces one with the contract before.
func (c Contract) Changes(before Contract) []string {
	var sentences []string
	for _, change := range c.changes(before) {
		sentences = append(sentences, change.what)
	}
	return sentences
}

// change is one difference between two contracts.
type change struct {
	// typ and slug are what changes; slug is empty for the type itself.
	typ, slug string
	// key is the key that changed, empty for an addition or a removal.
	key string
	// added reports an addition, which orphans nothing.
	added bool
	what  string
}

func (c Contract) changes(before Contract) []change {
	var changes []change
	say := func(of change, format string, args ...any) {
		of.what = fmt.Sprintf(format, args...)
		changes = append(changes, of)
	}
	for _, was := range before.ResourceTypes {
		is, ok := find(c.ResourceTypes, func(t ContractType) bool { return t.Type == was.Type })
		if !ok {
			say(change{typ: was.Type}, "the resource type %s is gone: every %s is deleted, which orphans every grant, review and policy that refers to one", was.Type, was.Type)
			continue
		}
		if is.ID != was.ID {
			say(change{typ: was.Type, key: "id"},
				"the ids of %s change from %s to %s: every %s becomes another one, which orphans every grant, review and policy that refers to one",
				was.Type, was.ID, is.ID, was.Type)
		}
		if is.Trait != was.Trait {
			say(change{typ: was.Type, key: "trait"}, "the trait of %s changes from %q to %q: what is set up for the one kind of resource does not apply any more", was.Type, was.Trait, is.Trait)
		}
		changes = append(changes, is.entitlementChanges(was)...)
	}
	for _, is := range c.ResourceTypes {
		if _, ok := find(before.ResourceTypes, func(t ContractType) bool { return t.Type == is.Type }); !ok {
			say(change{typ: is.Type, added: true}, "the resource type %s is new: from now on it is part of the contract", is.Type)
		}
	}
	return changes
}

func (t ContractType) entitlementChanges(before ContractType) []change {
	var changes []change
	say := func(e ContractEntitlement, of change, format string, args ...any) {
		of.typ, of.slug = t.Type, e.Slug
		of.what = fmt.Sprintf("the entitlement %s.%s ", t.Type, e.Slug) + fmt.Sprintf(format, args...)
		changes = append(changes, of)
	}
	for _, was := range before.Entitlements {
		is, ok := find(t.Entitlements, func(e ContractEntitlement) bool { return e.Slug == was.Slug })
		if !ok {
			say(was, change{}, "is gone: every grant of it is, which orphans every review and policy that refers to one")
			continue
		}
		if is.Purpose != was.Purpose {
			say(was, change{key: "purpose"}, "changes its purpose from %s to %s: reviews that select by purpose select others", was.Purpose, is.Purpose)
		}
		if !slices.Equal(is.GrantableTo, was.GrantableTo) {
			say(was, change{key: "grantable_to"}, "is held by %s, and was by %s: what refers to the holders of before does not fit any more",
				strings.Join(is.GrantableTo, ", "), strings.Join(was.GrantableTo, ", "))
		}
	}
	for _, is := range t.Entitlements {
		if _, ok := find(before.Entitlements, func(e ContractEntitlement) bool { return e.Slug == is.Slug }); !ok {
			say(is, change{added: true}, "is new: from now on it is part of the contract")
		}
	}
	return changes
}

func find[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var none T
	return none, false
}

const lockComment = `# What access reviews, policies and provisioning refer to. A change here orphans
# what refers to it: it needs a reason, and a word in the release notes.
# Written by: mapping check --write-lock
`

// ReadContract reads a contract that was written down: a lock. name stands for
// the file in messages.
func ReadContract(name string, src []byte) (Contract, error) {
	var c Contract
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: not a lock of a mapping: %w", name, err)
	}
	return c, nil
}

// Write returns the contract as ReadContract takes it.
func (c Contract) Write() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(lockComment)
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
