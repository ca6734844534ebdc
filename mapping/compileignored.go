package mapping

// compileIgnored checks what is ignored on purpose: it has to be there, and
// nothing may read it.
func (c *compiler) compileIgnored(t *typeUnderWork) {
	for _, e := range t.doc.Ignored.Entries {
		if t.record == nil {
			return
		}
		p, mistake := compilePath(e.Key.Value, t.record, t.scope.name)
		if mistake != nil {
			c.wrongPath(e.Key.At(mistake.offset), mistake)
			continue
		}
		for _, read := range c.plan.readings(t.ResourceType) {
			if within(read.path, p.written) {
				c.ignoredIsRead(e.Key.Pos, p.written, read.key)
				break
			}
		}
		t.ignored = append(t.ignored, p.written)
	}
}
