package publish

import (
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

// onTop is an image with one more layer of these paths, which this step made.
func onTop(t *testing.T, below v1.Image, step string, paths ...string) v1.Image {
	t.Helper()
	img, err := mutate.Append(below, mutate.Addendum{Layer: registrytest.PathsLayer(t, paths...), History: v1.History{CreatedBy: step}})
	require.NoError(t, err)
	return img
}
