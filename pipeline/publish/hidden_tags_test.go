package publish

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// virtual answers as Artifactory does where a virtual repository lacks a tag: by a stand-in; never
// run against Artifactory.
// https://github.com/sigstore/cosign/issues/2973
func virtual(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	answer := httptest.NewRecorder()
	registry.ServeHTTP(answer, r)
	if answer.Code == http.StatusNotFound {
		registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"UNAUTHORIZED","message":"The client does not have permission for manifest: `+
			`Download request for repo:path 'docker-cache:agent/x/list.manifest.json' is forbidden for user: 'me'."}]}`)(w, r, nil)
		return
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes()) // A client that has gone needs no answer.
}

// TestARegistryThatDoesNotSayWhatItLacks: nothing is taken for absent, one error names the way out,
// and that way is one.
func TestARegistryThatDoesNotSayWhatItLacks(t *testing.T) {
	hides := registrytest.Rule{Method: http.MethodGet, Path: "/manifests/", Fault: virtual}
	t.Run("ends a run with one error", func(t *testing.T) {
		f := newFleet(t)
		f.direct(t, registry.Access{})
		f.Proxy.Script(hides)
		_, err := f.runner.Run(ctx, f.plan)
		require.ErrorContains(t, err, "403 Forbidden: UNAUTHORIZED The client does not have permission for manifest")
		require.ErrorContains(t, err, classify.AdviceHidden)
		assert.Contains(t, classify.AdviceHidden, "--force-build")
		assert.Len(t, f.Proxy.Requests(), 2, "the builder, and the first base image")
	})
	t.Run("ends a run whose base images are there as well", func(t *testing.T) {
		f := newFleet(t)
		f.withAllBases(t)
		f.direct(t, registry.Access{})
		result := f.run(t, hides)
		assert.Len(t, result.Failed(), fleetSize)
		assert.Less(t, len(f.Proxy.Requests()), fleetSize/2, "it is not asked for all images")
	})
	eachPublisher(t, func(t *testing.T, f *fleet, _, _ int) {
		f.runner.Force = true
		result := f.run(t, hides)
		f.built(t, result)
		for i := range f.plan.Items {
			f.known[f.plan.Items[i].Base] = string(result.Bases[i].Digest)
		}
		f.holds(t, result)
	})
}
