package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/reference"
)

// TestHostileNamesAreRefused: in each flag that becomes a part of a reference. The error says
// which, and shows the value escaped.
func TestHostileNamesAreRefused(t *testing.T) {
	flags := map[string]struct {
		names func(value string) Names
		fine  []string
	}{
		"--builder-repo": {func(v string) Names { return Names{BuilderRepo: v} }, []string{"a URL", "a megabyte"}},
		"--base-repo":    {func(v string) Names { return Names{BaseRepo: "ghcr.io/" + v} }, nil},
		"--agent-repo":   {func(v string) Names { return Names{AgentRepo: v + "/agent"} }, nil},
		"--target":       {func(v string) Names { return Names{Target: v} }, nil},
		"--tag-suffix":   {func(v string) Names { return Names{Suffix: v} }, nil},
		"--tags":         {func(v string) Names { return Names{Tags: []string{"nightly", v}} }, nil},
		"--sdk-sha":      {func(v string) Names { return Names{Keys: NewKeys(v, "")} }, nil},
	}
	for flag, of := range flags {
		for name, value := range datasettest.Hostile {
			words := []string{"--target", "--tag-suffix", "--tags", "--sdk-sha"}
			if slices.Contains(words, flag) && slices.Contains([]string{"a megabyte", "a separator first"}, name) {
				continue // Letters and underscores are fine in a tag, which is cut.
			}
			t.Run(flag+": "+name, func(t *testing.T) {
				err := of.names(value).Check()
				require.ErrorContains(t, err, flag)
				assert.NoError(t, datasettest.Shown(err))
			})
		}
	}
}

func TestALongTargetIsCutAsTagsAre(t *testing.T) {
	names := Names{Keys: fieldKeys, Target: strings.Repeat("t", 1<<20), Suffix: strings.Repeat("s", 1<<20), Tags: []string{strings.Repeat("n", 1<<20)}}
	require.NoError(t, names.Check())
	for _, image := range append(names.AgentTags(django), names.Agent(django)) {
		assert.NoError(t, reference.Check(image))
	}
}

func TestAnSDKHasAName(t *testing.T) {
	for _, sdk := range []string{"sha256:", ":", ":abc", "\x1b[2J:abc", "a b:abc", "mine:1", "sha256:mine"} {
		assert.ErrorContains(t, Names{Keys: NewKeys(sdk, "")}.Check(), "--sdk-sha", sdk)
	}
}
