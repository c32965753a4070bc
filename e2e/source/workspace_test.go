package source_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheWorkspaceIsTheModule: with dagger.toml, `dagger call` of v1.0 calls the module without -m
// and without a warning. Constructor flags are settings there: a setting in this file would change
// the defaults of v1.0 alone.
func TestTheWorkspaceIsTheModule(t *testing.T) {
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(textOf(t, "dagger.toml")), "\n") {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}

	var module struct{ Name string }
	require.NoError(t, json.Unmarshal([]byte(textOf(t, "dagger.json")), &module))
	assert.Equal(t, []string{"[modules." + module.Name + "]", `source = "."`, "entrypoint = true"}, lines)
}
