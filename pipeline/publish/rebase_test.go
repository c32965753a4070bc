package publish

import (
	"context"
	"errors"
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"
)

// TestABaseImageFromAnotherOnesLayers: the registry has it afterwards, be it by mounts or by
// copies, and nobody builds.
func TestABaseImageFromAnotherOnesLayers(t *testing.T) {
	for name, script := range map[string][]registrytest.Rule{
		"in a registry that mounts":             nil,
		"in a registry that mounts nothing":     {{Fault: registrytest.Mounts(registrytest.NoMount())}},
		"in a registry that refuses all mounts": {{Fault: registrytest.Mounts(registrytest.Answer(http.StatusForbidden, ""))}},
	} {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, registry.Access{})
			one := registrytest.Official(t, "env", "one", "COPY a /testbed", nil)
			b.Push(t, "official:one", one)
			b.Push(t, "official:two", registrytest.Official(t, "env", "two", "COPY b /testbed", nil))
			b.Push(t, "base:one", registrytest.Built(t, one))
			publisher := &Publisher{Client: client, Builder: nobody{t}, Sharing: &Sharing{Client: client}}
			b.Proxy.Script(script...)

			published, err := publisher.Publish(ctx, plan.Image{
				Phase: plan.PhaseBase, Official: b.Reference("official:two"), Reference: b.Reference("base:two"),
				Rebase: &plan.RebaseSource{Official: b.Reference("official:one"), Base: b.Reference("base:one")},
			})

			require.NoError(t, err)
			assert.True(t, published.Rebased)
			assert.Positive(t, published.Build)
			assert.Positive(t, published.Push)
			img := b.Pull(t, "base:two")
			assert.Equal(t, published.Digest, registrytest.DigestOfImage(t, img))
			layers, err := img.Layers()
			require.NoError(t, err)
			assert.Len(t, layers, 3, "two of its official image, and the recipe's")
		})
	}
	t.Run("whose official image has another config is built instead", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, registry.Access{})
		one := registrytest.Official(t, "env", "one", "COPY a /testbed", nil)
		b.Push(t, "official:one", one)
		b.Push(t, "official:two", registrytest.Official(t, "env", "two", "COPY b /testbed", func(config *v1.ConfigFile) {
			config.Config.Env = []string{"A=c"}
		}))
		b.Push(t, "base:one", registrytest.Built(t, one))
		engine := &mountingEngine{n: 1}
		published, err := (&Publisher{Client: client, Builder: engine, Sharing: &Sharing{Client: client}}).Publish(ctx, plan.Image{
			Phase: plan.PhaseBase, Official: b.Reference("official:two"), Reference: b.Reference("base:two"),
			Rebase: &plan.RebaseSource{Official: b.Reference("official:one"), Base: b.Reference("base:one")},
		})
		require.NoError(t, err)
		assert.False(t, published.Rebased)
		assert.Equal(t, "composing: the layers do not fit on the other image: their configs differ", published.RebaseRefused)
		assert.Equal(t, 2, engine.n, "it is built")
	})
	t.Run("whose publication fails is none, and is not built instead", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, registry.Access{})
		one := registrytest.Official(t, "env", "one", "COPY a /testbed", nil)
		b.Push(t, "official:one", one)
		b.Push(t, "base:one", registrytest.Built(t, one))
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: registrytest.Answer(http.StatusBadRequest, "")})
		published, err := (&Publisher{Client: client, Builder: nobody{t}, Sharing: &Sharing{Client: client}}).Publish(ctx, plan.Image{
			Phase: plan.PhaseBase, Official: b.Reference("official:one"), Reference: b.Reference("base:two"),
			Rebase: &plan.RebaseSource{Official: b.Reference("official:one"), Base: b.Reference("base:one")},
		})
		var push *classify.PushError
		require.ErrorAs(t, err, &push)
		assert.Equal(t, b.Reference("base:two"), push.Reference)
		assert.False(t, published.Rebased)
		assert.NotEmpty(t, published.Digest, "the registry is asked for it afterwards")
		assert.Positive(t, published.Push)
	})
}

// nobody builds anything.
type nobody struct{ t *testing.T }

func (n nobody) Publish(context.Context, plan.Image) (run.Published, error) {
	n.t.Error("this is not to be built")
	return run.Published{}, errors.New("not built")
}

func (n nobody) PublishLayer(context.Context, string, string) error {
	n.t.Error("this is not to be built")
	return errors.New("not built")
}
