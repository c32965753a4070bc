package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestAManifestThatNamesNothingIsNoImage(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	for _, rest := range []string{
		`"layers":[]`, `"config":{},"layers":[]`, `"config":{"digest":"sha256:` + strings.Repeat("0", 64) + `"},"layers":[{}]`,
	} {
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+rest+"}")})
		_, err := client.Image(ctx, b.Reference("agent:x"))
		require.ErrorContains(t, err, "a config or a layer without a digest")
		assert.Len(t, b.Proxy.Requests(), 1, "nothing is asked for by a digest that is none")
	}
}

// TestAHostilePlaceToGoOn: an address that is none, or none of the web.
func TestAHostilePlaceToGoOn(t *testing.T) {
	for what, place := range map[string]string{
		"a file":              "file:///etc/passwd",
		"another scheme":      "gopher://127.0.0.1:1/x",
		"a scheme alone":      "http://",
		"an escape":           "/%zz",
		"a port that is none": "http://127.0.0.1:port/",
		"a password":          "http://me:" + registrytest.Password + "@127.0.0.1:1/x?signature=" + registrytest.Password,
	} {
		t.Run(what, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{Username: "me", Password: registrytest.Password})
			composed := composedOn(t, b, client, "one", addition(t, b, client))
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)})
			err := client.Put(ctx, composed, b.Reference("agent:one"))
			require.ErrorContains(t, err, "uploading the config")
			registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
			assert.NotContains(t, err.Error(), registrytest.Password)
		})
	}
}
