package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
)

func TestPlanIsShown(t *testing.T) {
	names := Names{BuilderRepo: "r/builder", BaseRepo: "r/base", AgentRepo: "r/agent", Tags: []string{"nightly"}, Keys: fieldKeys}
	plan := NewPlan(names, []dataset.Instance{{ID: "a__a-1", OfficialImage: "o/a:latest", Custom: "a", SharedWith: []string{"a__a-2"}}})

	lines, err := plan.JSONLines()
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"instance_id": "a__a-1", "shared_with": ["a__a-2"], "base_image": "o/a:latest", "official_digest": null, "builder_tag": "r/builder:43376f1",
		"base_tag": "r/base:93c33d0-a",
		"tags": ["r/agent:43376f1-93c33d0-a-source-minimal", "r/agent:nightly-a-source-minimal"], "wrapped": false,
		"dataset": null, "dataset_config": null, "dataset_split": null, "dataset_revision": null
	}`, lines)
	assert.Equal(t, `1 agent images, with the builder r/builder:43376f1

a__a-1  official  o/a:latest
        base      r/base:93c33d0-a
        agent     r/agent:43376f1-93c33d0-a-source-minimal
        agent     r/agent:nightly-a-source-minimal
`, plan.Table())
}
