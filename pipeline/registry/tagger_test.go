package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestTag(t *testing.T) {
	t.Run("puts the image that was found under one more name, with one request", func(t *testing.T) {
		for _, media := range []types.MediaType{types.OCIManifestSchema1, types.DockerManifestSchema2} {
			b := newTestbed(t)
			img := b.push(t, "agent:one", layered(t, media, "one", "two"))
			client := b.connect(t, Access{})
			found, err := client.Find(ctx, b.reference("agent:one"))
			require.NoError(t, err)
			require.NoError(t, client.Tag(ctx, b.reference("agent:one@"+found.Digest), b.reference("agent:two")))
			assert.Equal(t, []string{"GET /v2/agent/manifests/one", "PUT /v2/agent/manifests/two"}, asked(b.proxy))
			for _, tag := range []string{"one", "two"} {
				assert.Equal(t, digestOfImage(t, img), digestOfImage(t, b.pull(t, "agent:"+tag)))
			}
			now, err := b.pull(t, "agent:two").MediaType()
			require.NoError(t, err)
			assert.Equal(t, media, now)
		}
	})
	t.Run("reads an image that it has not read lately", func(t *testing.T) {
		b := newTestbed(t)
		digest := digestOfImage(t, b.push(t, "agent:one", layered(t, types.OCIManifestSchema1, "one")))
		client := b.connect(t, Access{})
		require.NoError(t, client.Tag(ctx, b.reference("agent:one@"+digest), b.reference("agent:two")))
		assert.Equal(t, []string{"GET /v2/agent/manifests/" + digest, "PUT /v2/agent/manifests/two"}, asked(b.proxy))
		assert.Equal(t, digest, digestOfImage(t, b.pull(t, "agent:two")))
	})
	t.Run("replaces what has the name, and does not where tags are immutable", func(t *testing.T) {
		b := newTestbed(t)
		digest := digestOfImage(t, b.push(t, "agent:one", layered(t, types.OCIManifestSchema1, "one")))
		other := digestOfImage(t, b.push(t, "agent:two", layered(t, types.OCIManifestSchema1, "other")))
		client := b.connect(t, Access{})
		tag := func() error { return client.Tag(ctx, b.reference("agent:one@"+digest), b.reference("agent:two")) }

		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: onceEach(immutable["Quay"])})
		err := tag()
		var refused *pipeline.ImmutableError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, []string{other, digest}, []string{refused.Has, refused.Want})
		require.ErrorContains(t, err, "publishing "+b.reference("agent:two")+": tagging the manifest: ")

		b.proxy.Script()
		require.NoError(t, tag())
		assert.Equal(t, digest, digestOfImage(t, b.pull(t, "agent:two")))
	})
	t.Run("fails if the image has gone, and that is no answer to a push", func(t *testing.T) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		err := client.Tag(ctx, b.reference("agent:one@sha256:"+strings.Repeat("0", 64)), b.reference("agent:two"))
		require.ErrorContains(t, err, "reading "+b.reference("agent:one@sha256:000"))
		var push *pipeline.PushError
		assert.NotErrorAs(t, err, &push)
	})
	t.Run("is for names in the image's own repository", func(t *testing.T) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		at := "@sha256:" + strings.Repeat("0", 64)
		for image, to := range map[string]string{
			b.reference("agent:one" + at):  b.reference("base:one"),
			"other.example/agent:one" + at: b.reference("agent:two"),
			b.reference("agent:1" + at):    "other.example/agent:two",
			b.reference("agent:2" + at):    b.reference("agent:A B"),
			b.reference("agent:A B"):       b.reference("agent:two"),
		} {
			assert.Error(t, client.Tag(ctx, image, to))
		}
		assert.Empty(t, asked(b.proxy))
	})
}

// TestTagger: the engine's credentials are its own, so the registry decides what can be tagged without them.
func TestTagger(t *testing.T) {
	setting := func(t *testing.T) (b testbed, image string) {
		b = newTestbed(t)
		digest := digestOfImage(t, b.push(t, "agent:one", layered(t, types.OCIManifestSchema1, "one")))
		b.proxy.Script()
		return b, b.reference("agent:one@" + digest)
	}
	t.Run("connects once, where anybody may push", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{}
		for _, tag := range []string{"two", "three", "four"} {
			require.NoError(t, tagger.Tag(ctx, image, b.reference("agent:"+tag)))
		}
		assert.Equal(t, 1, b.proxy.Count(http.MethodGet, "^/v2/$"))
		assert.Equal(t, 1, b.proxy.Count(http.MethodPost, "/blobs/uploads/"), "whether it may push")
		for _, tag := range []string{"two", "three", "four"} {
			assert.Equal(t, strings.Split(image, "@")[1], digestOfImage(t, b.pull(t, "agent:"+tag)))
		}
	})
	t.Run("asks once where credentials are wanted, and says so of each name", func(t *testing.T) {
		b, image := setting(t)
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="test"`)})
		tagger := &Tagger{}
		var requests int
		for i, tag := range []string{"two", "three"} {
			err := tagger.Tag(ctx, image, b.reference("agent:"+tag))
			var cannot *pipeline.CannotTagError
			require.ErrorAs(t, err, &cannot)
			require.ErrorContains(t, err, "tagging "+b.reference("agent:"+tag)+": ")
			require.ErrorContains(t, err, "the registry wants credentials")
			cause := pipeline.CauseOf(err)
			assert.Equal(t, pipeline.KindPermanent, cause.Kind, "the engine goes on with what is to be made")
			assert.Contains(t, cause.Advice, "pass --registry-username and --registry-password")
			if i == 0 {
				requests = len(b.proxy.Requests())
			}
		}
		assert.Len(t, b.proxy.Requests(), requests)
	})
	t.Run("connects again after an answer that is about nothing in particular", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{}
		b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusBadRequest, "")})
		err := tagger.Tag(ctx, image, b.reference("agent:two"))
		assert.Equal(t, pipeline.KindPermanent, pipeline.CauseOf(err).Kind)
		b.proxy.Script()
		require.NoError(t, tagger.Tag(ctx, image, b.reference("agent:two")))
	})
	t.Run("gives the registry's answer to a name, once it is connected", func(t *testing.T) {
		b, image := setting(t)
		tagger := &Tagger{}
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: registrytest.Answer(http.StatusServiceUnavailable, "")})
		err := tagger.Tag(ctx, image, b.reference("agent:two"))
		var push *pipeline.PushError
		require.ErrorAs(t, err, &push)
		assert.Equal(t, pipeline.KindUnavailable, pipeline.CauseOf(err).Kind)
	})
	t.Run("refuses what is no reference", func(t *testing.T) {
		require.Error(t, (&Tagger{}).Tag(ctx, "a", "A B"))
	})
}
