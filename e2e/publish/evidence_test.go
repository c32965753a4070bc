package publish

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
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
	bases := func(share string) map[string]harness.Record {
		f := harness.NewFleet(t, ids...)
		f.Template, f.SDK = official.Template, filepath.Join(harness.Root, "testdata", "sdk")
		by := map[string]harness.Record{}
		for _, base := range harness.Records(t, f.Run(t, "--share-bases", share), "base-manifest.jsonl") {
			require.Equal(t, "built", base.Status, base.Error)
			by[base.InstanceID] = base
		}
		return by
	}
	shared, long := bases("evidence"), bases("never")

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

// assertEqualImages compares two images file by file, and by their configs.
func assertEqualImages(t *testing.T, want, got string) {
	t.Helper()
	built, rebased := harness.Image(t, want), harness.Image(t, got)
	files, others := harness.Files(t, built), harness.Files(t, rebased)
	for path, file := range files {
		assert.Equal(t, file, others[path], path)
	}
	assert.Len(t, others, len(files))
	a, err := built.ConfigFile()
	require.NoError(t, err)
	b, err := rebased.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, a.Config, b.Config)
}

// onTop is an image with one more layer, which this step made. A path that ends in "/" is a
// directory.
func onTop(t *testing.T, below v1.Image, step string, paths ...string) v1.Image {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, path := range paths {
		header := &tar.Header{Name: path, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(path))}
		if strings.HasSuffix(path, "/") {
			header.Typeflag, header.Mode, header.Size = tar.TypeDir, 0o755, 0
		}
		require.NoError(t, w.WriteHeader(header))
		_, err := io.WriteString(w, path[:header.Size])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.DockerLayer))
	require.NoError(t, err)
	img, err := mutate.Append(below, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: step}})
	require.NoError(t, err)
	return img
}
