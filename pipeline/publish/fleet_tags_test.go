package publish

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// protected refuses to have these tags put.
func protected(path string) registrytest.Rule {
	return registrytest.Rule{Method: http.MethodPut, Path: path, Fault: registrytest.Answer(http.StatusForbidden, "")}
}

// quickly shortens the waits after a 403, which an engine cannot tell from a limit.
func (f *fleet) quickly() {
	f.runner.Hosts.Retry.LimitFirst, f.runner.Hosts.Retry.LimitLongest = time.Millisecond, time.Millisecond
}

// TestAFleetWithAProtectedTag: 403 to one tag costs one image, and the error names the tag.
func TestAFleetWithAProtectedTag(t *testing.T) {
	const one = 30
	eachPublisher(t, func(t *testing.T, f *fleet, _, _ int) {
		f.withAllBases(t)
		f.quickly()
		result := f.run(t, protected(tagOf(one)))
		f.built(t, result, one)
		assert.Contains(t, string(result.Images[one].Error), "publishing "+f.plan.Items[one].Agent+": ")
		assert.Contains(t, string(result.Images[one].Error), "403 Forbidden\n  → "+classify.AdviceTag)
		f.holds(t, result)
	})
}

// TestAFleetWithProtectedFurtherTags: all are refused, from the first image on. Every image is
// published under its own tag, and the record says which one it lacks.
func TestAFleetWithProtectedFurtherTags(t *testing.T) {
	eachPublisher(t, func(t *testing.T, f *fleet, _, _ int) {
		f.withAllBases(t)
		f.quickly()
		f.runner.MaxWorkers = 1 // The first image's tag is refused before anything else is published.
		for i := range f.plan.Items {
			f.plan.Items[i].Tags = []string{f.Reference("agent:nightly-" + instance(i))}
		}
		result := f.run(t, protected("/agent/manifests/nightly-"))
		assert.Equal(t, fleetSize, result.Count(manifest.StatusFailed))
		for i, record := range result.Images {
			assert.Contains(t, string(record.Error), "publishing "+f.plan.Items[i].Tags[0]+": ")
			assert.NotContains(t, string(record.Error), "not started")
			assert.Equal(t, []string{f.plan.Items[i].Agent}, record.Tags)
		}
		f.holds(t, result)
	})
}

// TestAFleetWhoseTagsAreAllRefused ends early: after five images in a row.
func TestAFleetWhoseTagsAreAllRefused(t *testing.T) {
	eachPublisher(t, func(t *testing.T, f *fleet, _, _ int) {
		f.withAllBases(t)
		f.quickly()
		f.runner.MaxWorkers = 1
		result := f.run(t, protected("/agent/manifests/i-"))
		assert.Equal(t, fleetSize, result.Count(manifest.StatusFailed))
		last := string(result.Images[fleetSize-1].Error)
		assert.Contains(t, last, "not started: the run ended early: the registry refused 5 images in a row: publishing ")
		begun := slices.IndexFunc(result.Images, func(record manifest.Record) bool { return record.AttemptCount == 0 })
		assert.Equal(t, 5, begun)
		f.holds(t, result)
	})
}
