package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// TestAPanicFailsItsImageButNotTheRun: the panicking image releases its slots, so even with one
// worker the rest goes on.
func TestAPanicFailsItsImageButNotTheRun(t *testing.T) {
	boom, hosts := func() error { panic("boom") }, &throttle.Hosts{Retry: quick}
	for name, publish := range map[string]func(context.Context, plan.Image) error{
		"while a base image is built": func(_ context.Context, image plan.Image) error {
			if image.Reference == "r/base:i0" {
				return boom()
			}
			return nil
		},
		"while a request is sent": func(ctx context.Context, image plan.Image) error {
			if image.Reference == "r/agent:i0" {
				return hosts.Send(ctx, "r", "PUT", boom)
			}
			return hosts.Send(ctx, "r", "PUT", func() error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{onPublish: publish}
			runner := Runner{
				Publisher: registry, Registry: registry, Sharing: sharingBy{"official/i0": "a", "official/i1": "a"}, Hosts: hosts, MaxWorkers: 1,
			}
			result, err := runner.Run(context.Background(), planOf(3))
			require.NoError(t, err)
			assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
			assert.Regexp(t, `panic: .*boom, at run/panic_test\.go:\d+, (run|classify)/`, result.Images[0].Error)
			assert.Contains(t, result.Images[0].Error, classify.AdvicePanic)
			assert.Equal(t, 1, result.Images[0].AttemptCount, "it is not tried again")
		})
	}
	t.Run("while the registry is asked", func(t *testing.T) {
		registry := &fakeRegistry{}
		result, err := Runner{Publisher: registry, Registry: panicking{registry}, MaxWorkers: 1}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
	})
}

// panicking panics when it is asked for one image.
type panicking struct{ *fakeRegistry }

func (p panicking) Find(ctx context.Context, reference string) (plan.Found, error) {
	if reference == "r/agent:i0" {
		panic("boom")
	}
	return p.fakeRegistry.Find(ctx, reference)
}
