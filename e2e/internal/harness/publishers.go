package harness

import (
	"net/http"
	"strings"
	"testing"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// EachPublisher runs a test with both, at a time.
func EachPublisher(t *testing.T, test func(t *testing.T, publisher string)) {
	t.Helper()
	t.Parallel()
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			test(t, publisher)
		})
	}
}

// ManifestOf is what the path of an instance's agent image matches.
func ManifestOf(id string) string { return "/agent/manifests/.*" + id }

// ManifestOfOfficial is what the path of an instance's official image matches, by its tag and by
// its digest.
func ManifestOfOfficial(id string) string { return "/official/" + id + "/manifests/" }

const (
	// RequestsPerImage is what an agent image costs that is made on a base which the registry has:
	// is there the image, is there the base, the base's config, a mount of the layer that no other
	// image has, two for the new config, and the manifest.
	RequestsPerImage = 7
	// RequestsPerRun is what a run costs beside that: a handshake, two for each repository to know
	// whether it may push there, the builder, and whether the base images' repository answers.
	RequestsPerRun = 9
	// RequestsPerLayer is what the layers cost that several images have: their mounts, and the
	// agent layer's manifest and config.
	RequestsPerLayer = 8
)

// FleetWithoutAgents has the builder and the base images of ten instances in its registry, and
// their agent images no more. The bases are others than the engine made: the layers of those it
// would have anyway, and would not have to read.
func FleetWithoutAgents(t *testing.T, publisher string) (Fleet, *registrytest.Proxy) {
	t.Helper()
	f, proxy := FaultyFleet(t, 10)
	f.Makes(t, "built", publisher)
	for _, id := range f.IDs {
		Remove(t, f.Agent(id))
		Push(t, f.Base(id), LabelledLike(t, OfficialImage(t, f.Prefix+id), Image(t, f.Base(id))))
	}
	return f, proxy
}

// OnlyTheEngine asks the module's own requests for a password. The engine's pass, as if it had one.
func OnlyTheEngine(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	if !strings.Contains(r.UserAgent(), "go-containerregistry") {
		registry.ServeHTTP(w, r)
		return
	}
	registrytest.Answer(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="test"`)(w, r, nil)
}
