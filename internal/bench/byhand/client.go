package byhand

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// inFlight is how many requests are sent at once.
const inFlight = 6

// client calls the API. A request is sent once: what fails fails the sync.
type client struct {
	base, token string
	http        *http.Client
	slots       chan struct{}

	mu  sync.Mutex
	all *Catalogue
}

func newClient(base, token string) *client {
	return &client{
		base: base, token: token, slots: make(chan struct{}, inFlight),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}},
	}
}

func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	reply, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, reply.Status)
	}
	return json.NewDecoder(reply.Body).Decode(into)
}

// search is what a search of users asks for.
type search struct {
	Limit     int              `json:"limit"`
	Page      int              `json:"page"`
	Sort      []map[string]any `json:"sort"`
	TenantIDs []string         `json:"tenantIds,omitempty"`
	RoleNames []string         `json:"roleNames,omitempty"`
}

// searchSize is how many users a reply has at most.
const searchSize = 100

func (c *client) search(ctx context.Context, s search) (users []User, total int, err error) {
	s.Limit, s.Sort = searchSize, []map[string]any{{"field": "createdTime", "desc": false}}
	var reply struct {
		Users []User `json:"users"`
		Total int    `json:"total"`
	}
	err = c.call(ctx, http.MethodPost, "/v2/mgmt/user/search", s, &reply)
	return reply.Users, reply.Total, err
}

// catalogue reads everything but the users, once.
func (c *client) catalogue(ctx context.Context) (*Catalogue, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all != nil {
		return c.all, nil
	}
	var reply struct {
		Tenants     []Tenant     `json:"tenants"`
		Roles       []Role       `json:"roles"`
		Permissions []Permission `json:"permissions"`
	}
	for _, path := range []string{"/v1/mgmt/tenant/all", "/v1/mgmt/role/all", "/v1/mgmt/permission/all"} {
		if err := c.call(ctx, http.MethodGet, path, struct{}{}, &reply); err != nil {
			return nil, err
		}
	}
	c.all = newCatalogue(reply.Tenants, reply.Roles, reply.Permissions)
	return c.all, nil
}
