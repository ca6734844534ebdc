package mapping

import (
	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// filling is a request of an operation that is being compiled, with the fields
// that are given so far.
type filling struct {
	*compiler
	op     *api.Operation
	fields []apitype.Field
	given  map[string]bool
	// unsure tells that something is given of which it is not known what it is.
	unsure bool
}

func (c *compiler) fill(op *api.Operation) *filling {
	return &filling{compiler: c, op: op, fields: apitype.RequestFields(op), given: map[string]bool{}}
}

// field returns the request field of that name. It reports one that is not
// there or given before.
func (f *filling) field(name syntax.Text) (apitype.Field, bool) {
	if name.Value == "" {
		f.unsure = f.unsure || name.Given()
		return apitype.Field{}, false
	}
	found, ok := apitype.Find(f.fields, name.Value)
	if !ok {
		names := apitype.Names(f.fields)
		f.noRequestField(name.Pos, f.op.Name, name.Value, names)
		meant := spelling.Nearest(name.Value, names)
		f.given[meant] = true
		f.unsure = f.unsure || meant == ""
		return apitype.Field{}, false
	}
	if f.given[name.Value] {
		f.requestFieldTwice(name.Pos, f.op.Name, name.Value)
		return apitype.Field{}, false
	}
	f.given[name.Value] = true
	return found, true
}

// checkRequired reports the required fields that nothing gives; key is where
// they would be.
func (f *filling) checkRequired(where syntax.Pos, key string) {
	for _, required := range f.fields {
		if required.Required && !f.given[required.Name] && !f.unsure {
			f.requestFieldMissing(where, f.op.Name, required.Name, key)
		}
	}
}

// takesID tells whether a part of an id can be put into a field, or into an
// entry of the list that it is. It reports a field that takes none.
func (c *compiler) takesID(f apitype.Field, name syntax.Text) bool {
	if !apitype.TakesID(f.Type) {
		c.takesNoID(name.Pos, f.Name, f.Type)
		return false
	}
	return true
}
