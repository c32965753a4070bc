package soak

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

const (
	// clientRequestsPerFresh is what an image costs beside requestsPerImage if its base image has
	// to be built: is there the official image, its config, and the manifest of the base image that
	// the engine has pushed.
	clientRequestsPerFresh = 3
	// requestsPerFault is what a fault may cost: at worst the config is uploaded again, in two
	// requests, and the base image is read again, in two more, as others were read since.
	requestsPerFault = 4
	// engineRequestsPerFresh is what the engine may ask for one base image, retries included, and
	// engineRequestsPerRun for the builder and the agent layer.
	engineRequestsPerFresh = 60
	engineRequestsPerRun   = 120
)

// compare holds the run to the registry: what it says is there is, with this digest, and nothing
// else.
func (r *soakRound) compare(t *testing.T, this *soakRun, before map[string]string) {
	t.Helper()
	for id, digest := range before {
		require.Equal(t, digest, r.there[id], "%s was there before", id)
	}
	asked := map[string]bool{}
	for _, id := range r.ids {
		asked[id] = true
	}
	for id := range r.there {
		require.True(t, asked[id], "nobody asked for %q", id)
	}
	this.made = len(r.there) - len(before)
	switch {
	case this.exit == 0:
		r.compareRecords(t, this, before)
	case this.began():
		require.NotEmpty(t, this.failed, this.message)
		for _, id := range r.ids {
			if this.failed[id] {
				this.checkFailed(t, id, r.there[id], before[id])
			} else {
				require.NotEmpty(t, r.there[id], "%s is not among those that failed", id)
			}
		}
	default:
		require.Zero(t, this.made, "a run that did not begin made something: %s", this.message)
	}
}

// compareRecords does so with a manifest.
func (r *soakRound) compareRecords(t *testing.T, this *soakRun, before map[string]string) {
	t.Helper()
	var ids []string
	for _, record := range this.records {
		id := record.InstanceID
		ids = append(ids, id)
		switch record.Status {
		case "built":
			require.Empty(t, before[id], "%s was there before", id)
			require.Equal(t, record.Digest, r.there[id], id)
			require.Len(t, record.Tags, 1, id)
		case "skipped_remote_exists":
			require.Equal(t, record.Digest, before[id], id)
		default:
			require.NotEmpty(t, record.Error, id)
			this.checkFailed(t, id, r.there[id], before[id])
		}
	}
	require.Equal(t, slices.Sorted(slices.Values(r.ids)), slices.Sorted(slices.Values(ids)))
}

// checkFailed: a failed image is there only if it was before, or if the registry's answer to its
// tag was lost.
func (r *soakRun) checkFailed(t *testing.T, id, digest, before string) {
	t.Helper()
	if digest != before {
		r.landed++
		require.Positive(t, r.storm.lost[id], "%s is there, and failed by its record, and no answer was lost", id)
	}
}

// count holds the run to what it may ask: a bound for each image and each fault.
func (r *soakRound) count(t *testing.T, this *soakRun, before map[string]string) {
	t.Helper()
	storm, faults := this.storm, this.storm.faults
	rest := len(r.ids) - len(before)
	bound := harness.RequestsPerRun + harness.RequestsPerLayer + len(before) + rest*harness.RequestsPerImage + faults*requestsPerFault + r.fresh*clientRequestsPerFresh
	assert.LessOrEqual(t, storm.asked, bound, "requests for %d images, %d of them there, with %d faults", len(r.ids), len(before), faults)
	assert.LessOrEqual(t, storm.engineAsked, engineRequestsPerRun+r.fresh*engineRequestsPerFresh)
	assert.LessOrEqual(t, storm.most, soakWorkers, "requests that were open at a time")
	assert.LessOrEqual(t, this.usage.connections, soakConnections, "connections that were open at a time")
	for id := range before {
		require.Zero(t, storm.puts[id], "%s was put again", id)
	}
	for id, n := range storm.puts {
		require.LessOrEqual(t, n, 1+storm.tagFaults[id], "%s was put so often", id)
	}
}
