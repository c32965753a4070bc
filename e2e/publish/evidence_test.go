package publish

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestBasesShareTheRecipeByEvidence runs a recipe that installs packages and makes a user, once for
// images of two environments of one system, and once for an image that claims to be such a one. What
// is shared is what the recipe makes the long way, file by file.
func TestBasesShareTheRecipeByEvidence(t *testing.T) {
	t.Parallel()
	sample := harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	conda := []string{"opt/", "opt/miniconda3/", "opt/miniconda3/envs/"}
	system := onTop(t, sample, "RUN conda", conda...)
	images := map[string]v1.Image{
		"ev__repository-1": onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/setup.py"),
		"ev__repository-2": onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/setup.py", "testbed/lib/", "testbed/lib/a.py"),
		"ev__environment-3": onTop(t, onTop(t, system, "RUN /root/setup_env.sh", append(conda, "opt/miniconda3/envs/testbed/", "opt/miniconda3/envs/testbed/x")...),
			"RUN /root/setup_repo.sh", "testbed/", "testbed/setup.cfg"),
		"ev__system-4": onTop(t, system, harness.Copied, "usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/apt"),
	}
	var ids []string
	for id := range images {
		ids = append(ids, id)
	}
	official := harness.NewFleet(t, ids...)
	for id, img := range images {
		require.NoError(t, remote.Write(harness.Reference(t, official.Official(id)), img))
	}
	shared, long := sampleBases(t, official, "evidence"), sampleBases(t, official, "never")

	var rebased int
	for _, id := range ids {
		assert.Empty(t, shared[id].RebaseRefused, id)
		if shared[id].GraftedFrom == "" {
			continue
		}
		rebased++
		assert.NotContains(t, id+shared[id].GraftedFrom, "system", "it changes what the recipe runs")
		assertEqualImages(t, long[id].Tags[0], shared[id].Tags[0])
	}
	assert.Equal(t, 2, rebased, "the recipe runs once for the system, and once for the image that changes it")
}

// TestASecondRunReadsNoOfficialLayer: the first one kept what they have, beside its base images. An
// SDK with another Dockerfile makes new bases from the same official images.
func TestASecondRunReadsNoOfficialLayer(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FaultyFleet(t, 0)
	sample := harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	f.IDs = harness.Tasks(1, 2, 3)
	var layers []string
	for _, id := range f.IDs {
		img := onTop(t, sample, "RUN /root/setup_repo.sh", "testbed/", "testbed/"+f.Prefix+id)
		layers = append(layers, harness.Layers(t, img)...)
		harness.Push(t, f.Official(id), img)
	}
	f.Dataset = harness.Written(t, "dataset.txt", strings.Join(f.IDs, "\n"))
	share := func() (read int) {
		var reads atomic.Int32
		count := func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			if strings.Contains(r.UserAgent(), "go-containerregistry") { // The engine pulls the image that the recipe runs on.
				reads.Add(1)
			}
			registry.ServeHTTP(w, r)
		}
		proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: "/blobs/(" + strings.Join(layers, "|") + ")$", Fault: count})
		shared := 0
		for _, base := range harness.Records(t, f.Run(t, "--share-bases", "evidence"), "base-manifest.jsonl") {
			require.Equal(t, "built", base.Status, base.Error)
			if base.GraftedFrom != "" {
				shared++
			}
		}
		assert.Equal(t, 2, shared, "the recipe runs once")
		return int(reads.Load())
	}

	below := len(harness.Layers(t, sample))
	assert.Equal(t, below+3, share(), "each layer is read once")
	assert.Len(t, f.Kept(t), 3)

	text, err := os.ReadFile(filepath.Join(harness.TinySDK(), harness.DockerfilePath))
	require.NoError(t, err)
	f.SDK = harness.ChangedSDK(t, harness.DockerfilePath, string(text)+"# another one\n")
	f.SHA, f.Key = strings.Repeat("5", 40), harness.DockerfileKey(t, f.SDK)
	assert.Zero(t, share())
	assert.Len(t, f.Kept(t), 3)
	assert.Len(t, f.Bases(t), 3+3, "two generations of bases")
}

// onTop is an image with one more layer of these paths, which this step made.
func onTop(t *testing.T, below v1.Image, step string, paths ...string) v1.Image {
	t.Helper()
	img, err := mutate.Append(below, mutate.Addendum{Layer: registrytest.PathsLayer(t, paths...), History: v1.History{CreatedBy: step}})
	require.NoError(t, err)
	return img
}
