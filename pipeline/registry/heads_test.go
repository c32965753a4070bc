package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// noting notes which images it is asked for, and has them all.
type noting struct{ asked []string }

func (n *noting) Find(_ context.Context, reference string) (pipeline.Found, error) {
	n.asked = append(n.asked, reference)
	return pipeline.Found{Digest: "of the engine"}, nil
}

// hub is a stand-in for registry-1.docker.io, and access that leads there.
func hub(t *testing.T) (testbed, Access) {
	b := newTestbed(t)
	return b, Access{ReadOnly: true, Transport: elsewhere{b.host}}
}

func TestHeadsAreNoPulls(t *testing.T) {
	t.Run("an official image is found by its head, an index too", func(t *testing.T) {
		b, access := hub(t)
		img := b.push(t, "swebench/one:latest", layered(t, types.OCIManifestSchema1, "one"))
		index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
		ref, err := name.ParseReference(b.open + "/swebench/index:latest")
		require.NoError(t, err)
		require.NoError(t, remote.WriteIndex(ref, index))
		digest, err := index.Digest()
		require.NoError(t, err)
		b.proxy.Script()
		engine := new(noting)
		heads := &Heads{Access: access, Else: engine}

		found, err := heads.Find(ctx, "docker.io/swebench/one:latest")
		require.NoError(t, err)
		assert.Equal(t, digestOfImage(t, img), found.Digest)
		found, err = heads.Find(ctx, "swebench/index")
		require.NoError(t, err)
		assert.Equal(t, digest.String(), found.Digest)
		_, err = heads.Find(ctx, "docker.io/swebench/one:gone")
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		assert.Zero(t, b.proxy.Count(http.MethodGet, "/manifests/"))
		assert.Empty(t, engine.asked)
	})
	t.Run("what Docker Hub does not show to strangers, the engine finds", func(t *testing.T) {
		b, access := hub(t)
		engine := new(noting)
		heads := &Heads{Access: access, Else: engine}
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			b.proxy.Script(registrytest.Rule{Path: "/manifests/", Fault: registrytest.Answer(status, "")})
			found, err := heads.Find(ctx, "docker.io/me/private:latest")
			require.NoError(t, err)
			assert.Equal(t, "of the engine", found.Digest)
		}
	})
	t.Run("what is elsewhere likewise", func(t *testing.T) {
		b, access := hub(t)
		engine := new(noting)
		_, err := (&Heads{Access: access, Else: engine}).Find(ctx, "ghcr.io/me/one:latest")
		require.NoError(t, err)
		assert.Equal(t, []string{"ghcr.io/me/one:latest"}, engine.asked)
		assert.Empty(t, b.proxy.Requests())
	})
	for name, test := range map[string]struct {
		err  error
		most int
	}{
		"and all, if nothing listens at Docker Hub's address, which is tried once":      {&net.OpError{Op: "dial", Err: errors.New("no route to host")}, 1},
		"and all, if Docker Hub never answers, which is tried as often as before a run": {errors.New("TLS handshake timeout"), openings},
	} {
		t.Run(name, func(t *testing.T) {
			var dialled atomic.Int32
			engine := new(noting)
			heads := &Heads{Access: Access{Transport: failing{&dialled, test.err}}, Else: engine}
			for range 10 {
				_, err := heads.Find(ctx, "docker.io/swebench/one:latest")
				require.NoError(t, err)
			}
			assert.Len(t, engine.asked, 10)
			assert.LessOrEqual(t, int(dialled.Load()), 2*test.most, "by TLS, and without")
		})
	}
	t.Run("one failure to connect sends no later image to the engine", func(t *testing.T) {
		for name, test := range map[string]struct {
			fault  registrytest.Fault
			engine int // that is asked for the first image
			kind   pipeline.Kind
		}{
			"a cut connection":           {registrytest.Cut(0), 1, 0},
			"a registry's bad minute":    {registrytest.Answer(http.StatusServiceUnavailable, ""), 0, pipeline.KindUnavailable},
			"a limit for the first ones": {registrytest.Answer(http.StatusTooManyRequests, ""), 0, pipeline.KindLimited},
		} {
			t.Run(name, func(t *testing.T) {
				b, access := hub(t)
				b.push(t, "swebench/one:latest", layered(t, types.OCIManifestSchema1, "one"))
				engine := new(noting)
				heads := &Heads{Access: access, Else: engine}
				b.proxy.Script(registrytest.Rule{Path: "^/v2/$", Times: 1, Fault: test.fault})
				_, err := heads.Find(ctx, "docker.io/swebench/one:latest")
				assert.Equal(t, test.kind, pipeline.CauseOf(err).Kind)
				for range 3 {
					found, err := heads.Find(ctx, "docker.io/swebench/one:latest")
					require.NoError(t, err)
					assert.NotEqual(t, "of the engine", found.Digest)
				}
				assert.Len(t, engine.asked, test.engine)
			})
		}
	})
	t.Run("nor does an image that is told to stop", func(t *testing.T) {
		b, access := hub(t)
		b.push(t, "swebench/one:latest", layered(t, types.OCIManifestSchema1, "one"))
		engine := new(noting)
		heads := &Heads{Access: access, Else: engine}
		stopped, stop := context.WithCancel(ctx)
		stop()
		for range 2 * openings {
			_, err := heads.Find(stopped, "docker.io/swebench/one:latest")
			require.ErrorIs(t, err, context.Canceled)
		}
		_, err := heads.Find(ctx, "docker.io/swebench/one:latest")
		require.NoError(t, err)
		assert.Empty(t, engine.asked)
	})
	t.Run("a limit of requests is a limit", func(t *testing.T) {
		b, access := hub(t)
		heads := &Heads{Access: access, Else: new(noting)}
		b.proxy.Script(registrytest.Rule{Path: "/manifests/", Fault: registrytest.Answer(http.StatusTooManyRequests, "", "Retry-After", "3")})
		_, err := heads.Find(ctx, "docker.io/swebench/one:latest")
		assert.Equal(t, pipeline.KindLimited, pipeline.CauseOf(err).Kind)
	})
}

