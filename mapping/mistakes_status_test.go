package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

const statusLine = "    status: {from: status, enabled: enabled, pending: invited, disabled: [disabled, expired]}\n"

func TestMistakesInStatusValues(t *testing.T) {
	people := func(rule string) string {
		_, err := mapping.Load("f", []byte(strings.Replace(peopleMapping, "    # more of the person", "    "+rule, 1)), peopleAPI)
		if err == nil {
			return ""
		}
		return strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\nf:", "\n"), "f:", "")
	}
	for rule, want := range map[string]string{
		`status: {from: serial, enabled: 1, disabled: "0"}`: `15:50: "0" never matches: a number that is 0 counts as no value, so a record with 0 in serial has no status`,
		`status: {from: serial, enabled: 1, disabled: 0}`:   `15:50: "0" never matches: a number that is 0 counts as no value, so a record with 0 in serial has no status`,
		`status: {from: serial, enabled: 1, disabled: 2.0}`: `15:50: "2.0" never matches: the number is read as "2"`,
		`status: {from: score or age, enabled: on}`:         `15:43: "on" is not a number, and score or age has no other values`,
		`status: {from: score, enabled: "0.0"}`:             `15:36: "0.0" never matches: a number that is 0 counts as no value, so a record with 0 in score has no status`,
		`status: {from: active, enabled: "yes"}`:            `15:37: "yes" is not a value of active in the API; it is one of false, true`,
		`status: {from: state, enabled: "0"}`:               "",
		`status: {from: anything, enabled: "0"}`:            "",
		`status: {from: serial, enabled: 1, disabled: 2.5}`: "",
	} {
		if got := people(rule); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", rule, got, want)
		}
	}
	checkMistakes(t, []mistakeCase{
		{
			name: "a value that is ignored and not there",
			old:  statusLine,
			new:  "    status: {from: status, enabled: enabled, ignored: {expried: It has no meaning.}}\n",
			want: `33:56: "expried" is not a value of status in the API; did you mean "expired"?`,
		},
		{
			name: "a value that is named and ignored",
			old:  statusLine,
			new:  "    status: {from: status, enabled: enabled, ignored: {enabled: It has no meaning.}}\n",
			want: `33:56: "enabled" already means enabled`,
		},
		{
			name: "nothing but what is ignored",
			old:  statusLine,
			new:  "    status: {from: status, ignored: {enabled: It has no meaning.}}\n",
			want: "33:13: status needs enabled, pending, disabled or deleted: which of the API's values mean it",
		},
	})
}

func TestValuesOfAStatusThatNothingNames(t *testing.T) {
	for line, want := range map[string]string{
		"    status: {from: status, enabled: enabled, disabled: disabled}\n": "33:20: status may be expired or invited, which has no status here; " +
			"name its meaning, or a reason: ignored: {expired: ...}",
		"    status: {from: status, enabled: enabled, disabled: disabled, ignored: {expired: Nobody is., invited: Nobody is.}}\n": "",
		"    status: {from: verifiedEmail, enabled: \"true\"}\n": "33:20: verifiedEmail may be false, which has no status here; " +
			"name its meaning, or a reason: ignored: {false: ...}",
		"    status: {from: phone, enabled: on}\n": "",
	} {
		if got := warningsIn(t, edit(t, statusLine, line), descopeAPI); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", line, got, want)
		}
	}
}
