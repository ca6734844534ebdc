package mapping

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// ErrorRules say how an API's error replies are read. The zero value knows nothing.
type ErrorRules struct {
	notFound, transient []string

	reply         reflect.Type
	code, message *expr
	// keys are the JSON keys of the code, quoted.
	keys []string
	// own are the operations whose successful replies have a field of that name.
	own map[string]bool
}

// Read returns what the body of an error reply says.
func (r ErrorRules) Read(body []byte) api.Refusal {
	if r.reply == nil {
		return api.Refusal{}
	}
	reply := reflect.New(r.reply)
	// A field of the wrong type does not spoil the others.
	if _, err := api.Decode(body, reply.Interface()); err != nil {
		return api.Refusal{}
	}
	v := values{record: reply.Elem()}
	code := r.code.text(v)
	return api.Refusal{Code: code, Message: r.message.text(v), Meaning: r.meaning(code)}
}

func (r ErrorRules) meaning(code string) api.Meaning {
	switch {
	case slices.Contains(r.notFound, code):
		return api.NotFound
	case slices.Contains(r.transient, code):
		return api.Transient
	case len(r.notFound) > 0:
		return api.Other
	}
	return api.Unstated
}

// InSuccess reports whether a reply with a success status has an error code: such a
// reply is not to be trusted, an empty list in it least of all.
func (r ErrorRules) InSuccess(operation string, body []byte) bool {
	if r.own[operation] || !slices.ContainsFunc(r.keys, func(key string) bool { return bytes.Contains(body, []byte(key)) }) {
		return false
	}
	return r.Read(body).Code != ""
}

// compileErrors compiles the error rules against the error reply of the first
// operation that is used; an API has one form of errors.
func (c *compiler) compileErrors(doc syntax.ErrorRules) {
	rules := &c.plan.Errors
	rules.notFound, rules.transient = doc.NotFound.Values(), doc.Passing.Values()
	if !doc.Given() {
		return
	}
	for _, t := range c.plan.Types {
		if op := t.List.Operation; op != nil && op.Failure != nil && apitype.KindOf(op.Failure) == apitype.KindObject {
			rules.reply = op.Failure
			break
		}
	}
	if rules.reply == nil {
		if slices.ContainsFunc(c.plan.Types, func(t *ResourceType) bool { return t.List.Operation != nil }) {
			c.noErrorReply(doc.Pos)
		}
		return
	}
	s := scope{record: rules.reply, name: fmt.Sprintf("an error reply (%s)", rules.reply.Name()), noParent: noParentOfError}
	rules.code = c.compileExpr(doc.Code, s, wantText)
	rules.message = c.compileExpr(doc.Message, s, wantText)
	rules.own = map[string]bool{}
	for _, source := range rules.code.sources() {
		key, _, _ := strings.Cut(source.written, ".")
		rules.keys = append(rules.keys, strconv.Quote(key))
		for name, op := range c.ops {
			if _, mistake := compilePath(source.written, op.Reply, ""); mistake == nil {
				rules.own[name] = true
			}
		}
	}
	if len(rules.notFound)+len(rules.transient) > 0 && !doc.Code.Given() && !doc.Broken {
		c.errorCodeMissing(doc.Pos)
	}
}
