package pipeline

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAPanicCostsItsImageAndNotTheRun: whoever panics also gives its places up, so with one worker the rest goes on.
func TestAPanicCostsItsImageAndNotTheRun(t *testing.T) {
	boom := func() error { panic("boom") }
	for name, publish := range map[string]func(context.Context, Image) error{
		"while a base image is built": func(_ context.Context, image Image) error {
			if image.Reference == "r/base:i0" {
				return boom()
			}
			return nil
		},
		"while a request is sent": func(ctx context.Context, image Image) error {
			if image.Reference == "r/agent:i0" {
				return Send(ctx, "r", "PUT", boom)
			}
			return Send(ctx, "r", "PUT", func() error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{onPublish: publish}
			runner := Runner{
				Publisher: registry, Registry: registry, Sharing: sharingBy{"official/i0": "a", "official/i1": "a"}, MaxWorkers: 1,
			}
			result, err := runner.Run(context.Background(), planOf(3))
			require.NoError(t, err)
			assert.Equal(t, []Status{StatusFailed, StatusBuilt, StatusBuilt}, statuses(result.Images))
			assert.Regexp(t, `panic: .*boom, at pipeline/panic_test\.go:\d+, pipeline/`, result.Images[0].Error)
			assert.Contains(t, result.Images[0].Error, advicePanic)
			assert.Equal(t, 1, result.Images[0].AttemptCount, "it is not tried again")
		})
	}
	t.Run("while the registry is asked", func(t *testing.T) {
		registry := &fakeRegistry{}
		result, err := Runner{Publisher: registry, Registry: panicking{registry}, MaxWorkers: 1}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []Status{StatusFailed, StatusBuilt}, statuses(result.Images))
	})
}

// panicking panics when it is asked for one image.
type panicking struct{ *fakeRegistry }

func (p panicking) Find(ctx context.Context, reference string) (Found, error) {
	if reference == "r/agent:i0" {
		panic("boom")
	}
	return p.fakeRegistry.Find(ctx, reference)
}
