package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copied is the step of a history that copied an instance's own files to a place that no recipe has
// to do with.
const copied = "COPY repo /testbed # buildkit"

func TestTheRecipeRunsOnceForBasesThatAreAlike(t *testing.T) {
	t.Parallel()
	const environments, each = 4, 5
	f, proxy := faultyFleet(t, 0)
	environment := map[string]int{}
	own := map[string]string{} // the instances' own layers
	for number := range environments * each {
		id := task(number)
		f.all, environment[id] = append(f.all, id), number%environments
		img := onEnvironment(t, environment[id], id, copied)
		all := layers(t, img)
		own[all[len(all)-1]] = id
		push(t, f.official(id), img)
	}
	f.dataset = written(t, "dataset.txt", strings.Join(f.all, "\n"))
	proxy.Script()

	out := f.run(t, "--share-bases", "trusted")

	ran, leaders := map[int]int{}, map[string]bool{}
	bases := records(t, out, "base-manifest.jsonl")
	require.Len(t, bases, environments*each)
	for _, base := range bases {
		assert.Equal(t, "built", base.Status)
		if base.GraftedFrom == "" {
			ran[environment[base.InstanceID]]++
			leaders[base.InstanceID] = true
			continue
		}
		assert.Equal(t, environment[base.InstanceID], environment[base.GraftedFrom], "rebased from another environment")
		assert.Equal(t, layers(t, image(t, f.base(base.GraftedFrom)))[2:], layers(t, image(t, f.base(base.InstanceID)))[2:], "the recipe's layers")
	}
	assert.Equal(t, map[int]int{0: 1, 1: 1, 2: 1, 3: 1}, ran, "how often the recipe ran, by environment")
	for layer, id := range own {
		if leaders[id] {
			continue // The recipe ran on it.
		}
		assert.Zero(t, proxy.Count("GET", "/blobs/"+layer), "the own layer of %s was downloaded", id)
	}
	for _, record := range records(t, out, "manifest.jsonl") {
		assert.Equal(t, "built", record.Status)
		config, err := image(t, f.agent(record.InstanceID)).ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, record.InstanceID, config.Config.Labels["own"], "a label of the official image")
		assert.Contains(t, config.Config.Env, "TOOLS=/opt/tools", "a variable of the recipe's")
	}
	summary, err := os.ReadFile(filepath.Join(out, "summary.md"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), "the recipe ran for 4 of 20 base images")
}

func TestBasesThatAreNotCertainlyAlikeAreBuiltTheLongWay(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, "a__copied-1", "a__copied-2", "a__ran-1", "a__ran-2", "a__system-1", "a__system-2", "a__user-1")
	for _, id := range f.all {
		img := onEnvironment(t, 0, id, map[string]string{
			"a__ran": "RUN /bin/sh -c /root/setup_repo.sh # buildkit", "a__system": "COPY sources.list /etc/apt # buildkit",
		}[id[:len(id)-2]])
		if strings.HasPrefix(id, "a__copied") || strings.HasPrefix(id, "a__user") {
			img = onEnvironment(t, 0, id, copied)
		}
		if id == "a__user-1" {
			img = configured(t, img, func(config *v1.ConfigFile) { config.Config.User = "somebody" })
		}
		push(t, f.official(id), img)
	}

	rebased := 0
	for _, base := range records(t, f.run(t, "--share-bases", "trusted"), "base-manifest.jsonl") {
		assert.Equal(t, "built", base.Status)
		if base.GraftedFrom != "" {
			rebased++
			assert.Contains(t, base.InstanceID, "copied")
		}
	}
	assert.Equal(t, 1, rebased)
	for _, base := range records(t, f.run(t, "--force-build"), "base-manifest.jsonl") {
		assert.Empty(t, base.GraftedFrom)
	}
}

