package publish

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAFleetWhoseCopiesBreak: a copy that is tried again is another upload.
func TestAFleetWhoseCopiesBreak(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.withAllBases(t)
	f.direct(t, registry.Access{})
	result := f.run(t, registrytest.NoMounts, nth(0, http.MethodPut, "/agent/blobs/uploads/", registrytest.Cut(10)), nth(1, http.MethodPut, "/agent/blobs/uploads/", registrytest.Page(http.StatusBadGateway)))
	f.built(t, result)
	f.holds(t, result)
	uploads := map[string]int{}
	for _, request := range f.Proxy.Requests() {
		if request.Method == http.MethodPut && strings.Contains(request.Path, "/agent/blobs/uploads/") {
			uploads[request.Path]++
		}
	}
	for place, n := range uploads {
		assert.Equal(t, 1, n, place)
	}
}

// mountingEngine is one that gives up where the registry refuses to mount an official image's
// layer.
type mountingEngine struct {
	Builder
	n int // publications
}

func (m *mountingEngine) Publish(ctx context.Context, image plan.Image) (run.Published, error) {
	if m.n++; m.n == 1 {
		return run.Published{}, &classify.PushError{Reference: image.Reference, Err: errors.New("failed to push: unexpected status from POST request to " +
			"http://r/v2/base/blobs/uploads/?from=official&mount=sha256%3A0: 403 Forbidden")}
	}
	return run.Published{Digest: "sha256:1"}, nil
}

// TestAnEngineWhoseMountsAreRefused gets the official image's layers from the client.
func TestAnEngineWhoseMountsAreRefused(t *testing.T) {
	for name, push := range map[string]func(*testing.T, registrytest.Bed, v1.Image) (digest string){
		"of an image": func(t *testing.T, b registrytest.Bed, img v1.Image) string {
			return registrytest.DigestOfImage(t, b.Push(t, "official:x", img))
		},
		"of an index, whose image for the platform it is": func(t *testing.T, b registrytest.Bed, img v1.Image) string {
			return pushIndex(t, b, "official:x", img)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, registry.Access{})
			official := registrytest.Layered(t, types.OCIManifestSchema1, "one", "two")
			digest := push(t, b, official)
			b.Proxy.Script(registrytest.NoMounts)
			engine := new(mountingEngine)
			published, err := (&Publisher{Client: client, Builder: engine, Platform: "linux/amd64"}).Publish(ctx, plan.Image{
				Phase: plan.PhaseBase, Official: b.Reference("official@" + digest), Reference: b.Reference("base:x"),
			})
			require.NoError(t, err)
			assert.Equal(t, "sha256:1", published.Digest)
			assert.Equal(t, 2, engine.n)
			layers, err := official.Layers()
			require.NoError(t, err)
			for _, layer := range layers {
				digest, err := layer.Digest()
				require.NoError(t, err)
				has, err := b.Has("base", digest)
				require.NoError(t, err)
				assert.True(t, has)
			}
		})
	}
}

// TestAnEngineWhoseMountsAreRefusedForGood keeps its error where the client has nothing to bring.
func TestAnEngineWhoseMountsAreRefusedForGood(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	pushIndex(t, b, "official/index:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	pushArtifact(t, b, "official/artifact:x")
	for name, official := range map[string]string{
		"another registry's image":                   "docker.io/swebench/x:latest",
		"an index without an image for the platform": b.Reference("official/index:x"),
		"what is no image":                           b.Reference("official/artifact:x"),
		"an image that is gone":                      b.Reference("official/gone:x"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Publisher{Client: client, Builder: new(mountingEngine), Platform: "linux/s390x"}).Publish(ctx, plan.Image{
				Phase: plan.PhaseBase, Official: official, Reference: b.Reference("base:x"),
			})
			require.ErrorContains(t, err, "403 Forbidden")
		})
	}
}
