package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// fakeSignatures has the signatures of a registry: every image is signed except these.
type fakeSignatures struct {
	mu       sync.Mutex
	unsigned map[string]bool    // by the reference with its digest
	fail     map[string][]error // how the next questions end, likewise
	asked    []string
}

func (f *fakeSignatures) Verify(_ context.Context, reference string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, reference)
	if next := f.fail[reference]; len(next) > 0 {
		f.fail[reference] = next[1:]
		return next[0]
	}
	if f.unsigned[reference] {
		return &classify.UnsignedError{Reference: reference, Reason: "it carries no signature"}
	}
	return nil
}

// unanswered publishes, and loses the answer.
type unanswered struct{ *fakeRegistry }

func (l unanswered) Publish(ctx context.Context, image plan.Image) (Published, error) {
	published, err := l.fakeRegistry.Publish(ctx, image)
	if err != nil {
		return published, err
	}
	return published, &classify.PushError{Reference: image.Reference, Err: errors.New("unexpected EOF")}
}

// signedRun runs a plan of three instances. The registry has everything but the agent image of i2.
func signedRun(t *testing.T, signatures *fakeSignatures, change func(*Runner, *fakeRegistry, *plan.Plan)) (*manifest.Result, *fakeRegistry, error) {
	t.Helper()
	registry := &fakeRegistry{has: map[string]plan.Found{
		"r/builder:b": {Digest: "sha256:b"}, "r/agent:i0": {Digest: "sha256:a0"}, "r/agent:i1": {Digest: "sha256:a1"},
		"r/base:i2": {Digest: "sha256:b2"},
	}}
	plan := planOf(3)
	runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Signatures: signatures, Hosts: &throttle.Hosts{Retry: quick}}
	if change != nil {
		change(&runner, registry, &plan)
	}
	result, err := runner.Run(context.Background(), plan)
	return result, registry, err
}

func TestOnlyASignedImageIsUsed(t *testing.T) {
	t.Run("each image that is there is looked at once, by its digest, and none that the run makes", func(t *testing.T) {
		signatures := &fakeSignatures{}
		result, registry, err := signedRun(t, signatures, nil)
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusSkipped, manifest.StatusBuilt}, statuses(result.Images))
		assert.Equal(t, []string{"r/agent:i2"}, registry.references())
		slices.Sort(signatures.asked)
		assert.Equal(t, []string{"r/agent:i0@sha256:a0", "r/agent:i1@sha256:a1", "r/base:i2@sha256:b2", "r/builder:b@sha256:b"}, signatures.asked)
	})
	t.Run("an agent image that is not signed fails, and is not replaced", func(t *testing.T) {
		signatures := &fakeSignatures{unsigned: map[string]bool{"r/agent:i1@sha256:a1": true}}
		result, registry, err := signedRun(t, signatures, nil)
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.Equal(t, []string{"r/agent:i2"}, registry.references())
		failed := result.Images[1]
		assert.Contains(t, failed.Error, "r/agent:i1@sha256:a1 is not signed by --verify-key: it carries no signature")
		assert.Contains(t, failed.Error, classify.AdviceUnsigned)
		assert.Equal(t, 1, failed.AttemptCount, "a signature does not come by itself")
		assert.Empty(t, failed.Tags)
	})
	t.Run("a base image that is not signed costs the agent image on it", func(t *testing.T) {
		signatures := &fakeSignatures{unsigned: map[string]bool{"r/base:i2@sha256:b2": true}}
		result, registry, err := signedRun(t, signatures, nil)
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusSkipped, manifest.StatusFailed}, statuses(result.Images))
		assert.Contains(t, result.Images[2].Error, "r/base:i2@sha256:b2 is not signed by --verify-key")
		assert.Empty(t, registry.published)
	})
	t.Run("a builder that is not signed ends the run before anything is made", func(t *testing.T) {
		signatures := &fakeSignatures{unsigned: map[string]bool{"r/builder:b@sha256:b": true}}
		result, registry, err := signedRun(t, signatures, nil)
		require.ErrorContains(t, err, "r/builder:b@sha256:b is not signed by --verify-key")
		assert.Equal(t, manifest.StatusFailed, result.Builders[0].Status)
		assert.Empty(t, registry.published)
	})
	t.Run("a further tag is put on a signed image only", func(t *testing.T) {
		for _, unsigned := range []bool{false, true} {
			signatures := &fakeSignatures{unsigned: map[string]bool{"r/agent:i0@sha256:a0": unsigned}}
			_, registry, err := signedRun(t, signatures, func(_ *Runner, _ *fakeRegistry, plan *plan.Plan) {
				plan.Items[0].Tags = []string{"r/agent:nightly-i0"}
			})
			require.NoError(t, err)
			assert.Equal(t, !unsigned, slices.Contains(registry.tagged, "r/agent:nightly-i0"))
		}
	})
	t.Run("a run that makes all anew looks at nothing", func(t *testing.T) {
		signatures := &fakeSignatures{}
		result, _, err := signedRun(t, signatures, func(runner *Runner, _ *fakeRegistry, _ *plan.Plan) { runner.Force = true })
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
		assert.Empty(t, signatures.asked)
	})
	t.Run("an image whose publication was answered by nobody is the run's own, and not signed yet", func(t *testing.T) {
		signatures := &fakeSignatures{}
		result, _, err := signedRun(t, signatures, func(runner *Runner, registry *fakeRegistry, _ *plan.Plan) {
			runner.Publisher = unanswered{registry}
		})
		require.NoError(t, err)
		assert.Equal(t, manifest.StatusBuilt, result.Images[2].Status, result.Images[2].Error)
		assert.False(t, slices.ContainsFunc(signatures.asked, func(asked string) bool { return strings.Contains(asked, "agent:i2") }))
	})
	t.Run("a registry that does not answer is asked again, and an image of which nobody knows fails", func(t *testing.T) {
		broken := errors.New("unexpected EOF")
		signatures := &fakeSignatures{fail: map[string][]error{
			"r/agent:i0@sha256:a0": {broken}, "r/agent:i1@sha256:a1": {broken, broken, broken, broken, broken, broken},
		}}
		result, _, err := signedRun(t, signatures, nil)
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.Contains(t, result.Images[1].Error, "reading the signatures of r/agent:i1: unexpected EOF")
	})
}

func TestAnUnsignedImageCountsAsMissing(t *testing.T) {
	registry := &fakeRegistry{has: map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a0"}, "r/agent:i1": {Digest: "sha256:a1"}}}
	signatures := &fakeSignatures{unsigned: map[string]bool{"r/agent:i1@sha256:a1": true}}
	missing, err := Runner{Registry: registry, Signatures: signatures, Hosts: &throttle.Hosts{Retry: quick}}.Missing(context.Background(), planOf(2))
	require.NoError(t, err)
	require.Len(t, missing, 1)
	assert.Equal(t, "i1: r/agent:i1@sha256:a1 is not signed by --verify-key: it carries no signature", missing[0].String())
	assert.Equal(t, []string{classify.AdviceUnsigned}, Advice(missing))
}
