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

// TestAnswersToWhatIsPut: any of 200 to 202 is a success. Quay answered a manifest with 202 in
// 2017, others with 200.
func TestAnswersToWhatIsPut(t *testing.T) {
	put := func(t *testing.T, rule registrytest.Rule) (registrytest.Bed, *oci.Composed, error) {
		b := registrytest.NewBed(t)
		client := connect(t, b, Access{})
		composed := composedOn(t, b, client, "one", addition(t, b, client))
		b.Proxy.Script(rule)
		return b, composed, client.Put(ctx, composed, b.Reference("agent:one"))
	}
	const digest = "Docker-Content-Digest"
	skipped := map[string]int{http.MethodPost: 3} // The mounts.
	for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusAccepted} {
		for what, step := range map[string][2]string{
			"a manifest": {http.MethodPut, "/manifests/"}, "a config": {http.MethodPut, "/blobs/uploads/"}, "its beginning": {http.MethodPost, "/blobs/uploads/"},
		} {
			for how, without := range map[string][]string{"with its digest": nil, "without its digest": {digest}} {
				t.Run(fmt.Sprintf("%d for %s, %s", status, what, how), func(t *testing.T) {
					b, composed, err := put(t, registrytest.Rule{
						Method: step[0], Path: step[1], Skip: skipped[step[0]], Fault: registrytest.Status(status, without...),
					})
					require.NoError(t, err)
					assert.Equal(t, composed.Digest(), registrytest.DigestOfImage(t, b.Pull(t, "agent:one")))
				})
			}
		}
	}
	t.Run("200 for a tag that is not there is no success, but a page of something in front", func(t *testing.T) {
		_, _, err := put(t, registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.Page(http.StatusOK)})
		require.ErrorContains(t, err, "putting the manifest: PUT /v2/agent/manifests/one: 200 OK")
		assert.Equal(t, classify.Transient, classify.Of(err).Class)
	})
}

// TestATagThatIsImmutable: an image that is there is not failed.
func TestATagThatIsImmutable(t *testing.T) {
	for name, refuse := range registrytest.Immutable {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{})
			composed := composedOn(t, b, client, "one", addition(t, b, client))
			lost := registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Times: 1, Fault: registrytest.Lost()}
			b.Proxy.Script(lost, registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.OnceEach(refuse)})
			require.Error(t, client.Put(ctx, composed, b.Reference("agent:one")), "the answer is lost")
			require.NoError(t, client.Put(ctx, composed, b.Reference("agent:one")), "the tag has the image")
			assert.Equal(t, []string{"PUT manifest one", "PUT manifest one", "GET manifest one"}, steps(b.Proxy)[len(steps(b.Proxy))-3:])

			other := b.Push(t, "agent:two", registrytest.Layered(t, types.OCIManifestSchema1, "other"))
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/two$", Fault: registrytest.OnceEach(refuse)})
			err := client.Put(ctx, composed, b.Reference("agent:two"))
			for _, says := range []string{b.Reference("agent:two") + " is immutable", registrytest.DigestOfImage(t, other), composed.Digest()} {
				require.ErrorContains(t, err, says)
			}
			cause := classify.Of(&classify.PushError{Reference: b.Reference("agent:two"), Err: err})
			assert.Equal(t, classify.Permanent, cause.Class, "other images are not concerned")
			assert.Contains(t, cause.Advice, "does not replace tags")
			assert.Equal(t, []string{"PUT manifest two", "GET manifest two", "PUT manifest " + composed.Digest()}, steps(b.Proxy), "without the tag, the registry takes the image")
		})
	}
	for name, refuse := range map[string]registrytest.Fault{
		"invalid":    registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_INVALID"}]}`),
		"too large":  registrytest.Answer(http.StatusRequestEntityTooLarge, ""),
		"not theirs": registrytest.Answer(http.StatusForbidden, ""),
	} {
		t.Run("an image that is refused without its tag too is not blamed on the tag: "+name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{})
			composed := composedOn(t, b, client, "one", addition(t, b, client))
			b.Push(t, "agent:one", registrytest.Layered(t, types.OCIManifestSchema1, "other"))
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: refuse})
			err := client.Put(ctx, composed, b.Reference("agent:one"))
			require.ErrorContains(t, err, "putting the manifest: PUT /v2/agent/manifests/"+composed.Digest()+": ")
			assert.NotContains(t, err.Error(), "immutable")
		})
	}
	t.Run("whether a tag is immutable remains unknown while the registry does not answer", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, Access{})
		composed := composedOn(t, b, client, "one", addition(t, b, client))
		b.Push(t, "agent:one", registrytest.Layered(t, types.OCIManifestSchema1, "other"))
		b.Proxy.Script(
			registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.Answer(http.StatusConflict, "")},
			registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: registrytest.Answer(http.StatusServiceUnavailable, "")},
		)
		err := client.Put(ctx, composed, b.Reference("agent:one"))
		assert.Equal(t, classify.Unavailable, classify.Of(err).Class, "so that the run tries again")
	})
	t.Run("a tag that is refused and is not there keeps the registry's error", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, Access{})
		composed := composedOn(t, b, client, "one", addition(t, b, client))
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.Answer(http.StatusBadRequest, "")})
		require.EqualError(t, client.Put(ctx, composed, b.Reference("agent:one")), "putting the manifest: PUT /v2/agent/manifests/one: 400 Bad Request")
	})
}

// steps are the requests by what they do, in the order of their answers: "POST mount", "HEAD blob",
// "PUT manifest x".
func steps(proxy *registrytest.Proxy) []string {
	all := puts(proxy)
	for i, request := range proxy.Requests() {
		if strings.Contains(request.Path, "/blobs/sha256:") {
			all[i] = request.Method + " blob"
		}
	}
	return all
}
