package e2e

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// manifestOfOfficial is what the path of an instance's official image matches, by its tag and by
// its digest.
func manifestOfOfficial(id string) string { return "/official/" + id + "/manifests/" }

// TestAnOfficialImageThatMoves: between the question for its digest and the build on it another
// image gets the tag.
func TestAnOfficialImageThatMoves(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f, proxy := faultyFleet(t, 2)
		id := task(1)
		before := image(t, f.official(id))
		proxy.Script(f.moves(t, id, officialImage(t, "what gets the tag")))

		dir := f.run(t, "--publisher", publisher)

		f.standsOn(t, dir, id, before)
	})
}

// TestOfficialImagesThatMoveAndAreAlike: the recipe runs on one of them, and the other's base image
// gets its layers.
func TestOfficialImagesThatMoveAndAreAlike(t *testing.T) {
	t.Parallel()
	f, proxy := faultyFleet(t, 0)
	f.all = []string{"a__alike-1", "a__alike-2"}
	f.dataset = written(t, "dataset.txt", strings.Join(f.all, "\n"))
	before := map[string]v1.Image{}
	var script []registrytest.Rule
	for i, id := range f.all {
		before[id] = onEnvironment(t, 0, id, copied)
		push(t, f.official(id), before[id])
		script = append(script, f.moves(t, id, onEnvironment(t, 1+i, id+" moved", copied)))
	}
	proxy.Script(script...)

	dir := f.run(t, "--share-bases", "trusted")

	rebased := 0
	for i, id := range f.all {
		f.standsOn(t, dir, id, before[id])
		if records(t, dir, "base-manifest.jsonl")[i].GraftedFrom != "" {
			rebased++
		}
	}
	assert.Equal(t, 1, rebased, "they were alike when they were asked for")
}

// moves has another image get an official image's tag as soon as the registry has told who has it,
// before anybody has the answer.
func (f fleet) moves(t *testing.T, id string, to v1.Image) registrytest.Rule {
	t.Helper()
	var once sync.Once
	return registrytest.Rule{
		Path: manifestOfOfficial(id) + "latest", Times: 1,
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			answer := httptest.NewRecorder()
			registry.ServeHTTP(answer, r)
			once.Do(func() { push(t, f.official(id), to) })
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = answer.Body.WriteTo(w) // The engine says so if it does not get all.
		},
	}
}

// standsOn: the images of an instance are made on this official image, and both the manifest and
// the registry say so. Its tag has moved.
func (f fleet) standsOn(t *testing.T, dir, id string, official v1.Image) {
	t.Helper()
	asked, err := official.Digest()
	require.NoError(t, err)
	require.NotEqual(t, asked.String(), digest(t, f.official(id)), "the tag has moved")
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		for _, made := range records(t, dir, file) {
			if made.InstanceID == id {
				assert.Equal(t, "built", made.Status)
				assert.Equal(t, asked.String(), made.OfficialDigest, file)
			}
		}
	}
	below := layers(t, official)
	for _, reference := range []string{f.base(id), f.agent(id)} {
		img := image(t, reference)
		assert.Equal(t, below, layers(t, img)[:len(below)], "%s stands on the image whose digest is recorded", reference)
		config, err := img.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, asked.String(), config.Config.Labels["eval-images.official.digest"], reference)
		manifest, err := img.Manifest()
		require.NoError(t, err)
		assert.Equal(t, asked.String(), manifest.Annotations["eval-images.official.digest"], reference)
	}
}

// TestAPullThatIsRefused costs its image, once: other credentials do not come by themselves.
func TestAPullThatIsRefused(t *testing.T) {
	t.Parallel()
	f, proxy := faultyFleet(t, 3)
	refused := registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
	proxy.Script(registrytest.Rule{Path: manifestOfOfficial(task(2)), Fault: refused})

	dir := f.run(t, "--max-attempts", "3")

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
