package mapping

import (
	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
)

// filling is a request of an operation that is being compiled, with the fields
// that are given so far.
type filling struct {
	*compiler
	op     *api.Operation
	fields []field
	given  map[string]bool
	// unsure tells that something is given of which it is not known what it is.
	unsure bool
}

func (c *compiler) fill(op *api.Operation) *filling {
	return &filling{compiler: c, op: op, fields: requestFields(op), given: map[string]bool{}}
}

// field returns the request field of that name. It reports one that is not
// there or given before.
func (f *filling) field(name text) (field, bool) {
	if name.value == "" {
		f.unsure = f.unsure || name.given()
		return field{}, false
	}
	found, ok := findField(f.fields, name.value)
	if !ok {
		names := fieldNames(f.fields)
		f.addf(name.pos, "%s takes no %q%s", f.op.Name, name.value, spelling.DidYouMean(name.value, names))
		meant := spelling.Nearest(name.value, names)
		f.given[meant] = true
		f.unsure = f.unsure || meant == ""
		return field{}, false
	}
	if f.given[name.value] {
		f.addf(name.pos, "%s is given %q twice", f.op.Name, name.value)
		return field{}, false
	}
	f.given[name.value] = true
	return found, true
}

// checkRequired reports the required fields that nothing gives; key is where
// they would be.
func (f *filling) checkRequired(where pos, key string) {
	for _, required := range f.fields {
		if required.required && !f.given[required.name] && !f.unsure {
			f.addf(where, "%s needs %q, which %q does not give", f.op.Name, required.name, key)
		}
	}
}

// takesID tells whether a part of an id can be put into a field, or into an
// entry of the list that it is. It reports a field that takes none.
func (c *compiler) takesID(f field, name text) bool {
	if !takesID(f.typ) {
		c.addf(name.pos, "%s is %s and cannot be filled from an id", f.name, describeType(f.typ))
		return false
	}
	return true
}
