package publish

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/plan/plantest"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/registry/status"
)

func TestFind(t *testing.T) {
	b := registrytest.NewBed(t)
	base, identity := "sha256:"+strings.Repeat("b", 64), plantest.WholeIdentity()
	labels := identity.Labels()
	labels[plan.LabelBaseDigest] = base
	img := b.Push(t, "agent:here", mutate.Annotations(registrytest.Layered(t, types.OCIManifestSchema1, "one"), labels).(v1.Image))
	client := connect(t, b, registry.Access{})

	t.Run("what is there is found with what it is and stands on, in one request", func(t *testing.T) {
		b.Proxy.Script()
		found, err := Finder{client}.Find(ctx, b.Reference("agent:here"))
		require.NoError(t, err)
		assert.Equal(t, plan.Found{
			Digest: registrytest.DigestOfImage(t, img), BaseDigest: base, OfficialDigest: identity.OfficialDigest, Identity: identity,
		}, found)
		assert.Equal(t, []string{"GET /v2/agent/manifests/here"}, registrytest.Asked(b.Proxy))
	})
	t.Run("what has no annotations is found without", func(t *testing.T) {
		plain := b.Push(t, "agent:plain", registrytest.Layered(t, types.DockerManifestSchema2, "one"))
		found, err := Finder{client}.Find(ctx, b.Reference("agent:plain"))
		require.NoError(t, err)
		assert.Equal(t, plan.Found{Digest: registrytest.DigestOfImage(t, plain)}, found)
	})
	t.Run("what is not there is absent, by tag, by digest and by repository", func(t *testing.T) {
		for _, rest := range []string{"agent:gone", "agent@sha256:" + strings.Repeat("0", 64), "nowhere:x"} {
			_, err := Finder{client}.Find(ctx, b.Reference(rest))
			assert.ErrorIs(t, err, classify.ErrAbsent, rest)
		}
	})
	t.Run("an index is found without labels", func(t *testing.T) {
		index := pushIndex(t, b, "agent:index", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
		b.Proxy.Script()
		found, err := Finder{client}.Find(ctx, b.Reference("agent:index"))
		require.NoError(t, err)
		assert.Equal(t, plan.Found{Digest: index}, found)
		assert.Equal(t, []string{"GET /v2/agent/manifests/index"}, registrytest.Asked(b.Proxy))
		_, err = client.Image(ctx, b.Reference("agent:index"))
		require.ErrorIs(t, err, oci.ErrNoImage, "and is none to read")
	})
	t.Run("a manifest without a media type has that of the header", func(t *testing.T) {
		for media, isImage := range map[string]bool{string(types.OCIManifestSchema1): true, "text/html": false} {
			b.Proxy.Script(registrytest.Rule{Path: "bare", Fault: registrytest.Answer(http.StatusOK, `{"schemaVersion":2}`, "Content-Type", media)})
			_, err := Finder{client}.Find(ctx, b.Reference("agent:bare"))
			assert.Equal(t, isImage, err == nil, "%s: %v", media, err)
		}
	})
	t.Run("what is no reference of this registry is refused unasked", func(t *testing.T) {
		b.Proxy.Script()
		_, err := Finder{client}.Find(ctx, "registry.example.org/agent:x")
		require.ErrorIs(t, err, registry.ErrElsewhere)
		_, err = Finder{client}.Find(ctx, b.Reference("agent:no good"))
		require.ErrorContains(t, err, "invalid reference format")
		assert.Empty(t, b.Proxy.Requests())
	})
}

func TestNoAnswerIsNotAbsent(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError} {
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(code, "")})
		_, err := Finder{client}.Find(ctx, b.Reference("agent:x"))
		var answer *status.Error
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, code, answer.Status)
		assert.NotErrorIs(t, err, classify.ErrAbsent)
	}
	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Cut(0)})
	_, err := Finder{client}.Find(ctx, b.Reference("agent:x"))
	require.Error(t, err)
	assert.NotErrorIs(t, err, classify.ErrAbsent)
}

// TestFindAtDockerHub: a manifest that is read counts there, and a head does not. Only the manifest
// tells what the image is.
func TestFindAtDockerHub(t *testing.T) {
	b := registrytest.NewBed(t)
	identity := plantest.WholeIdentity()
	img := b.Push(t, "me/agent:here", mutate.Annotations(registrytest.Layered(t, types.OCIManifestSchema1, "one"), identity.Labels()).(v1.Image))
	whole := plan.Found{Digest: registrytest.DigestOfImage(t, img), OfficialDigest: identity.OfficialDigest, Identity: identity}
	connectAs := func(heads bool) *registry.Client {
		client, err := registry.Access{Transport: registrytest.Elsewhere{Host: b.Host}, Heads: heads}.Connect(ctx, "docker.io/me/agent")
		require.NoError(t, err)
		b.Proxy.Script()
		return client
	}
	t.Run("the manifest is read", func(t *testing.T) {
		client := connectAs(false)
		found, err := Finder{client}.Find(ctx, "docker.io/me/agent:here")
		require.NoError(t, err)
		assert.Equal(t, whole, found)
		_, err = Finder{client}.Find(ctx, "docker.io/me/agent:gone")
		require.ErrorIs(t, err, classify.ErrAbsent)
		assert.Equal(t, []string{"GET /v2/me/agent/manifests/here", "GET /v2/me/agent/manifests/gone"}, registrytest.Asked(b.Proxy))
	})
	t.Run("who wants heads gets heads, unless a digest leaves nothing else to ask", func(t *testing.T) {
		client := connectAs(true)
		found, err := Finder{client}.Find(ctx, "docker.io/me/agent:here")
		require.NoError(t, err)
		assert.Equal(t, plan.Found{Digest: whole.Digest, HeadOnly: true}, found)
		_, err = Finder{client}.Find(ctx, "docker.io/me/agent:gone")
		require.ErrorIs(t, err, classify.ErrAbsent)
		told, err := Finder{client}.Find(ctx, "docker.io/me/agent:here@"+found.Digest)
		require.NoError(t, err)
		assert.Equal(t, whole, told)
		assert.Equal(t, []string{
			"HEAD /v2/me/agent/manifests/here", "HEAD /v2/me/agent/manifests/gone", "GET /v2/me/agent/manifests/" + found.Digest,
		}, registrytest.Asked(b.Proxy))
	})
	t.Run("a head without a digest is no answer", func(t *testing.T) {
		client := connectAs(true)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, "")})
		_, err := Finder{client}.Find(ctx, "docker.io/me/agent:here")
		require.ErrorContains(t, err, "no digest")
		assert.False(t, errors.Is(err, classify.ErrAbsent))
	})
	t.Run("elsewhere a manifest costs nothing, so heads are never enough", func(t *testing.T) {
		client := connect(t, b, registry.Access{Heads: true})
		b.Push(t, "agent:here", img)
		found, err := Finder{client}.Find(ctx, b.Reference("agent:here"))
		require.NoError(t, err)
		assert.Equal(t, whole, found)
	})
}
