package harness

import (
	"slices"
	"strings"
)

// moduleFlags belong to the module, and not to a function: they say which images a call is about.
var moduleFlags = []string{
	"--dataset", "--hub", "--hub-token", "--dataset-file", "--split", "--config", "--revision", "--family", "--instance-ids", "--select",
	"--limit", "--seed", "--shard", "--agent-repo", "--target", "--tag-suffix", "--tags", "--registry-username", "--registry-password", "--plain-http",
}

// switches are those of them that take no value.
var switches = []string{"--plain-http"}

// arranged puts the module's flags before the function, and all other arguments after it.
func arranged(function string, given ...string) []string {
	var before, after []string
	for i := 0; i < len(given); i++ {
		switch {
		case !slices.Contains(moduleFlags, given[i]):
			after = append(after, given[i])
		case slices.Contains(switches, given[i]):
			before = append(before, given[i])
		default:
			before = append(before, given[i], given[i+1])
			i++
		}
	}
	return slices.Concat(before, []string{function}, after)
}

// moduleArguments are the [moduleFlags] by their names in the API.
var moduleArguments = func() (names []string) {
	for _, flag := range moduleFlags {
		first, rest, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "-")
		if rest != "" {
			rest = strings.ToUpper(rest[:1]) + rest[1:]
		}
		names = append(names, first+rest)
	}
	return names
}()
