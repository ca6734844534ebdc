package apidiff

import (
	"maps"
	"slices"
	"strings"
)

// comparison walks our document and looks up each part in theirs.
type comparison struct {
	ours, theirs *Document
	differences  []*Difference
	// fresh are the fields and parameters that only their document has.
	fresh []Addition
	// reached are the places that have been compared.
	reached map[string]bool
	// use is the message that is being compared; toThem means that we send it.
	use    string
	toThem bool
	// seen are the pairs of schemas that have been compared in this message.
	seen map[[2]string]bool
	err  error
}

func walk(ours, theirs *Document) (*comparison, error) {
	c := &comparison{ours: ours, theirs: theirs, reached: make(map[string]bool)}
	c.servers()
	for _, o := range ours.operations {
		c.operation(o)
	}
	return c, c.err
}

// operation is one entry of a document's paths.
type operation struct {
	method, path string
	node         node
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// operations returns the operations of a document, by path. The parameters of a path are
// added to those of its operations.
func operations(root node) []operation {
	var all []operation
	paths := at(root, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		item := object(paths[path])
		for _, method := range methods {
			o := object(item[method])
			if o == nil {
				continue
			}
			if shared, _ := item["parameters"].([]any); len(shared) > 0 {
				own, _ := o["parameters"].([]any)
				o = maps.Clone(o)
				o["parameters"] = slices.Concat(shared, own)
			}
			all = append(all, operation{strings.ToUpper(method), path, o})
		}
	}
	return all
}

func (d *Document) operation(where string) (operation, bool) {
	for _, o := range d.operations {
		if o.where() == where {
			return o, true
		}
	}
	return operation{}, false
}

func (o operation) where() string { return o.method + " " + o.path }
func (o operation) id() string    { return text(o.node, "operationId") }

func (c *comparison) operation(ours operation) {
	where := ours.where()
	c.reached[where] = true
	c.use = ""
	theirs, ok := c.theirs.operation(where)
	if !ok {
		c.breaks(where, "operation", ours.id(), gone)
		return
	}
	if ours.id() != theirs.id() {
		c.differs(where, "operation id", ours.id(), theirs.id())
	}
	if is, was := theirs.node["deprecated"] == true, ours.node["deprecated"] == true; is != was {
		c.differs(where, "deprecated", yes(was), yes(is))
	}
	c.security(where, ours, theirs)
	c.parameters(where, ours, theirs)
	c.request(where, ours, theirs)
	for _, status := range slices.Sorted(maps.Keys(at(ours.node, "responses"))) {
		c.reply(where, status, ours, theirs)
	}
}

// parameters compares the parameters of the query and the headers. Those of the path have
// no name on the wire.
func (c *comparison) parameters(where string, ours, theirs operation) {
	c.message(where+": parameters", "parameter of "+ours.id(), true)
	our, their := c.named(c.ours, ours), c.named(c.theirs, theirs)
	for _, name := range slices.Sorted(maps.Keys(our)) {
		place := where + ": " + name
		c.reached[place] = true
		p, other := our[name], their[name]
		if other == nil {
			c.breaks(place, "parameter", "present", gone)
			continue
		}
		c.need(place, p[required] == true, other[required] == true)
		c.schema(place, at(p, "schema"), at(other, "schema"))
	}
	for _, name := range slices.Sorted(maps.Keys(their)) {
		place := where + ": " + name
		switch p := their[name]; {
		case our[name] != nil:
		case p[required] == true:
			c.breaks(place, "new and required", "absent", c.theirType(at(p, "schema")))
		default:
			c.fresh = append(c.fresh, Addition{At: place, Is: c.theirType(at(p, "schema"))})
		}
	}
}

// named returns the parameters of an operation, by names such as "query id".
func (c *comparison) named(d *Document, o operation) map[string]node {
	all := make(map[string]node)
	list, _ := o.node["parameters"].([]any)
	for _, p := range list {
		p := c.follow(d, object(p))
		if text(p, "in") != "path" {
			all[text(p, "in")+" "+text(p, "name")] = p
		}
	}
	return all
}

func (c *comparison) request(where string, ours, theirs operation) {
	our, their := c.follow(c.ours, at(ours.node, "requestBody")), c.follow(c.theirs, at(theirs.node, "requestBody"))
	if our == nil && their == nil {
		return
	}
	place := where + ": request"
	c.message(place, "request of "+ours.id(), true)
	switch {
	case our == nil && their[required] == true:
		c.breaks(place, "body", none, required)
	case our == nil:
		c.differs(place, "body", none, "optional")
	case their == nil:
		c.breaks(place, "body", "JSON", none)
	default:
		c.need(place, our[required] == true, their[required] == true)
		c.body(place, our, their)
	}
}

func (c *comparison) reply(where, status string, ours, theirs operation) {
	our := c.follow(c.ours, at(ours.node, "responses", status))
	published, as := likest(at(theirs.node, "responses"), status)
	their := c.follow(c.theirs, object(published))
	place := where + ": reply"
	if !succeeds(status) {
		place = "reply " + status // It is the same for every operation.
	}
	c.message(place, "reply of "+ours.id(), false)
	switch {
	case their == nil && succeeds(status):
		c.breaks(place, "status", status, none+" that succeeds")
	case their == nil:
		c.differs(place, "status", status, none)
	default:
		if succeeds(status) && as != status {
			c.differs(place, "status", status, as)
		}
		c.body(place, our, their)
	}
}

func succeeds(status string) bool { return strings.HasPrefix(status, "2") }

// likest returns the reply for a status, or else the nearest one: another success, the one
// for its class, or the default.
func likest(replies node, status string) (reply any, as string) {
	candidates := []string{status, status[:min(1, len(status))] + "XX", "default"}
	if succeeds(status) {
		candidates = candidates[:2]
		for _, other := range slices.Sorted(maps.Keys(replies)) {
			if succeeds(other) {
				candidates = append(candidates, other)
			}
		}
	}
	for _, as := range candidates {
		if reply, ok := replies[as]; ok {
			return reply, as
		}
	}
	return nil, ""
}

// body compares the JSON of a request or a reply.
func (c *comparison) body(where string, ours, theirs node) {
	our, their := jsonOf(ours), jsonOf(theirs)
	switch {
	case our == nil && their == nil:
	case our == nil:
		c.differs(where, "body", none, "JSON")
	case their == nil:
		c.breaks(where, "body", "JSON", none)
	default:
		c.shape(where, our, their)
	}
}

func jsonOf(message node) node { return at(message, "content", "application/json", "schema") }

// shape compares the outermost schema of a message. It is entirely different if the type
// differs or no field is common.
func (c *comparison) shape(where string, ours, theirs node) {
	our, their := c.whole(c.ours, ours), c.whole(c.theirs, theirs)
	fields, others := at(our, "properties"), at(their, "properties")
	common := len(fields) == 0
	for name := range fields {
		common = common || others[name] != nil
	}
	if typeOf(our) != typeOf(their) || !common {
		c.breaks(where, "shape", c.outline(c.ours, ours), c.outline(c.theirs, theirs))
		return
	}
	c.schema(where, ours, theirs)
}

// security compares the authentication of a call; the names of the schemes do not matter.
func (c *comparison) security(where string, ours, theirs operation) {
	our, their := c.schemes(c.ours, ours), c.schemes(c.theirs, theirs)
	for _, scheme := range our {
		if slices.Contains(their, scheme) {
			return
		}
	}
	if len(our) > 0 || len(their) > 0 {
		c.breaks(where, "security", or(our), or(their))
	}
}

// schemes returns the alternative ways to authenticate an operation.
func (c *comparison) schemes(d *Document, o operation) []string {
	wanted, ok := o.node["security"].([]any)
	if !ok {
		wanted, _ = d.root["security"].([]any)
	}
	var all []string
	for _, w := range wanted {
		var together []string
		for name := range object(w) {
			s := c.follow(d, at(d.root, "components", "securitySchemes", name))
			together = append(together, strings.Join(nonEmpty(text(s, "type"), text(s, "scheme"), text(s, "in"), text(s, "name")), " "))
		}
		slices.Sort(together)
		all = append(all, strings.Join(together, " and "))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *comparison) servers() {
	c.reached["servers"] = true
	our, their := c.ours.servers(), c.theirs.servers()
	if len(our) > 0 && !slices.Contains(their, our[0]) {
		c.differs("servers", "address", our[0], or(their))
	}
}

func (d *Document) servers() []string {
	list, _ := d.root["servers"].([]any)
	var all []string
	for _, s := range list {
		all = append(all, text(object(s), "url"))
	}
	return all
}

// message sets the message that is compared from now on.
func (c *comparison) message(place, use string, toThem bool) {
	c.reached[place] = true
	c.use, c.toThem, c.seen = use, toThem, make(map[[2]string]bool)
}

func (c *comparison) breaks(where, what, here, there string) {
	c.differs(where, what, here, there)
	c.differences[c.index(where, what, here, there)].breaks = true
}

// differs records a difference, or another use of a known one.
func (c *comparison) differs(where, what, here, there string) {
	i := c.index(where, what, here, there)
	if i < 0 {
		i = len(c.differences)
		c.differences = append(c.differences, &Difference{At: where, What: what, Here: here, There: there})
	}
	d := c.differences[i]
	if c.use != "" && !slices.Contains(d.Uses, c.use) {
		d.Uses = append(d.Uses, c.use)
	}
}

func (c *comparison) index(where, what, here, there string) int {
	return slices.IndexFunc(c.differences, func(d *Difference) bool {
		return d.At == where && d.What == what && d.Here == here && d.There == there
	})
}

// follow resolves a reference, and records the first error.
func (c *comparison) follow(d *Document, n node) node {
	n, err := d.resolve(n)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n
}

// whole returns the resolved schema, and records the first error.
func (c *comparison) whole(d *Document, n node) node {
	n, err := d.schema(n)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n
}

// Words that represent a value, or are one.
const (
	none     = "none"
	gone     = "gone"
	required = "required" // also a key of schemas, parameters and bodies
)

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func or(values []string) string {
	if len(values) == 0 {
		return none
	}
	return strings.Join(values, " or ")
}

func nonEmpty(values ...string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return v == "" })
}