// failing is a network without a way out.
type failing struct {
	n   *atomic.Int32
	err error
}

func (f failing) RoundTrip(*http.Request) (*http.Response, error) {
	f.n.Add(1)
	return nil, f.err
}

// TestPullsAtDockerHub counts manifests that are read, where everything is at Docker Hub: one for each base
// image that an agent image is composed of, one more for the first of them, one for the builder, and two for the
// agent layer. An agent image that is there costs one, to see what it is, and none for who trusts.
func TestPullsAtDockerHub(t *testing.T) {
	for name, trusts := range map[string]bool{"what is there is read": false, "what is there is trusted": true} {
		t.Run(name, func(t *testing.T) { testPullsAtDockerHub(t, trusts) })
	}
}

func testPullsAtDockerHub(t *testing.T, trusts bool) {
	const images = 20
	b, access := hub(t)
	access.ReadOnly, access.Heads = false, trusts
	client, err := access.Connect(ctx, "docker.io/me/base", "docker.io/me/agent", "docker.io/me/builder")
	require.NoError(t, err)
	b.push(t, "me/builder:b", layered(t, types.OCIManifestSchema1, "builder"))
	plan := pipeline.Plan{Builder: "docker.io/me/builder:b"}
	for i := range images {
		id := instance(i)
		b.push(t, "me/base:"+id, baseImage(t, id))
		plan.Items = append(plan.Items, pipeline.Item{
			Instance: dataset.Instance{ID: id, OfficialImage: "docker.io/swebench/" + id + ":latest"},
			Base:     "docker.io/me/base:" + id, Agent: "docker.io/me/agent:" + id,
		})
	}
	publisher := &Publisher{Client: client, Builder: layerBuilder{t, b}, Identity: "sdk", Sharing: &Sharing{Client: client}}
	runner := pipeline.Runner{Publisher: publisher, Registry: client, Sharing: publisher.Sharing, TrustUnlabelled: trusts}
	run := func() *pipeline.Result {
		b.proxy.Script()
		result, err := runner.Run(ctx, plan)
		require.NoError(t, err)
		require.Empty(t, result.Failed())
		return result
	}

	absent, there := images+1, images+1+1+1 // The first base image is asked for before, and there are builder and layer.
	if trusts {
		absent, there = 1, images+1
	}
	assert.Equal(t, images, run().Count(pipeline.StatusBuilt))
	assert.Equal(t, absent+there, b.proxy.Count(http.MethodGet, "/manifests/"))
	assert.Equal(t, 2, b.proxy.Count(http.MethodGet, "/builder/manifests/b-layer-"), "before it is made, and then")

	run()
	methods := map[bool]string{false: http.MethodGet, true: http.MethodHead}
	assert.Equal(t, images, b.proxy.Count(methods[trusts], "/agent/manifests/"))
	assert.Zero(t, b.proxy.Count(methods[!trusts], "/manifests/"))

	b.push(t, "swebench/alike:latest", layered(t, types.OCIManifestSchema1, "alike"))
	b.proxy.Script()
	key, err := publisher.Sharing.Alike(ctx, "docker.io/swebench/alike@"+fmt.Sprint("sha256:", strings.Repeat("0", 64)))
	require.NoError(t, err)
	assert.Empty(t, key)
	assert.Empty(t, b.proxy.Requests(), "the build pulls an official image, and nobody else does")
}

// layerBuilder makes nothing but the agent layer.
type layerBuilder struct {
	t *testing.T
	testbed
}

func (l layerBuilder) Publish(context.Context, pipeline.Image) (pipeline.Published, error) {
	return pipeline.Published{}, errors.New("this is not to be built")
}

func (l layerBuilder) PublishLayer(_ context.Context, builder, reference string) error {
	rest, _ := strings.CutPrefix(reference, "docker.io/")
	ref, err := name.ParseReference(l.open + "/" + rest)
	if err != nil {
		return err
	}
	img := mutate.Annotations(layered(l.t, types.OCIManifestSchema1, "agent"), pipeline.LayerIdentity(builder).Labels())
	return remote.Write(ref, img.(v1.Image), remote.WithTransport(http.DefaultTransport))
}
