// Package replay lets a connector run without its API: a [Player] answers
// requests from recorded replies, and a [Recorder] writes replies, redacted.
//
// Replies are files in a folder. Their names say which call they answer:
//
//	LoadAllRoles.json             the body of the first reply of LoadAllRoles
//	SearchUsers.2.json            that of the second
//	SearchUsers.3.http503.json    a third reply that is no success
//	SearchUsers.4.html            a reply that is not JSON
//
// A call has to have a reply: one beyond the files is an error that names the
// file that is missing, and nothing is made up. A request that is the same as one
// before and has no reply of its own gets the reply of then.
//
// The package knows no particular API. Which operation a request is of, the
// connector's transport says.
package replay

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/bounded"
)

// Reply is one recorded reply.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte

	used bool
}

// Replies are recorded replies, by operation and by the number of the call,
// from 1.
type Replies map[string]map[int]*Reply

// contentTypes are those of the extensions that a reply can have.
var contentTypes = map[string]string{
	".json": "application/json",
	".html": "text/html",
	".txt":  "text/plain",
}

// ReadDir reads the replies in a folder. It ignores other files, such as README.md and
// mapping.yaml.
func ReadDir(dir string, operations api.Operations) (Replies, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	replies := Replies{}
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		contentType, ok := contentTypes[extension]
		if !ok || entry.IsDir() {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		body, err := bounded.ReadFile(file, bounded.Reply)
		if err == nil {
			err = replies.Add(strings.TrimSuffix(entry.Name(), extension), contentType, body, operations)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return replies, nil
}

var replyName = regexp.MustCompile(`^([A-Za-z0-9_-]+?)(?:\.([1-9][0-9]*))?(?:\.http([1-5][0-9][0-9]))?$`)

// Add adds a reply under a name such as SearchUsers.2 or LoadUser.http404.
func (r Replies) Add(name, contentType string, body []byte, operations api.Operations) error {
	parts := replyName.FindStringSubmatch(name)
	if parts == nil {
		return fmt.Errorf("%q is not the name of a reply: that is OPERATION, OPERATION.2 for the second call, OPERATION.http404 for an error", name)
	}
	operation, number, status := parts[1], 1, http.StatusOK
	if operations[operation] == nil {
		return fmt.Errorf("the API has no operation %q; it has %s", operation, strings.Join(operations.Names(), ", "))
	}
	var err error
	if parts[2] != "" {
		if number, err = strconv.Atoi(parts[2]); err != nil {
			return err
		}
	}
	if parts[3] != "" {
		if status, err = strconv.Atoi(parts[3]); err != nil {
			return err
		}
	}
	if r[operation] == nil {
		r[operation] = map[int]*Reply{}
	}
	if _, twice := r[operation][number]; twice {
		return fmt.Errorf("there is another reply for call %d of %s", number, operation)
	}
	r[operation][number] = &Reply{Status: status, ContentType: contentType, Body: body}
	return nil
}

// Unused returns the names of the unused replies, sorted: they may be misnamed.
func (r Replies) Unused() []string {
	var names []string
	for operation, replies := range r {
		for number, reply := range replies {
			if !reply.used {
				names = append(names, fmt.Sprintf("%s.%d", operation, number))
			}
		}
	}
	slices.Sort(names)
	return names
}
