package mapping_test

import (
	"strings"
	"testing"
)

// withUser returns the frozen mapping with further keys of type user, from line 52 on.
func withUser(t *testing.T, keys string) string {
	t.Helper()
	return edit(t, "    ignored: # looks like access\n      permissions:", keys+"\n    ignored: # looks like access\n      permissions:")
}

func TestMistakesInDeletion(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"    delete: {operation: DeleteUser, with: {userId: id}}", ""},
		{"    delete: {operation: DeleteUser, with: {userId: resource.userId}}", ""},
		{"    delete: {operation: DelteUser, with: {userId: id}}", `52:25: the API has no operation "DelteUser"; did you mean "DeleteUser"?`},
		{"    delete: {operation: DeleteUser}", `52:13: "delete" needs "with": request fields, each PART of the id, or a list or a table of such`},
		{"    delete: {operation: DeleteUser, request: {userId: U1}}", `52:13: "delete" needs "with": request fields, each PART of the id, or a list or a table of such`},
		{"    delete: [{operation: DeleteUser, with: {userId: id}}]", `52:13: "delete" is a table of keys, not a list`},
		{"    delete: {operation: LoadUser, with: {userId: id}}", "52:25: delete calls LoadUser, which is a GET and changes nothing"},
		{"    delete: {operation: DeleteUser, with: {userId: userid}}", `52:52: "userid" is not a part of the id of a user; did you mean "userId"?`},
		{"    delete: {operation: DeleteUser, with: {userId: record.userId}}", `52:52: "record.userId" is not a part of the id of a user; it is one of userId`},
		{"    delete: {operation: DeleteUser, with: {userId: id}, record: user}", `52:57: unknown key "record"; it is one of request`},
	} {
		if got := mistakesIn(t, withUser(t, c.keys)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.keys, got, c.want)
		}
	}
}

// TestDeletionNamesAllParts: without the tenant it would delete the role of the project.
func TestDeletionNamesAllParts(t *testing.T) {
	for with, want := range map[string]string{
		"{tenantId: tenantId, roleNames: [name], loginId: name}":         "",
		"{roleNames: [name], loginId: name}":                             `88:48: delete does not say which role: "with" needs resource.tenantId`,
		"{tenantId: tenantId, roleNames: [tenantId], loginId: tenantId}": `88:48: delete does not say which role: "with" needs resource.name`,
	} {
		src := edit(t, "    description: description\n    also:", "    delete: {operation: RemoveUserRoles, with: "+with+"}\n    also:")
		if got := mistakesIn(t, src); got != want {
			t.Errorf("%s: got %s, want %s", with, got, want)
		}
	}
}

