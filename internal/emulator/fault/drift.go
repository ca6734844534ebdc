package fault

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// driftFaults change the project before a request is answered, as if it changed while
// a client reads a list page by page.
var driftFaults = []kind{
	{
		name: "create", form: "create[:first]", searches: true, parse: parseCreate,
		about: "before the answer a user is created, the last one in the order of creation or the first",
	},
	{
		name: "delete", form: "delete[:USER]", searches: true, parse: parseDelete,
		about: "before the answer a user is deleted: the one of this id, or the first in the order of creation",
	},
	{
		name: "change", form: "change[:USER]", searches: true, parse: parseChange,
		about: "before the answer a user is disabled, or enabled: the one of this id, or the first",
	},
}

func parseCreate(value string) (effect, error) {
	if value != "" && value != "first" {
		return nil, errors.New("a user is created as the last, or as the first")
	}
	return func(s *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		s.Store().CreateUser(value == "first")
		next.ServeHTTP(w, r)
	}, nil
}

func parseDelete(id string) (effect, error) {
	return onUser(id, func(s *emulator.Store, u emulator.User) { s.DeleteUser(u.UserID) }), nil
}

func parseChange(id string) (effect, error) {
	return onUser(id, func(s *emulator.Store, u emulator.User) {
		if u.Status == "disabled" {
			u.Status = "enabled"
		} else {
			u.Status = "disabled"
		}
		s.PutUser(u)
	}), nil
}

// lagFaults answer as a service with inconsistent replicas.
var lagFaults = []kind{
	{
		name: "lag", form: "lag:TIME", parse: parseLag,
		about: "users are shown as they were a time such as 5s ago, before all that was changed, created or deleted since",
	},
	{
		name: "other", form: "other:USER", parse: parseOther,
		about: "a request that names its user by loginId is about the user of this id instead",
	},
}

func parseLag(value string) (effect, error) {
	d, err := parseDuration(value)
	return func(s *emulator.Server, w http.ResponseWriter, r *http.Request, _ http.Handler) {
		s.AnswerAsOf(time.Now().Add(-d), w, r)
	}, err
}

func parseOther(id string) (effect, error) {
	if id == "" {
		return nil, errors.New("the user is missing")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, editRequest(r, func(request map[string]any) { request["loginId"] = id }))
	}, nil
}

// onUser returns the effect of changing the user with an id, or without one the first user.
func onUser(id string, do func(*emulator.Store, emulator.User)) effect {
	return func(s *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		users := s.Store().Users()
		slices.SortStableFunc(users, func(a, b emulator.User) int {
			return cmp.Or(cmp.Compare(a.CreatedTime, b.CreatedTime), cmp.Compare(a.UserID, b.UserID))
		})
		if i := slices.IndexFunc(users, func(u emulator.User) bool { return u.UserID == id || id == "" && !u.Test }); i >= 0 {
			do(s.Store(), users[i])
		}
		next.ServeHTTP(w, r)
	}
}

// pagingFaults answer searches with other paging.
var pagingFaults = []kind{
	{
		name: "no-offset", form: "no-offset", searches: true, pages: true, parse: without(editSearch(func(q map[string]any) { delete(q, "offset") })),
		about: "the offset is ignored; only the page counts",
	},
	{
		name: "same-page", form: "same-page", searches: true, pages: true,
		parse: without(editSearch(func(q map[string]any) { delete(q, "offset"); delete(q, "page") })),
		about: "offset and page are ignored: the first page, whatever was asked for",
	},
	{
		name: "repeat", form: "repeat", searches: true, pages: true, parse: without(editSearch(goBack)),
		about: "the page before the one that was asked for",
	},
	{
		name: "cap", form: "cap:N", searches: true, pages: true, parse: parseCap,
		about: "pages have at most N users, however many were asked for",
	},
	{
		name: "total", form: "total:N|+N|-N|none", searches: true, pages: true, parse: parseTotal,
		about: "another total, one that is off by N, or none",
	},
}

// editSearch returns the effect of answering a changed search.
func editSearch(edit func(query map[string]any)) effect {
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(w, editRequest(r, edit))
	}
}

// goBack makes a search one for the page before.
func goBack(query map[string]any) {
	for field, by := range map[string]int{"offset": cmp.Or(number(query["limit"]), emulator.DefaultLimit), "page": 1} {
		if at := number(query[field]); at > 0 {
			query[field] = max(0, at-by)
		}
	}
}

func parseCap(value string) (effect, error) {
	most, err := positive(value)
	return editSearch(func(query map[string]any) {
		query["limit"] = min(most, cmp.Or(number(query["limit"]), emulator.DefaultLimit))
	}), err
}

func parseTotal(value string) (effect, error) {
	n, err := strconv.Atoi(value)
	moved := value != "" && (value[0] == '+' || value[0] == '-')
	if err != nil && value != "none" {
		return nil, errors.New("the total is a number, a number to add, or none")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		body := answer.body.Bytes()
		if answer.status == http.StatusOK {
			body = edit(body, func(reply map[string]any) {
				switch {
				case value == "none":
					delete(reply, "total")
				case moved:
					reply["total"] = number(reply["total"]) + n
				default:
					reply["total"] = n
				}
			})
		}
		answer.begin(w)
		w.Write(body) //nolint:errcheck // The caller went away.
	}, nil
}
