package publish

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/registry"
)

// layersOf counts how often an agent layer is published: one that is there already needs no request
// that tells.
type layersOf struct {
	Builder
	published atomic.Int32
}

func (l *layersOf) PublishLayer(ctx context.Context, builder, reference string) error {
	l.published.Add(1)
	return l.Builder.PublishLayer(ctx, builder, reference)
}

// TestAnAgentLayerThatIsThereIsUsed: a later run, with a client of its own, does not have it
// published again. Only a run that wants a layer of its own does.
func TestAnAgentLayerThatIsThereIsUsed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.withAllBases(t)
	f.direct(t, registry.Access{})
	f.built(t, f.run(t))
	for name, own := range map[string]bool{"second": false, "third": true} {
		for i := range f.plan.Items {
			_, tag, _ := strings.Cut(f.plan.Items[i].Agent, "/agent:")
			f.plan.Items[i].Agent = f.Reference("agent:" + name + "-" + tag)
		}
		f.direct(t, registry.Access{})
		publisher, ok := f.runner.Publisher.(*Publisher)
		require.True(t, ok)
		layers := &layersOf{Builder: publisher.Builder}
		publisher.Builder, publisher.OwnLayer = layers, own
		result := f.run(t)
		assert.Equal(t, fleetSize, result.Count(manifest.StatusBuilt))
		assert.EqualValues(t, map[bool]int{false: 0, true: 1}[own], layers.published.Load(), name)
	}
}
