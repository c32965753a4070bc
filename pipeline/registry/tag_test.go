package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestAnswersToWhatIsPut: any of 200 to 202 is a success. Quay answered a manifest with 202 in 2017, others with 200.
func TestAnswersToWhatIsPut(t *testing.T) {
	put := func(t *testing.T, rule registrytest.Rule) (testbed, *Composed, error) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		composed := b.composed(t, client, "one", b.addition(t, client))
		b.proxy.Script(rule)
		return b, composed, client.Put(ctx, composed, b.reference("agent:one"))
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
					assert.Equal(t, composed.Digest(), digestOfImage(t, b.pull(t, "agent:one")))
				})
			}
		}
	}
	t.Run("200 for a tag that is not there is no success, but a page of something in front", func(t *testing.T) {
		_, _, err := put(t, registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.Page(http.StatusOK)})
		require.ErrorContains(t, err, "tagging the manifest: PUT /v2/agent/manifests/one: 200 OK")
		assert.Equal(t, pipeline.KindTransient, pipeline.CauseOf(err).Kind)
	})
}

// immutable are the answers of registries that never put a tag twice.
var immutable = map[string]registrytest.Fault{
	"ECR (containers-roadmap#2380)": registrytest.Answer(http.StatusBadRequest,
		`{"errors":[{"code":"TAG_INVALID","message":"The image tag 'one' already exists in the 'agent' repository and cannot be overwritten because the repository is immutable."}]}`),
	"Harbor (moby/buildkit#3776)": registrytest.Answer(http.StatusPreconditionFailed,
		`{"errors":[{"code":"PRECONDITION","message":"Failed to process request due to 'one' configured as immutable."}]}`),
	"Quay": registrytest.Answer(http.StatusConflict, `{"errors":[{"code":"TAG_IMMUTABLE","message":"tag is immutable"}]}`),
	"a registry where only who may delete may replace": registrytest.Answer(http.StatusForbidden,
		`{"errors":[{"code":"DENIED","message":"not enough permissions to delete/overwrite artifact"}]}`),
}

// onceEach refuses to put a tag that the registry has.
func onceEach(refuse registrytest.Fault) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		if registrytest.Has(registry, r) {
			refuse(w, r, registry)
			return
		}
		registry.ServeHTTP(w, r)
	}
}

// TestATagThatIsImmutable: an image that is there is not failed.
func TestATagThatIsImmutable(t *testing.T) {
	for name, refuse := range immutable {
		t.Run(name, func(t *testing.T) {
			b := newTestbed(t)
			client := b.connect(t, Access{})
			composed := b.composed(t, client, "one", b.addition(t, client))
			lost := registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Times: 1, Fault: registrytest.Lost()}
			b.proxy.Script(lost, registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: onceEach(refuse)})
			require.Error(t, client.Put(ctx, composed, b.reference("agent:one")), "the answer is lost")
			require.NoError(t, client.Put(ctx, composed, b.reference("agent:one")), "the tag has the image")
			assert.Equal(t, []string{"PUT manifest one", "PUT manifest one", "GET manifest one"}, steps(b.proxy)[len(steps(b.proxy))-3:])

			other := b.push(t, "agent:two", layered(t, types.OCIManifestSchema1, "other"))
			b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/two$", Fault: onceEach(refuse)})
			err := client.Put(ctx, composed, b.reference("agent:two"))
			for _, says := range []string{b.reference("agent:two") + " is immutable", digestOfImage(t, other), composed.Digest()} {
				require.ErrorContains(t, err, says)
			}
			cause := pipeline.CauseOf(&pipeline.PushError{Reference: b.reference("agent:two"), Err: err})
			assert.Equal(t, pipeline.KindPermanent, cause.Kind, "other images are not concerned")
			assert.Contains(t, cause.Advice, "does not replace tags")
		})
	}
	t.Run("a tag that is refused and is not there keeps the registry's error", func(t *testing.T) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		composed := b.composed(t, client, "one", b.addition(t, client))
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Fault: registrytest.Answer(http.StatusBadRequest, "")})
		require.EqualError(t, client.Put(ctx, composed, b.reference("agent:one")), "tagging the manifest: PUT /v2/agent/manifests/one: 400 Bad Request")
	})
}

// steps are the requests by what they do, in the order of their answers: "POST mount", "HEAD blob", "PUT manifest x".
func steps(proxy *registrytest.Proxy) []string {
	all := puts(proxy)
	for i, request := range proxy.Requests() {
		if strings.Contains(request.Path, "/blobs/sha256:") {
			all[i] = request.Method + " blob"
		}
	}
	return all
}
