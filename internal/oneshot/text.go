package oneshot

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// grpcWords are what gRPC puts before a text.
var grpcWords = regexp.MustCompile(`rpc error: code = \w+ desc = `)

// plain makes one line of an error. The prefixes of the connector and the SDK are left
// out, and so are the calls that were cancelled since another one failed: the SDK
// reports each in a line.
func plain(name string, err error) string {
	lines := strings.Split(grpcWords.ReplaceAllString(err.Error(), ""), "\n")
	causes := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.HasSuffix(line, context.Canceled.Error())
	})
	if len(causes) == 0 {
		causes = lines[:1]
	}
	for i, line := range causes {
		if _, own, ok := strings.Cut(line, name+": "); ok {
			causes[i] = own
		}
	}
	return strings.Join(slices.Compact(causes), "; ")
}
