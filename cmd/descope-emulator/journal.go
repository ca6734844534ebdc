package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// entry is one line of the journal. Headers are left out: they hold the key.
type entry struct {
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	Body      string    `json:"body,omitempty"`
	InFlight  int       `json:"inFlight"`
}

// openJournal returns what appends requests to a file, and what closes it. Without
// a file both do nothing. A line that cannot be written is reported once.
func openJournal(path string, stderr io.Writer) (observe func(emulator.Request), closeFile func() error, err error) {
	if path == "" {
		return nil, func() error { return nil }, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--journal: %w", err)
	}
	lines := json.NewEncoder(file)
	failed := false
	observe = func(r emulator.Request) {
		err := lines.Encode(entry{r.At, r.Operation, r.Method, r.Path, r.Query, string(r.Body), r.InFlight})
		if err != nil && !failed {
			failed = true
			fmt.Fprintln(stderr, "descope-emulator: --journal:", err)
		}
	}
	return observe, file.Close, nil
}