// TestTheResourceIsRead: what is deleted, or has an action, can be read alone.
func TestTheResourceIsRead(t *testing.T) {
	for keys, want := range map[string]string{
		"    delete: {operation: DeleteUser, with: {userId: id}}":                                                                     `19:3: user needs "get": the user is read before it is deleted`,
		"    actions: {sign_out: {display_name: Sign out, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}}": `19:3: user needs "get": the user is read before an action is invoked on it`,
	} {
		src := strings.Replace(withUser(t, keys), "    get: {operation: LoadUser, with: {userId: id}, record: user}\n", "", 1)
		if got := mistakesIn(t, src); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestMistakesInActions(t *testing.T) {
	const (
		status  = "call: {operation: UpdateUserStatus, with: {loginId: resource.userId}, request: {status: disabled}, record: user}"
		signOut = "display_name: A, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}"
		patch   = "call: {operation: PatchUser, with: {loginId: resource.userId, "
	)
	for _, c := range []struct{ actions, want string }{
		{"disable_user: {kind: account_disable, display_name: A, becomes: disabled, " + status + "}", ""},
		{"sign_out: {" + signOut + "}", ""},
		{"sign_out: {display_name: A, call: [{operation: LogoutAllUserDevices, with: {userId: resource.userId}}, {operation: ExpireUserPassword, with: {loginId: first record.loginIds}}]}", ""},
		{"update: {display_name: A, inputs: {name: {display_name: N}}, " + patch + "name: input.name}}}", ""},
		{"update: {display_name: A, inputs: {profile: {display_name: N, required: true, object: [name, verified]}}, " + patch + "name: input.profile.name, verifiedEmail: input.profile.verified}}}", ""},

		{"Sign: {" + signOut + "}", `53:7: the name of an action "Sign" may have only lower-case letters, digits, - and _`},
		{"sign_out: {kind: acount, " + signOut + "}", `53:24: "acount" is not a kind of action; did you mean "account"?`},
		{"sign_out: {display_name: A}", `53:17: "sign_out" needs "call": what is called; of several, one after the other, until one fails`},
		{"sign_out: {call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}", `53:17: "sign_out" needs "display_name": name of the action for people`},
		{"sign_out: {display_name: A, call: {operation: LoadUser, with: {userId: resource.userId}}}", "53:53: sign_out calls LoadUser, which is a GET and changes nothing"},
		{"sign_out: {display_name: A, call: {operation: LogoutAllUserDevices, with: {userId: principal.userId}}}", `53:90: "principal.userId" is not one of input.NAME, record.PATH, resource.PART`},
		{"sign_out: {display_name: A, inputs: {who: {display_name: W}}, call: {operation: LogoutAllUserDevices, with: {userId: input.who}}}", `53:115: sign_out does not say which user: "with" needs resource.userId`},
		{"sign_out: {display_name: A, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}, record: user}}", `53:116: a reply of LogoutAllUserDevices has no field "user"`},

		{"a: {kind: account_disable, becomes: enabled, display_name: A, " + status + "}", "53:43: kind: account_disable does not end with the status enabled"},
		{"a: {becomes: deleted, display_name: A, " + status + "}", `53:20: "deleted" is not a value of becomes; it is one of enabled, disabled, pending`},
		{"a: {only_if: invited, display_name: A, " + status + "}", `53:20: "invited" is not a value of only_if; it is one of enabled, disabled, pending`},
		{"a: {kind: account_disable, " + signOut + "}\n      b: {kind: account_disable, " + signOut + "}", `54:17: a user already has an action with kind: account_disable, which is "a"`},
		{"a: {kind: enable, " + signOut + "}\n      b: {kind: enable, " + signOut + "}", `54:17: a user already has an action with kind: enable, which is "a"`},
		{"a: {kind: account, " + signOut + "}\n      b: {kind: account, " + signOut + "}", ""},

		{"update: {display_name: A, inputs: {nmae: {display_name: N}}, " + patch + "name: input.name}}}", `53:142: there is no input.name; did you mean "nmae"?`},
		{"update: {display_name: A, inputs: {name: {display_name: N}, phone: {display_name: P}}, " + patch + "name: input.name}}}", "53:67: no call of the action uses input.phone"},
		{"update: {display_name: A, inputs: {user_id: {display_name: N}}, " + patch + "name: input.user_id}}}", `53:42: "user_id" is the user that the action is for, and is asked for in any case`},
		{"update: {display_name: A, inputs: {name: {display_name: N}}, " + patch + "name: input.name, verifiedEmail: input.name}}}", "53:42: input.name is used as text and as true or false"},
		{"update: {display_name: A, inputs: {p: {display_name: N, object: [name, phone]}}, " + patch + "name: input.p.name}}}", "53:78: no call of the action uses input.p.phone"},
		{"update: {display_name: A, inputs: {p: {display_name: N, object: [name]}}, " + patch + "name: input.p.nmae}}}", `53:155: input.p has no key "nmae"; did you mean "name"?`},
		{"update: {display_name: A, inputs: {p: {display_name: N, object: [name]}}, " + patch + "name: input.p.name, phone: input.p}}}", "53:42: input.p is an object; use its keys"},
		{"update: {display_name: A, inputs: {p: {display_name: N, required: yes}}, " + patch + "name: input.p}}}", `53:73: "required" is true or false, not "yes"`},

		// What an action is given is in logs.
		{"set: {display_name: A, inputs: {password: {display_name: N}}, " + patch + "name: input.password}}}", "53:39: input.password looks like a secret: inputs of actions are in logs"},
		{"set: {display_name: A, inputs: {apiKey_x: {display_name: N}}, " + patch + "name: input.apiKey_x}}}", `53:39: the name of an input "apiKey_x" may have only lower-case letters, digits, - and _
53:39: input.apiKey_x looks like a secret: inputs of actions are in logs`},
		{"set: {display_name: A, inputs: {p: {display_name: N, object: [new_token]}}, " + patch + "name: input.p.new_token}}}", "53:69: input.p.new_token looks like a secret: inputs of actions are in logs"},
		{"set: {display_name: A, inputs: {word: {display_name: N}}, call: {operation: CreateUser, with: {loginId: resource.userId, password: input.word}}}", "53:39: input.word fills password, which looks like a secret: inputs of actions are in logs"},
		{"set: {display_name: A, inputs: {word: {display_name: N}}, call: {operation: CreateUser, with: {loginId: resource.userId, password: input.word or resource.userId}}}", "53:39: input.word fills password, which looks like a secret: inputs of actions are in logs"},
		{"a: {kind: account_enable, display_name: A, call: [{operation: NoSuch}, {operation: NoSuch}], inputs: {p: {display_name: P}}}", `53:57: an entry of "call" needs "with": request fields, each resource.PART, record.PATH or input.NAME
53:69: the API has no operation "NoSuch"
53:78: an entry of "call" needs "with": request fields, each resource.PART, record.PATH or input.NAME
53:90: the API has no operation "NoSuch"`},
		{"a: {kind: account_update_profile, " + signOut + "}\n      b: {kind: account_update_profile, " + signOut + "}", `54:17: a user already has an action with kind: account_update_profile, which is "a"`},
	} {
		if got := mistakesIn(t, withUser(t, "    actions:\n      "+c.actions)); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.actions, got, c.want)
		}
	}
}

