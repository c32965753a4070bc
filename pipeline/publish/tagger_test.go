package publish

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestTag(t *testing.T) {
	t.Run("puts the image that was found under one more name, with one request", func(t *testing.T) {
		for _, media := range []types.MediaType{types.OCIManifestSchema1, types.DockerManifestSchema2} {
			b := registrytest.NewBed(t)
			img := b.Push(t, "agent:one", registrytest.Layered(t, media, "one", "two"))
			client := connect(t, b, registry.Access{})
			found, err := client.Find(ctx, b.Reference("agent:one"))
			require.NoError(t, err)
			require.NoError(t, client.Tag(ctx, b.Reference("agent:one@"+found.Digest), b.Reference("agent:two")))
			assert.Equal(t, []string{"GET /v2/agent/manifests/one", "PUT /v2/agent/manifests/two"}, registrytest.Asked(b.Proxy))
			for _, tag := range []string{"one", "two"} {
				assert.Equal(t, registrytest.DigestOfImage(t, img), registrytest.DigestOfImage(t, b.Pull(t, "agent:"+tag)))
			}
			now, err := b.Pull(t, "agent:two").MediaType()
			require.NoError(t, err)
			assert.Equal(t, media, now)
		}
	})
	t.Run("reads an image that it has not read lately", func(t *testing.T) {
		b := registrytest.NewBed(t)
		digest := registrytest.DigestOfImage(t, b.Push(t, "agent:one", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
		client := connect(t, b, registry.Access{})
		require.NoError(t, client.Tag(ctx, b.Reference("agent:one@"+digest), b.Reference("agent:two")))
		assert.Equal(t, []string{"GET /v2/agent/manifests/" + digest, "PUT /v2/agent/manifests/two"}, registrytest.Asked(b.Proxy))
		assert.Equal(t, digest, registrytest.DigestOfImage(t, b.Pull(t, "agent:two")))
	})
	t.Run("replaces what has the name, and does not where tags are immutable", func(t *testing.T) {
		b := registrytest.NewBed(t)
		digest := registrytest.DigestOfImage(t, b.Push(t, "agent:one", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
		other := registrytest.DigestOfImage(t, b.Push(t, "agent:two", registrytest.Layered(t, types.OCIManifestSchema1, "other")))
		client := connect(t, b, registry.Access{})
		tag := func() error { return client.Tag(ctx, b.Reference("agent:one@"+digest), b.Reference("agent:two")) }

		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: registrytest.OnceEach(registrytest.Immutable["Quay"])})
		err := tag()
		var refused *classify.ImmutableError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, []string{other, digest}, []string{refused.Has, refused.Want})
		require.ErrorContains(t, err, "publishing "+b.Reference("agent:two")+": tagging the manifest: ")

		b.Proxy.Script()
		require.NoError(t, tag())
		assert.Equal(t, digest, registrytest.DigestOfImage(t, b.Pull(t, "agent:two")))
	})
	t.Run("fails if the image has gone, and that is no answer to a push", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, registry.Access{})
		err := client.Tag(ctx, b.Reference("agent:one@sha256:"+strings.Repeat("0", 64)), b.Reference("agent:two"))
		require.ErrorContains(t, err, "reading "+b.Reference("agent:one@sha256:000"))
		var push *classify.PushError
		assert.NotErrorAs(t, err, &push)
	})
	t.Run("is for names in the image's own repository", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, registry.Access{})
		at := "@sha256:" + strings.Repeat("0", 64)
		for image, to := range map[string]string{
			b.Reference("agent:one" + at):  b.Reference("base:one"),
			"other.example/agent:one" + at: b.Reference("agent:two"),
			b.Reference("agent:1" + at):    "other.example/agent:two",
			b.Reference("agent:2" + at):    b.Reference("agent:A B"),
			b.Reference("agent:A B"):       b.Reference("agent:two"),
		} {
			assert.Error(t, client.Tag(ctx, image, to))
		}
		assert.Empty(t, registrytest.Asked(b.Proxy))
	})
}

// TestTagger: the engine's credentials are its own, so the registry decides what can be tagged
// without them.
func TestTagger(t *testing.T) {
	setting := func(t *testing.T) (b registrytest.Bed, image string) {
		b = registrytest.NewBed(t)
		digest := registrytest.DigestOfImage(t, b.Push(t, "agent:one", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
		b.Proxy.Script()
		return b, b.Reference("agent:one@" + digest)
	}
	t.Run("connects once, where anybody may push", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{}
		for _, tag := range []string{"two", "three", "four"} {
			require.NoError(t, tagger.Tag(ctx, image, b.Reference("agent:"+tag)))
		}
		assert.Equal(t, 1, b.Proxy.Count(http.MethodGet, "^/v2/$"))
		assert.Equal(t, 1, b.Proxy.Count(http.MethodPost, "/blobs/uploads/"), "whether it may push")
		for _, tag := range []string{"two", "three", "four"} {
			assert.Equal(t, strings.Split(image, "@")[1], registrytest.DigestOfImage(t, b.Pull(t, "agent:"+tag)))
		}
	})
	t.Run("asks once where credentials are wanted, and says so of each name", func(t *testing.T) {
		b, image := setting(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="test"`)})
		tagger := &Tagger{}
		var requests int
		for i, tag := range []string{"two", "three"} {
			err := tagger.Tag(ctx, image, b.Reference("agent:"+tag))
			var cannot *classify.CannotTagError
			require.ErrorAs(t, err, &cannot)
			require.ErrorContains(t, err, "tagging "+b.Reference("agent:"+tag)+": ")
			require.ErrorContains(t, err, "the registry wants credentials")
			cause := classify.Of(err)
			assert.Equal(t, classify.Permanent, cause.Class, "the engine goes on with what is to be made")
			assert.Contains(t, cause.Advice, "pass --registry-username and --registry-password")
			if i == 0 {
				requests = len(b.Proxy.Requests())
			}
		}
		assert.Len(t, b.Proxy.Requests(), requests)
	})
	t.Run("connects again after an answer that is about nothing in particular", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{Access: registry.Access{Pause: time.Millisecond}}
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusBadRequest, "")})
		err := tagger.Tag(ctx, image, b.Reference("agent:two"))
		assert.Equal(t, classify.Permanent, classify.Of(err).Class)
		b.Proxy.Script()
		require.NoError(t, tagger.Tag(ctx, image, b.Reference("agent:two")))
	})
	t.Run("gives the registry's answer to a name, once it is connected", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{}
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: registrytest.Answer(http.StatusServiceUnavailable, "")})
		err := tagger.Tag(ctx, image, b.Reference("agent:two"))
		var push *classify.PushError
		require.ErrorAs(t, err, &push)
		assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
	})
	t.Run("refuses what is no reference", func(t *testing.T) {
		require.Error(t, (&Tagger{}).Tag(ctx, "a", "A B"))
	})
}
