package registry

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

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestFind(t *testing.T) {
	b := newTestbed(t)
	base, identity := "sha256:"+strings.Repeat("b", 64), wholeIdentity()
	labels := identity.Labels()
	labels[pipeline.LabelBaseDigest] = base
	img := b.push(t, "agent:here", mutate.Annotations(layered(t, types.OCIManifestSchema1, "one"), labels).(v1.Image))
	client := b.connect(t, Access{})

	t.Run("what is there is found with what it is and stands on, in one request", func(t *testing.T) {
		b.proxy.Script()
		found, err := client.Find(ctx, b.reference("agent:here"))
		require.NoError(t, err)
		assert.Equal(t, pipeline.Found{
			Digest: digestOfImage(t, img), BaseDigest: base, OfficialDigest: identity.OfficialDigest, Identity: identity,
		}, found)
		assert.Equal(t, []string{"GET /v2/agent/manifests/here"}, asked(b.proxy))
	})
	t.Run("what has no annotations is found without", func(t *testing.T) {
		plain := b.push(t, "agent:plain", layered(t, types.DockerManifestSchema2, "one"))
		found, err := client.Find(ctx, b.reference("agent:plain"))
		require.NoError(t, err)
		assert.Equal(t, pipeline.Found{Digest: digestOfImage(t, plain)}, found)
	})
	t.Run("what is not there is absent, by tag, by digest and by repository", func(t *testing.T) {
		for _, rest := range []string{"agent:gone", "agent@sha256:" + strings.Repeat("0", 64), "nowhere:x"} {
			_, err := client.Find(ctx, b.reference(rest))
			assert.ErrorIs(t, err, pipeline.ErrAbsent, rest)
		}
	})
	t.Run("an index is found without labels", func(t *testing.T) {
		index := b.pushIndex(t, "agent:index", layered(t, types.OCIManifestSchema1, "one"))
		b.proxy.Script()
		found, err := client.Find(ctx, b.reference("agent:index"))
		require.NoError(t, err)
		assert.Equal(t, pipeline.Found{Digest: index}, found)
		assert.Equal(t, []string{"GET /v2/agent/manifests/index"}, asked(b.proxy))
		_, err = client.Image(ctx, b.reference("agent:index"))
		require.ErrorIs(t, err, ErrNoImage, "and is none to read")
	})
	t.Run("a manifest without a media type has that of the header", func(t *testing.T) {
		for media, isImage := range map[string]bool{string(types.OCIManifestSchema1): true, "text/html": false} {
			b.proxy.Script(registrytest.Rule{Path: "bare", Fault: registrytest.Answer(http.StatusOK, `{"schemaVersion":2}`, "Content-Type", media)})
			_, err := client.Find(ctx, b.reference("agent:bare"))
			assert.Equal(t, isImage, err == nil, "%s: %v", media, err)
		}
	})
	t.Run("what is no reference of this registry is refused unasked", func(t *testing.T) {
		b.proxy.Script()
		_, err := client.Find(ctx, "registry.example.org/agent:x")
		require.ErrorIs(t, err, ErrElsewhere)
		_, err = client.Find(ctx, b.reference("agent:no good"))
		require.ErrorContains(t, err, "invalid reference format")
		assert.Empty(t, b.proxy.Requests())
	})
}

func TestNoAnswerIsNotAbsent(t *testing.T) {
	b := newTestbed(t)
	client := b.connect(t, Access{})
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError} {
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(status, "")})
		_, err := client.Find(ctx, b.reference("agent:x"))
		var answer *StatusError
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, status, answer.Status)
		assert.NotErrorIs(t, err, pipeline.ErrAbsent)
	}
	b.proxy.Script(registrytest.Rule{Fault: registrytest.Cut(0)})
	_, err := client.Find(ctx, b.reference("agent:x"))
	require.Error(t, err)
	assert.NotErrorIs(t, err, pipeline.ErrAbsent)
}

// TestFindAtDockerHub: a manifest that is read counts there, and a head does not. Only the manifest tells what the
// image is.
func TestFindAtDockerHub(t *testing.T) {
	b := newTestbed(t)
	identity := wholeIdentity()
	img := b.push(t, "me/agent:here", mutate.Annotations(layered(t, types.OCIManifestSchema1, "one"), identity.Labels()).(v1.Image))
	whole := pipeline.Found{Digest: digestOfImage(t, img), OfficialDigest: identity.OfficialDigest, Identity: identity}
	connect := func(heads bool) *Client {
		client, err := Access{Transport: elsewhere{b.host}, Heads: heads}.Connect(ctx, "docker.io/me/agent")
		require.NoError(t, err)
		b.proxy.Script()
		return client
	}
	t.Run("the manifest is read", func(t *testing.T) {
		client := connect(false)
		found, err := client.Find(ctx, "docker.io/me/agent:here")
		require.NoError(t, err)
		assert.Equal(t, whole, found)
		_, err = client.Find(ctx, "docker.io/me/agent:gone")
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		assert.Equal(t, []string{"GET /v2/me/agent/manifests/here", "GET /v2/me/agent/manifests/gone"}, asked(b.proxy))
	})
	t.Run("who wants heads gets heads, unless a digest leaves nothing else to ask", func(t *testing.T) {
		client := connect(true)
		found, err := client.Find(ctx, "docker.io/me/agent:here")
		require.NoError(t, err)
		assert.Equal(t, pipeline.Found{Digest: whole.Digest, HeadOnly: true}, found)
		_, err = client.Find(ctx, "docker.io/me/agent:gone")
		require.ErrorIs(t, err, pipeline.ErrAbsent)
		told, err := client.Find(ctx, "docker.io/me/agent:here@"+found.Digest)
		require.NoError(t, err)
		assert.Equal(t, whole, told)
		assert.Equal(t, []string{
			"HEAD /v2/me/agent/manifests/here", "HEAD /v2/me/agent/manifests/gone", "GET /v2/me/agent/manifests/" + found.Digest,
		}, asked(b.proxy))
	})
	t.Run("a head without a digest is no answer", func(t *testing.T) {
		client := connect(true)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, "")})
		_, err := client.Find(ctx, "docker.io/me/agent:here")
		require.ErrorContains(t, err, "no digest")
		assert.False(t, errors.Is(err, pipeline.ErrAbsent))
	})
	t.Run("elsewhere a manifest costs nothing, so heads are never enough", func(t *testing.T) {
		client := b.connect(t, Access{Heads: true})
		b.push(t, "agent:here", img)
		found, err := client.Find(ctx, b.reference("agent:here"))
		require.NoError(t, err)
		assert.Equal(t, whole, found)
	})
}

// wholeIdentity has all parts.
func wholeIdentity() pipeline.Identity {
	hash := strings.Repeat("a", 64)
	return pipeline.Identity{
		Official: "docker.io/swebench/x:latest", OfficialDigest: "sha256:" + hash, Revision: hash[:40], Dockerfile: hash,
		Wrap: hash, Assembly: hash, Builder: "sha256:" + hash, Platform: pipeline.Platform,
	}
}

// elsewhere sends every request to a test's server.
type elsewhere struct{ host string }

func (e elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = "http", e.host
	return http.DefaultTransport.RoundTrip(request)
}

// asked are the requests that a registry was asked, "PUT /v2/agent/manifests/x", in the order of their answers.
func asked(proxy *registrytest.Proxy) []string {
	var all []string
	for _, request := range proxy.Requests() {
		all = append(all, request.Method+" "+request.Path)
	}
	return all
}
