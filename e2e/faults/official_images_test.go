package faults

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

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestAnOfficialImageThatMoves: between the question for its digest and the build on it another
// image gets the tag.
func TestAnOfficialImageThatMoves(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 2)
		id := harness.Task(1)
		before := harness.Image(t, f.Official(id))
		proxy.Script(moves(t, f, id, harness.OfficialImage(t, "what gets the tag")))

		dir := f.Run(t, "--publisher", publisher)

		standsOn(t, f, dir, id, before)
	})
}

// TestOfficialImagesThatMoveAndAreAlike: the recipe runs on one of them, and the other's base image
// gets its layers.
func TestOfficialImagesThatMoveAndAreAlike(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FaultyFleet(t, 0)
	f.IDs = []string{"a__alike-1", "a__alike-2"}
	f.Dataset = harness.Written(t, "dataset.txt", strings.Join(f.IDs, "\n"))
	before := map[string]v1.Image{}
	var script []registrytest.Rule
	for i, id := range f.IDs {
		before[id] = harness.OnEnvironment(t, 0, id, harness.Copied)
		harness.Push(t, f.Official(id), before[id])
		script = append(script, moves(t, f, id, harness.OnEnvironment(t, 1+i, id+" moved", harness.Copied)))
	}
	proxy.Script(script...)

	dir := f.Run(t, "--share-bases", "trusted")

	rebased := 0
	for i, id := range f.IDs {
		standsOn(t, f, dir, id, before[id])
		if harness.Records(t, dir, "base-manifest.jsonl")[i].GraftedFrom != "" {
			rebased++
		}
	}
	assert.Equal(t, 1, rebased, "they were alike when they were asked for")
}

// moves has another image get an official image's tag as soon as the registry has told who has it,
// before anybody has the answer.
func moves(t *testing.T, f harness.Fleet, id string, to v1.Image) registrytest.Rule {
	t.Helper()
	var once sync.Once
	return registrytest.Rule{
		Path: harness.ManifestOfOfficial(id) + "latest", Times: 1,
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			answer := httptest.NewRecorder()
			registry.ServeHTTP(answer, r)
			once.Do(func() { harness.Push(t, f.Official(id), to) })
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = answer.Body.WriteTo(w) // The engine says so if it does not get all.
		},
	}
}

// standsOn: the images of an instance are made on this official image, and both the manifest and
// the registry say so. Its tag has moved.
func standsOn(t *testing.T, f harness.Fleet, dir, id string, official v1.Image) {
	t.Helper()
	asked, err := official.Digest()
	require.NoError(t, err)
	require.NotEqual(t, asked.String(), harness.Digest(t, f.Official(id)), "the tag has moved")
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		for _, made := range harness.Records(t, dir, file) {
			if made.InstanceID == id {
				assert.Equal(t, "built", made.Status)
				assert.Equal(t, asked.String(), made.OfficialDigest, file)
			}
		}
	}
	below := harness.Layers(t, official)
	for _, reference := range []string{f.Base(id), f.Agent(id)} {
		img := harness.Image(t, reference)
		assert.Equal(t, below, harness.Layers(t, img)[:len(below)], "%s stands on the image whose digest is recorded", reference)
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
	f, proxy := harness.FaultyFleet(t, 3)
	refused := registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
	proxy.Script(registrytest.Rule{Path: harness.ManifestOfOfficial(harness.Task(2)), Fault: refused})

	dir := f.Run(t, "--max-attempts", "3")

	want := map[string]string{harness.Task(1): "built", harness.Task(2): "failed", harness.Task(3): "built"}
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		all := harness.Records(t, dir, file)
		require.Equal(t, want, harness.Statuses(all), file)
		failed := all[1]
		assert.Equal(t, 1, failed.AttemptCount)
		require.NotNil(t, failed.Error)
		assert.Contains(t, *failed.Error, f.Official(harness.Task(2)))
		assert.Contains(t, *failed.Error, "401 Unauthorized")
		assert.Contains(t, *failed.Error, "docker login", "what to do")
	}
	assert.Equal(t, 1, proxy.Count("", harness.ManifestOfOfficial(harness.Task(2))), "it was asked for once")
}
