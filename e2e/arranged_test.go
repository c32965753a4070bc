package e2e

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// moduleFlags belong to the module, and not to a function: they say which images a call is about.
var moduleFlags = []string{
	"--dataset", "--hub", "--hub-token", "--dataset-file", "--split", "--config", "--revision", "--family", "--instance-ids", "--select",
	"--limit", "--seed", "--shard", "--target", "--tag-suffix", "--tags", "--registry-username", "--registry-password", "--plain-http",
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

func TestTheModulesFlagsStandBeforeTheFunction(t *testing.T) {
	assert.Equal(t, []string{"--tags", "nightly", "--plain-http", "--limit", "3", "check", "--trust-unlabelled", "total"},
		arranged("check", "--tags", "nightly", "--trust-unlabelled", "--plain-http", "--limit", "3", "total"))
}