// TestOfficialImagesShareNothingByDefault: an image that claims to differ from others in its own
// files only may have put others into them.
func TestOfficialImagesShareNothingByDefault(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, "a__genuine-1", "a__genuine-2", "a__hostile-1")
	below := image(t, engineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	for _, id := range f.all {
		path := "testbed/" + id
		if id == "a__hostile-1" {
			path = "usr/local/bin/apt-get"
		}
		img, err := mutate.Append(below, mutate.Addendum{Layer: fileLayer(t, path, 0o755, id), History: v1.History{CreatedBy: copied}})
		require.NoError(t, err)
		push(t, f.official(id), img)
	}
	for _, base := range records(t, f.run(t), "base-manifest.jsonl") {
		assert.Equal(t, "built", base.Status, base.Error)
		assert.Empty(t, base.GraftedFrom)
	}
	message := f.call(t, "assemble-all", "--share-bases", "auto", "total").message(t)
	assert.Contains(t, message, "use trusted if you vouch for the official images, or else never")
}

// TestARebasedBaseIsWhatTheRecipeMakes runs a recipe that installs packages and makes a user.
func TestARebasedBaseIsWhatTheRecipeMakes(t *testing.T) {
	t.Parallel()
	ids := []string{"real__one-1", "real__two-2"}
	below := image(t, engineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	official := fleetOf(t, ids...)
	for _, id := range ids {
		img, err := mutate.Append(below, mutate.Addendum{
			Layer: fileLayer(t, "testbed/"+id, 0o644, id), History: v1.History{CreatedBy: copied},
		})
		require.NoError(t, err)
		require.NoError(t, remote.Write(reference(t, official.official(id)), img))
	}
	bases := func(share string) map[string]record {
		f := fleetOf(t, ids...)
		f.template, f.sdk = official.template, filepath.Join(root, "testdata", "sdk")
		by := map[string]record{}
		for _, base := range records(t, f.run(t, "--share-bases", share), "base-manifest.jsonl") {
			require.Equal(t, "built", base.Status, base.Error)
			by[base.InstanceID] = base
		}
		return by
	}
	shared, long := bases("trusted"), bases("never")

	compared := 0
	for _, id := range ids {
		if shared[id].GraftedFrom == "" {
			continue
		}
		compared++
		rebased, built := image(t, shared[id].Tags[0]), image(t, long[id].Tags[0])
		want, got := files(t, built), files(t, rebased)
		for path, file := range want {
			assert.Equal(t, file, got[path], path)
		}
		assert.Len(t, got, len(want))
		assert.Contains(t, got, "testbed/"+id)
		assert.Greater(t, len(got), len(files(t, below)), "the recipe added nothing")
		a, err := rebased.ConfigFile()
		require.NoError(t, err)
		b, err := built.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, b.Config, a.Config)
	}
	assert.Equal(t, 1, compared, "one of the two is rebased from the other")
}

// onEnvironment is an official image of an environment's layer and a layer of an instance, with the
// step that made the latter.
func onEnvironment(t *testing.T, environment int, id, step string) v1.Image {
	t.Helper()
	name := fmt.Sprintf("environment-%d", environment)
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: randomLayer(t, name), History: v1.History{CreatedBy: "RUN /bin/sh -c /root/setup_env.sh # buildkit"}},
		mutate.Addendum{Layer: randomLayer(t, id), History: v1.History{CreatedBy: step}},
	)
	require.NoError(t, err)
	return configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.Env = []string{"ENVIRONMENT=" + name}
		config.Config.Labels = map[string]string{"own": id}
	})
}

// fileLayer is a layer of one file.
func fileLayer(t *testing.T, path string, mode int64, text string) v1.Layer {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	require.NoError(t, writer.WriteHeader(&tar.Header{Name: path, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(text))}))
	_, err := writer.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.DockerLayer))
	require.NoError(t, err)
	return layer
}

// timely are files in which the recipe's programs write the time, so that they differ whenever it
// runs.
var timely = []string{"var/log/", "var/cache/ldconfig/aux-cache"}

// files of an image, as a container sees them: what each is, without its time.
func files(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	flat := mutate.Extract(img)
	defer flat.Close()
	found := map[string]string{}
	for archive := tar.NewReader(flat); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		content := sha256.New()
		_, err = io.Copy(content, archive)
		require.NoError(t, err)
		path := strings.TrimSuffix(header.Name, "/")
		description := fmt.Sprintf("%c %o %d:%d %s", header.Typeflag, header.Mode, header.Uid, header.Gid, header.Linkname)
		if !startsWithAny(path, timely) {
			description += fmt.Sprintf(" %d %x", header.Size, content.Sum(nil))
		}
		found[path] = description
	}
}

func startsWithAny(text string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
