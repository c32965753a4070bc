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
	base, official, wrap := "sha256:"+strings.Repeat("b", 64), "sha256:"+strings.Repeat("0", 64), strings.Repeat("a", 64)
	labels := map[string]string{pipeline.LabelBaseDigest: base, pipeline.LabelOfficialDigest: official, pipeline.LabelWrap: wrap}
	img := b.push(t, "agent:here", mutate.Annotations(layered(t, types.OCIManifestSchema1, "one"), labels).(v1.Image))
	client := b.connect(t, Access{})

	t.Run("what is there is found with what it is and stands on, in one request", func(t *testing.T) {
		b.proxy.Script()
		found, err := client.Find(ctx, b.reference("agent:here"))
		require.NoError(t, err)
		assert.Equal(t, pipeline.Found{
			Digest: digestOfImage(t, img), BaseDigest: base, OfficialDigest: official, Identity: pipeline.Identity{Wrap: wrap},
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
	t.Run("an index is no image", func(t *testing.T) {
		body := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
		b.proxy.Script(registrytest.Rule{Path: "index", Fault: registrytest.Answer(http.StatusOK, body)})
		_, err := client.Find(ctx, b.reference("agent:index"))
		require.ErrorIs(t, err, ErrNoImage)
		assert.NotErrorIs(t, err, pipeline.ErrAbsent)
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

// TestFindAtDockerHub: a manifest that is read counts there, and a head does not.
func TestFindAtDockerHub(t *testing.T) {
	b := newTestbed(t)
	wrap := strings.Repeat("a", 64)
	labels := map[string]string{pipeline.LabelWrap: wrap}
	img := b.push(t, "me/agent:here", mutate.Annotations(layered(t, types.OCIManifestSchema1, "one"), labels).(v1.Image))
	client, err := Access{Transport: elsewhere{b.host}}.Connect(ctx, "docker.io/me/agent")
	require.NoError(t, err)
	b.proxy.Script()

	found, err := client.Find(ctx, "docker.io/me/agent:here")
	require.NoError(t, err)
	assert.Equal(t, pipeline.Found{Digest: digestOfImage(t, img), HeadOnly: true}, found)
	_, err = client.Find(ctx, "docker.io/me/agent:gone")
	require.ErrorIs(t, err, pipeline.ErrAbsent)
	assert.Equal(t, []string{"HEAD /v2/me/agent/manifests/here", "HEAD /v2/me/agent/manifests/gone"}, asked(b.proxy))

	b.proxy.Script()
	told, err := client.Find(ctx, "docker.io/me/agent:here@"+found.Digest)
	require.NoError(t, err)
	assert.Equal(t, pipeline.Found{Digest: found.Digest, Identity: pipeline.Identity{Wrap: wrap}}, told, "a head by digest would tell nothing")
	assert.Equal(t, []string{"GET /v2/me/agent/manifests/" + found.Digest}, asked(b.proxy))

	b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, "")})
	_, err = client.Find(ctx, "docker.io/me/agent:here")
	require.ErrorContains(t, err, "no digest")
	assert.False(t, errors.Is(err, pipeline.ErrAbsent))
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
