package publish

import (
	"net/http"
	"strings"
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
	var rebased int
	for _, id := range ids {
		assert.Empty(t, shared[id].RebaseRefused, id)
		if shared[id].GraftedFrom != "" {
			rebased++
		}
		assertEqualImages(t, long[id].Tags[0], shared[id].Tags[0])
	}
	assert.Equal(t, 2, rebased)
	assert.Equal(t, 3, proxy.Count(http.MethodGet, "/manifests/"), "one manifest each, and the engine reads none")
	unique := map[string]bool{}
	for _, asked := range proxy.Requests() {
		if asked.Method == http.MethodGet && strings.Contains(asked.Path, "/blobs/") {
			_, digest, _ := strings.Cut(asked.Path, "/blobs/")
			assert.False(t, unique[digest], "%s moved twice", digest)
			unique[digest] = true
		}
	}
	assert.NotEmpty(t, unique)

	t.Run("and kept under their names where the user wants that", func(t *testing.T) {
		kept := harness.NewFleet(t, ids...)
		kept.Template = official.Template
		repository := kept.Registry + "/" + kept.Prefix + "/kept"
		kept.Run(t, "--share-bases", "evidence", "--mirror-repo", repository)
		for _, id := range ids {
			assert.Equal(t, harness.Digest(t, official.Official(id)), harness.Digest(t, repository+":"+id))
		}
	})
}
