package e2e

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// manifestOfOfficial is what the path of an instance's official image matches, by its tag and by its digest.
func manifestOfOfficial(id string) string { return "/official/" + id + "/manifests/" }

// TestAnOfficialImageThatMoves: between the question for its digest and the build on it another image gets the tag.
func TestAnOfficialImageThatMoves(t *testing.T) {
	t.Parallel()
	f, proxy := faultyFleet(t, 2)
	id := task(1)
	before, after := image(t, f.official(id)), officialImage(t, "what gets the tag")
	asked, err := before.Digest()
	require.NoError(t, err)
	var once sync.Once
	proxy.Script(registrytest.Rule{
		Path: manifestOfOfficial(id) + "latest", Times: 1,
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			answer := httptest.NewRecorder()
			registry.ServeHTTP(answer, r)
			once.Do(func() { push(t, f.official(id), after) }) // Before anybody has the answer.
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = answer.Body.WriteTo(w) // The engine says so if it does not get all.
		},
	})

	dir := f.run(t)

	require.NotEqual(t, asked.String(), digest(t, f.official(id)), "the tag has moved")
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		made := records(t, dir, file)[0]
		assert.Equal(t, "built", made.Status)
		assert.Equal(t, asked.String(), made.OfficialDigest, file)
	}
	below := layers(t, before)
	assert.Equal(t, below, layers(t, image(t, f.base(id)))[:len(below)], "the base stands on the image whose digest is recorded")
	config, err := image(t, f.base(id)).ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, asked.String(), config.Config.Labels["eval-images.official.digest"])
}

// TestAPullThatIsRefused costs its image, once: other credentials do not come by themselves.
func TestAPullThatIsRefused(t *testing.T) {
	t.Parallel()
	f, proxy := faultyFleet(t, 3)
	refused := registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
	proxy.Script(registrytest.Rule{Path: manifestOfOfficial(task(2)), Fault: refused})

	dir := f.run(t, "--max-retries", "3")

	want := map[string]string{task(1): "built", task(2): "failed", task(3): "built"}
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		all := records(t, dir, file)
		require.Equal(t, want, statuses(all), file)
		failed := all[1]
		assert.Equal(t, 1, failed.AttemptCount)
		require.NotNil(t, failed.Error)
		assert.Contains(t, *failed.Error, f.official(task(2)))
		assert.Contains(t, *failed.Error, "401 Unauthorized")
		assert.Contains(t, *failed.Error, "docker login", "what to do")
	}
	assert.Equal(t, 1, proxy.Count("", manifestOfOfficial(task(2))), "it was asked for once")
}
