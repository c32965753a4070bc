package run

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// TestTraces: what the engine builds is traced, and what fails, and no image besides.
func TestTraces(t *testing.T) {
	// traces are those of a run with one worker, in the order of their ends. The work of such a
	// reference ends with the error.
	traces := func(t *testing.T, registry *fakeRegistry, planned plan.Plan, work func(context.Context, plan.Image) error, change func(*Runner)) (ended []string) {
		registry.onPublish = work
		runner := Runner{
			Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1,
			Observe: func(ctx context.Context, unit string) (context.Context, func(error)) {
				return ctx, func(err error) {
					if err != nil {
						unit += ": failed"
					}
					ended = append(ended, unit)
				}
			},
		}
		if change != nil {
			change(&runner)
		}
		_, err := runner.Run(context.Background(), planned)
		require.NoError(t, err)
		return ended
	}
	well := func(context.Context, plan.Image) error { return nil }
	failing := func(reference string) func(context.Context, plan.Image) error {
		return func(_ context.Context, image plan.Image) error {
			if image.Reference == reference {
				return errors.New("boom")
			}
			return nil
		}
	}
	const check = "check which of 1 images exist"
	t.Run("has the builder and a base image that are built", func(t *testing.T) {
		assert.Equal(t, []string{check, "builder", "base i0"}, traces(t, &fakeRegistry{}, planOf(1), well, nil))
	})
	t.Run("has no base image that is there", func(t *testing.T) {
		assert.Equal(t, []string{check}, traces(t, withBases(1, nil), planOf(1), well, nil))
	})
	t.Run("has an agent image that failed", func(t *testing.T) {
		assert.Equal(t, []string{check, "assemble i0: failed"}, traces(t, withBases(1, nil), planOf(1), failing("r/agent:i0"), nil))
	})
	t.Run("has one of a base image that failed, however often, and none of the agent image", func(t *testing.T) {
		assert.Equal(t, []string{check, "base i0: failed"}, traces(t, withBuilder(nil), planOf(1), failing("r/base:i0"), nil))
	})
	t.Run("has an image whose check failed", func(t *testing.T) {
		registry := withBases(1, nil)
		registry.findErr = map[string]error{"r/agent:i0": errors.New("500")}
		assert.Equal(t, []string{"assemble i0: failed", check}, traces(t, registry, planOf(1), well, nil))
	})
	t.Run("has an agent image with steps, where the publisher has some", func(t *testing.T) {
		steps := func(ctx context.Context, _ plan.Image) error {
			if Trace(Trace(ctx)) == ctx {
				return errors.New("there is no trace")
			}
			return nil
		}
		assert.Equal(t, []string{check, "assemble i0"}, traces(t, withBases(1, nil), planOf(1), steps, nil))
	})
	t.Run("has an agent image that is only built", func(t *testing.T) {
		assert.Equal(t, []string{"builder", "base i0", "assemble i0"}, traces(t, &fakeRegistry{}, planOf(1), well, func(r *Runner) { r.Registry = nil }))
	})
	t.Run("has an image that lacks a tag only if that fails", func(t *testing.T) {
		planned := planOf(1)
		planned.Items[0].Tags = []string{"r/agent:nightly"}
		has := map[string]plan.Found{"r/agent:i0": {Digest: digestOf("r/agent:i0")}}
		assert.Equal(t, []string{check}, traces(t, &fakeRegistry{has: has}, planned, well, nil))
		delete(has, "r/agent:nightly")
		registry := &fakeRegistry{has: has, tagErr: map[string]error{"r/agent:nightly": errors.New("500")}}
		assert.Equal(t, []string{"assemble i0: failed", check}, traces(t, registry, planned, well, nil))
	})
	t.Run("has the first of the images that a used-up quota stops", func(t *testing.T) {
		planned := planOf(0)
		for _, id := range []string{"a", "b", "c"} {
			planned.Items = append(planned.Items, plan.Item{
				Instance: dataset.Instance{ID: id, OfficialImage: "docker.io/o/" + id}, Base: "r/base:" + id, Agent: "r/agent:" + id,
			})
		}
		spent := func(_ context.Context, image plan.Image) error {
			if image.Phase == plan.PhaseBase {
				return errPulls
			}
			return nil
		}
		assert.Equal(t, []string{"check which of 3 images exist", "base a: failed"}, traces(t, withBuilder(nil), planned, spent, nil))
	})
	t.Run("is nothing to work that belongs to no unit", func(t *testing.T) {
		assert.Equal(t, context.Background(), Trace(context.Background()))
	})
	assert.Equal(t, classify.Spent, classify.Of(errPulls).Class)
}
