package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

func TestAManifestIsReadAsWritten(t *testing.T) {
	registry := withBuilder(map[string][]error{"r/base:i1": {errors.New("invalid reference format")}})
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(3))
	require.NoError(t, err)
	written := jsonLines(t, result.Images)
	read, err := manifest.ReadJSONLines("manifest.jsonl", written)
	require.NoError(t, err)
	again := jsonLines(t, read)
	assert.Equal(t, written, again)
}

// TestMergeOfRealRuns: shards of two SDKs with a further tag that moves, as manifests on disk.
func TestMergeOfRealRuns(t *testing.T) {
	registry := &fakeRegistry{}
	var lines strings.Builder
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	run := func(sdk string, shard []int) {
		clock := clocktest.New()
		at = at.Add(time.Hour)
		clock.Advance(at.Sub(clock.Now()))
		plan, all := plan.Plan{Builder: "r/builder:" + sdk}, planOf(4)
		for _, i := range shard {
			item := all.Items[i]
			item.Agent, item.Tags = "r/agent:"+sdk+"-"+item.Instance.ID, []string{"r/agent:nightly-" + item.Instance.ID}
			plan.Items = append(plan.Items, item)
		}
		runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}, clock: clock, Timeout: clocktest.Ages}
		result, _ := runner.Run(context.Background(), plan)
		lines.WriteString(jsonLines(t, result.Images))
	}
	fail := func(references ...string) {
		registry.onPublish = func(_ context.Context, image plan.Image) error {
			if slices.Contains(references, image.Reference) {
				return &classify.PushError{Reference: image.Reference, Err: errors.New("invalid reference format")}
			}
			return nil
		}
	}
	fail("r/agent:sdk1-i1")
	run("sdk1", []int{0, 1})
	run("sdk1", []int{2, 3})
	fail("r/agent:sdk2-i0", "r/agent:nightly-i0", "r/builder:sdk2")
	run("sdk2", []int{0, 1}) // There is no builder.
	fail("r/agent:sdk2-i0", "r/agent:nightly-i0")
	run("sdk2", []int{0, 1})
	run("sdk2", []int{2, 3})

	read, err := manifest.ReadJSONLines("manifest.jsonl", lines.String())
	require.NoError(t, err)
	merged := manifest.Merge(read)

	status := map[string]manifest.Status{}
	for _, record := range merged {
		status[string(record.Reference)] = record.Status
		for _, tag := range record.Tags {
			assert.EqualValues(t, registry.has[tag].Digest, record.Digest, tag)
		}
	}
	assert.Equal(t, map[string]manifest.Status{
		"r/agent:sdk1-i0": manifest.StatusBuilt, "r/agent:sdk1-i1": manifest.StatusFailed, "r/agent:sdk1-i2": manifest.StatusBuilt, "r/agent:sdk1-i3": manifest.StatusBuilt,
		"r/agent:sdk2-i0": manifest.StatusFailed, "r/agent:sdk2-i1": manifest.StatusBuilt, "r/agent:sdk2-i2": manifest.StatusBuilt, "r/agent:sdk2-i3": manifest.StatusBuilt,
	}, status)
	assert.Len(t, merged, len(status), "one record for each image")
}

func TestAReadManifestTellsWhetherItWasPublished(t *testing.T) {
	registry := &fakeRegistry{}
	for published, runner := range map[bool]Runner{true: {Publisher: registry, Registry: registry}, false: {Publisher: registry}} {
		result, err := runner.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		text := jsonLines(t, result.Images)
		read, err := manifest.ReadJSONLines("m", text)
		require.NoError(t, err)
		assert.Equal(t, published, (&manifest.Result{Images: manifest.Merge(read)}).Unpublished() == 0)
	}
	moved := manifest.Record{InstanceID: "a", Status: manifest.StatusBuilt, Digest: "sha256:d"}
	assert.Zero(t, (&manifest.Result{Images: []manifest.Record{moved}}).Unpublished(), "what has a digest was published, also if its tags are another image's now")
}
