package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// TestABaseWithoutItsToolsIsNobodysSibling: its layers would give others the same gap. The next
// image with the same key runs the recipe.
func TestABaseWithoutItsToolsIsNobodysSibling(t *testing.T) {
	registry := &fakeRegistry{}
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		if image.Phase == plan.PhaseBase && image.Instance.ID == "i0" {
			return &classify.MissingPathsError{Paths: []string{"/usr/local/bin/gemini"}}
		}
		return nil
	}
	sharing := sharingBy{"official/i0": "a", "official/i1": "a", "official/i2": "a"}

	result, err := Runner{
		Publisher: registry, Registry: registry, Sharing: sharing, MaxWorkers: 1,
	}.Run(context.Background(), planOf(3))

	require.NoError(t, err)
	assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
	assert.Equal(t, [][]string{{"i1", "i2"}}, registry.together())
	assert.Equal(t, 1, result.Bases[0].AttemptCount, "the engine would give the same image from its cache")
	assert.Empty(t, result.Bases[0].Tags)
	for _, record := range []manifest.Record{result.Bases[0], result.Images[0]} {
		assert.Contains(t, record.Error, "the base image lacks /usr/local/bin/gemini")
		assert.Contains(t, record.Error, "dagger core engine local-cache prune")
	}
}
