package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestImage(t *testing.T) {
	b := registrytest.NewBed(t)
	img := b.Push(t, "base:x", registrytest.Layered(t, types.OCIManifestSchema1, "one", "two"))
	digest := registrytest.DigestOfImage(t, img)
	client := connect(t, b, Access{})

	t.Run("is its manifest and its config, and no layer is read", func(t *testing.T) {
		got, err := client.Image(ctx, b.Reference("base:x@"+digest))
		require.NoError(t, err)
		want, err := img.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, want, got.Config)
		config, err := img.ConfigName()
		require.NoError(t, err)
		assert.Equal(t, []string{"GET /v2/base/manifests/" + digest, "GET /v2/base/blobs/" + config.String()}, registrytest.Asked(b.Proxy))
	})
	t.Run("goes on from what was found, and is read once", func(t *testing.T) {
		client := connect(t, b, Access{})
		_, err := client.Find(ctx, b.Reference("base:x"))
		require.NoError(t, err)
		for range 2 {
			got, err := client.Image(ctx, b.Reference("base:x@"+digest))
			require.NoError(t, err)
			assert.Equal(t, digest, got.Digest())
		}
		assert.Equal(t, 1, b.Proxy.Count("", "manifests/x"))
		assert.Equal(t, 0, b.Proxy.Count("", "manifests/sha256"))
		assert.Equal(t, 1, b.Proxy.Count("", "/blobs/"))
	})
	t.Run("is forgotten when many others were read since", func(t *testing.T) {
		client := connect(t, b, Access{})
		read := func() {
			_, err := client.Image(ctx, b.Reference("base@"+digest))
			require.NoError(t, err)
		}
		read()
		for i := range remembered {
			other := fmt.Sprintf("base:other-%d", i)
			b.Push(t, other, registrytest.Layered(t, types.OCIManifestSchema1, other))
			_, err := client.Image(ctx, b.Reference(other))
			require.NoError(t, err)
		}
		b.Proxy.Script()
		read()
		assert.Equal(t, 1, b.Proxy.Count("", "manifests/"+digest))
	})
	t.Run("is absent, and that is told from a config that is", func(t *testing.T) {
		_, err := client.Image(ctx, b.Reference("base:gone"))
		require.ErrorIs(t, err, classify.ErrAbsent)
		b.Proxy.Script(registrytest.Rule{Path: "/blobs/", Fault: registrytest.Answer(http.StatusNotFound, "")})
		_, err = client.Image(ctx, b.Reference("base:x"))
		require.ErrorContains(t, err, "reading the config")
		assert.NotErrorIs(t, err, classify.ErrAbsent)
	})
}

func TestAnImageThatIsNotWhatItShouldBeIsRefused(t *testing.T) {
	b := registrytest.NewBed(t)
	digest := registrytest.DigestOfImage(t, b.Push(t, "base:x", registrytest.Layered(t, types.OCIManifestSchema1, "one", "two")))
	oneLayerLess := `{"rootfs":{"type":"layers","diff_ids":["sha256:` + strings.Repeat("1", 64) + `"]}}`
	tests := map[string]struct{ path, body, says string }{
		"a manifest with another digest":              {"/manifests/", `{"schemaVersion":2}`, "the registry's answer has the digest"},
		"a config with another digest":                {"/blobs/", "{}", "the registry's answer has the digest"},
		"a config with another number of layers":      {"tag", manifestWith(oneLayerLess, 2), "its config has 1 layers, and its manifest 2"},
		"a manifest that is none":                     {"tag", "<html>", "reading the manifest"},
		"a config that is none, under its own digest": {"tag", manifestWith("<html>", 1), "reading the config"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			reference := b.Reference("base@" + digest)
			if test.path == "tag" {
				reference = b.Reference("base:tag")
			}
			client := connect(t, b, Access{})
			b.Proxy.Script(
				registrytest.Rule{Path: test.path, Fault: registrytest.Answer(http.StatusOK, test.body, "Content-Type", string(types.OCIManifestSchema1))},
				registrytest.Rule{Path: oci.DigestOf([]byte(oneLayerLess)).Hex, Fault: registrytest.Answer(http.StatusOK, oneLayerLess)},
				registrytest.Rule{Path: oci.DigestOf([]byte("<html>")).Hex, Fault: registrytest.Answer(http.StatusOK, "<html>")},
			)
			_, err := client.Image(ctx, reference)
			require.ErrorContains(t, err, test.says)
			assert.NotContains(t, err.Error(), "html")
		})
	}
}

// manifestWith is a manifest of so many layers, with this config.
func manifestWith(config string, layers int) string {
	layer := fmt.Sprintf(`{"mediaType":%q,"size":1,"digest":"sha256:%s"}`, types.OCILayer, strings.Repeat("2", 64))
	return fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":%q,"size":%d,"digest":%q},"layers":[%s]}`,
		types.OCIConfigJSON, len(config), oci.DigestOf([]byte(config)).String(), strings.TrimSuffix(strings.Repeat(layer+",", layers), ","))
}