// TestSecretsOfActions: names in use for secrets are found, however they are written.
func TestSecretsOfActions(t *testing.T) {
	for _, name := range []string{"passwd", "new_passcode", "passphrase", "client_secret", "token", "credentials", "api_key", "apikey", "private-key", "access_key"} {
		got := mistakesIn(t, withUser(t, "    actions:\n      a: {display_name: A, inputs: {"+name+": {display_name: N}}, call: {operation: PatchUser, with: {loginId: resource.userId, name: input."+name+"}}}"))
		if want := "53:37: input." + name + " looks like a secret: inputs of actions are in logs"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestKindsOfActionsEnd(t *testing.T) {
	for kind, wrong := range map[string]string{"account_enable": "disabled", "account_disable": "enabled", "enable": "pending", "disable": "enabled"} {
		got := mistakesIn(t, withUser(t, "    actions:\n      a: {kind: "+kind+", becomes: "+wrong+", display_name: A, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}"))
		if want := "kind: " + kind + " does not end with the status " + wrong; !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

// TestActionsOfOtherTypes: an account is a user, a status has to be there, and the
// names of actions of the connector are different in the whole file.
func TestActionsOfOtherTypes(t *testing.T) {
	tenant := func(action string) string {
		return edit(t, "    id: id\n    name: name or id\n", "    id: id\n    actions:\n      a: {display_name: A, "+action+"call: {operation: LogoutAllUserDevices, with: {userId: resource.id}}}\n    name: name or id\n")
	}
	for action, want := range map[string]string{
		"":                        "",
		"kind: enable, ":          "",
		"kind: account, ":         "63:34: kind: account is for a type with trait: user",
		"kind: account_disable, ": "63:34: kind: account_disable is for a type with trait: user",
		"becomes: enabled, ":      "63:37: becomes: enabled needs a status of tenant: nothing says which of the API's values mean enabled",
		"only_if: disabled, ":     "63:37: only_if: disabled needs a status of tenant: nothing says which of the API's values mean disabled",
	} {
		if got := mistakesIn(t, tenant(action)); got != want {
			t.Errorf("%s: got %s, want %s", action, got, want)
		}
	}
	unnamed := strings.Replace(withUser(t, "    actions: {a: {display_name: A, only_if: pending, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}}"), "pending: invited, ", "", 1)
	if got, want := mistakesIn(t, unnamed), "52:45: only_if: pending needs a status of user: nothing says which of the API's values mean pending"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	broken := strings.Replace(withUser(t, "    actions: {a: {display_name: A, becomes: disabled, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}}"), statusLine, "    status: [enabled]\n", 1)
	if got, want := mistakesIn(t, broken), `33:13: "status" is a table of keys, not a list`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	twice := strings.Replace(strings.Replace(tenant("kind: account, "), "    trait: group\n", "    trait: user\n", 1),
		"    ignored: # looks like access\n      permissions:",
		"    actions:\n      a: {kind: account, display_name: A, call: {operation: LogoutAllUserDevices, with: {userId: resource.userId}}}\n    ignored: # looks like access\n      permissions:", 1)
	if got := mistakesIn(t, strings.Replace(twice, "a: {kind: account, ", "a: {", 1)); got != "" {
		t.Errorf("an action of a type of the same name: got %s", got)
	}
	if got, want := mistakesIn(t, twice), `65:7: the connector already has an action "a", of user: actions with a kind that begins with account need different names`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestActionDoesNotDelete: an action needs no permission to provision, and a deletion does.
func TestActionDoesNotDelete(t *testing.T) {
	const call = "display_name: A, call: {operation: DeleteUser, with: {userId: resource.userId}}}"
	for kind, column := range map[string]string{"": "46", "kind: account_disable, becomes: disabled, ": "88", "kind: account, ": "61"} {
		src := withUser(t, "    delete: {operation: DeleteUser, with: {userId: id}}\n    actions:\n      a: {"+kind+call)
		if got, want := mistakesIn(t, src), "54:"+column+`: a calls DeleteUser, with which "delete" deletes a user; an action is offered without --provisioning`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestWarningsOfActions(t *testing.T) {
	for action, want := range map[string]string{
		"a: {kind: account, display_name: A, call: {operation: DeleteUser, with: {userId: resource.userId}}}":                                                                `53:61: DeleteUser looks like a deletion, which an action is not; use "delete"`,
		"a: {kind: account_disable, display_name: A, call: {operation: UpdateUserStatus, with: {loginId: resource.userId}, request: {status: disabled}}}":                    `53:7: "a" has kind: account_disable and no "becomes", so that nothing verifies the status`,
		"a: {kind: account_disable, becomes: disabled, display_name: A, call: {operation: UpdateUserStatus, with: {loginId: resource.userId}, request: {status: disabled}}}": "",
		"a: {display_name: A, call: {operation: DeleteUser, with: {userId: resource.userId}}}":                                                                               `53:46: DeleteUser looks like a deletion, which an action is not; use "delete"`,
	} {
		if got := warningsIn(t, withUser(t, "    actions:\n      "+action), descopeAPI); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", action, got, want)
		}
	}
}
