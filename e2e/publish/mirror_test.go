package publish

import (
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestOfficialImagesOfAnotherRegistryAreMirrored has official images in one registry and publishes
// to another.
func TestOfficialImagesOfAnotherRegistryAreMirrored(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FaultyFleet(t, 1)
	hub := f.Registry
	sample := harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	system := onTop(t, sample, "RUN conda", "opt/", "opt/miniconda3/", "opt/miniconda3/envs/")
	images := map[string]v1.Image{
		"mi__repository-1": onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/setup.py"),
		"mi__repository-2": onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/setup.py", "testbed/lib/", "testbed/lib/a.py"),
		"mi__repository-3": onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/setup.cfg"),
	}
	var ids []string
	for id := range images {
		ids = append(ids, id)
	}
	official := harness.NewFleet(t, ids...)
	official.Template = hub + "/" + official.Prefix + "/official/{instance_id}:latest"
	for id, img := range images {
		require.NoError(t, remote.Write(harness.Reference(t, official.Official(id)), img))
	}
	long := sampleBases(t, official, "never")
	proxy.Script()
	shared := sampleBases(t, official, "evidence")
	for _, asked := range proxy.Requests() {
		t.Log(asked.Method, asked.Path, asked.Status)
	}
	var rebased int
	for _, id := range ids {
		assert.Empty(t, shared[id].RebaseRefused, id)
		if shared[id].GraftedFrom != "" {
			rebased++
		}
		assertEqualImages(t, long[id].Tags[0], shared[id].Tags[0])
	}
	assert.Equal(t, 2, rebased)
	assert.Equal(t, 3, proxy.Count(http.MethodGet, "/manifests/"))
}
