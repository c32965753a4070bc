package plan

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

Docker Hub counts at most 6 pulls for that. It allows 100 in 6 hours without a login, and 200 with a free account.
`, plan.Table())
}

func TestAPlanTellsWhatDockerHubCounts(t *testing.T) {
	const hub, other = "docker.io/me/", "ghcr.io/me/"
	item := func(official, repositories string) Item {
		return Item{
			Instance: dataset.Instance{OfficialImage: official + "o:latest"}, Base: repositories + "base:x", Agent: repositories + "agent:x",
		}
	}
	for name, test := range map[string]struct {
		plan  Plan
		pulls int
	}{
		"official images":        {Plan{Builder: other + "b:x", Items: []Item{item(hub, other), item(hub, other)}}, 2},
		"those of a mirror":      {Plan{Builder: other + "b:x", Items: []Item{item(other, other)}}, 0},
		"everything of our own":  {Plan{Builder: hub + "b:x", Items: []Item{item(other, hub)}}, 1 + 3 + 1},
		"everything":             {Plan{Builder: hub + "b:x", Items: []Item{item(hub, hub), item(hub, hub)}}, 4 + 3 + 1},
		"further tags":           {Plan{Builder: other + "b:x", Items: []Item{{Agent: hub + "a:x", Tags: []string{hub + "a:y", hub + "a:z"}, Base: other + "b"}}}, 3},
		"nothing without a plan": {Plan{Builder: hub + "b:x"}, 0},
		"names without a host":   {Plan{Builder: other + "b:x", Items: []Item{item("swebench/", other)}}, 1},
		"its other name":         {Plan{Builder: other + "b:x", Items: []Item{item("index.docker.io/swebench/", other)}}, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.pulls, test.plan.hubPulls()) })
	}
}
