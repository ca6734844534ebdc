package mapping

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

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
