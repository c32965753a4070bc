package publish

import (
	"net/http"
	"strings"
	"testing"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/plan/plantest"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHostileAnnotationsAreNoDigests: anybody who may push may annotate, and what is found goes in
// manifests and labels.
func TestHostileAnnotationsAreNoDigests(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	values := map[string]string{"a digest that is short": "sha256:0", "another digest": "md5:" + strings.Repeat("0", 32), "capitals": "sha256:" + strings.Repeat("A", 64)}
	for what, value := range datasettest.Hostile {
		values[what] = "sha256:" + strings.Repeat("0", 64) + value
	}
	delete(values, "a megabyte")
	for what, value := range values {
		t.Run(what, func(t *testing.T) {
			img := mutate.Annotations(registrytest.Layered(t, types.OCIManifestSchema1, "one"), map[string]string{
				plan.LabelBaseDigest: value, plan.LabelOfficialDigest: value,
			}).(v1.Image)
			manifest, err := img.RawManifest()
			require.NoError(t, err)
			b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, string(manifest))})
			found, err := Finder{client}.Find(ctx, b.Reference("agent:x"))
			require.NoError(t, err)
			err = plantest.WholeIdentity().Check("agent:x", found.Identity)
			found.Identity = plan.Identity{}
			assert.Equal(t, plan.Found{Digest: registrytest.DigestOfImage(t, img)}, found)
			registrytest.RequireLine(t, err.Error(), 2*redact.MaxLine)
		})
	}
}
