package mapping

func (c *compiler) compileFields(t *typeBuilder) {
	doc := t.doc
	t.fields.name = c.compileExpr(doc.Name, t.scope, wantText)
	t.fields.description = c.compileExpr(doc.Description, t.scope, wantText)
	t.fields.createdAt = c.compileExpr(doc.CreatedAt, t.scope, wantTime)
	if doc.Status.Given() {
		t.fields.status = c.compileStatus(t, doc.Status)
	}
	c.compileUser(t, doc.User)
	for _, e := range doc.Profile.Entries {
		if compiled := c.compileExpr(e.Value, t.scope, wantPlain); compiled != nil {
			t.fields.profile = append(t.fields.profile, profileField{e.Key.Value, compiled})
		}
	}
}
