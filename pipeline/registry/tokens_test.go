package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestNoTokenIsForManyRepositories(t *testing.T) {
	const officials = 30
	access := Access{Username: "me", Password: registrytest.Password}
	r := registrytest.NewTokenRegistry(t)
	client := connect(t, r.Bed, access)
	layer := addition(t, r.Bed, client).Layer
	for i := range officials {
		official := fmt.Sprintf("official-%d", i)
		r.Push(t, official+":latest", registrytest.Layered(t, types.OCIManifestSchema1, "common", official))
		found, err := client.Find(ctx, r.Reference(official+":latest"))
		require.NoError(t, err)
		image, err := client.Image(ctx, r.Reference(official+"@"+found.Digest))
		require.NoError(t, err)
		rebased, err := oci.Compose(image, oci.Addition{Layer: layer})
		require.NoError(t, err)
		require.NoError(t, client.Put(ctx, rebased, r.Reference("base:"+official)), "its layers are mounted")
	}
	for _, scopes := range r.Scopes {
		assert.LessOrEqual(t, len(strings.Fields(scopes)), 6, scopes)
	}
	assert.Equal(t, 1+officials, r.Issued, "one for the client's own repositories, and one for each other")
	assert.Equal(t, officials, r.Proxy.Count(http.MethodGet, "/official-.*/manifests/"))

	t.Run("and a repository of others that may not be read is refused like any other", func(t *testing.T) {
		r.Denied = "secret"
		_, err := client.Find(ctx, r.Reference("secret:latest"))
		require.ErrorContains(t, err, "401 Unauthorized")
		assert.Equal(t, classify.AdviceNoRight, classify.Of(err).Advice)
	})
}

// TestTokensExpireInAFanOut: all workers meet the end of a token at about the same time, again and
// again.
func TestTokensExpireInAFanOut(t *testing.T) {
	for name, offline := range map[string]bool{
		"by the password": false, "refresh tokens are not used: the library would race for them": true,
	} {
		t.Run(name, func(t *testing.T) { testTokensExpireInAFanOut(t, offline) })
	}
}

func testTokensExpireInAFanOut(t *testing.T, offline bool) {
	const images, workers, life = 150, 12, 250
	r := registrytest.NewTokenRegistry(t)
	r.Offline = offline
	client := connect(t, r.Bed, Access{Username: "me", Password: registrytest.Password})
	add := addition(t, r.Bed, client)
	var all []*oci.Composed
	for i := range images {
		all = append(all, composedOn(t, r.Bed, client, fmt.Sprint("image-", i), add))
	}
	r.Life = life
	before := r.Issued

	putting := pool.New().WithErrors().WithMaxGoroutines(workers)
	for i, composed := range all {
		putting.Go(func() error { return client.Put(ctx, composed, r.Reference(fmt.Sprint("agent:image-", i))) })
	}

	require.NoError(t, putting.Wait(), "no token that expires is taken for wrong credentials")
	generations := r.Served / life
	require.Greater(t, generations, 2)
	assert.GreaterOrEqual(t, r.Issued-before, generations-1, "tokens were renewed")
	assert.LessOrEqual(t, r.Issued-before, (generations+1)*workers, "and by each worker at most once a time")
	assert.Equal(t, images, r.Proxy.Count(http.MethodPut, "agent/manifests/image-"))
}
