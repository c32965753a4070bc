package official

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/evidence"
)

// system is as much of Debian as a layer may repeat.
func system(t *testing.T) v1.Image {
	t.Helper()
	var archive bytes.Buffer
	require.NoError(t, writeEntries(&archive, []entry{
		directory("./", 0o755), symlink("./bin", "usr/bin"), directory("./etc/", 0o755), directory("./opt/", 0o755),
		directory("./root/", 0o700), file("./root/.bashrc", 0o644, ""), directory("./tmp/", 0o1777),
		directory("./usr/", 0o755), directory("./usr/bin/", 0o755), directory("./usr/local/", 0o755), directory("./usr/local/bin/", 0o755),
		directory("./var/", 0o755), directory("./var/lib/", 0o755), directory("./var/lib/dpkg/", 0o755), directory("./var/lib/dpkg/info/", 0o755),
	}))
	below, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	require.NoError(t, err)
	img, err := mutate.AppendLayers(empty.Image, below)
	require.NoError(t, err)
	return img
}

// sets are one of each kind.
func sets(t *testing.T) map[string]*Set {
	t.Helper()
	all := map[string]*Set{"classic": {}, "flat": {Generation: Flat}, "flat, zstd": {Generation: Flat, Zstd: true}}
	for _, set := range all {
		set.System, set.Environments = system(t), 2
		set.Environment, set.Repository = Size{Files: 60, Bytes: 100_000}, Size{Files: 30, Bytes: 10_000}
	}
	return all
}

func each(t *testing.T, test func(t *testing.T, set *Set)) {
	t.Helper()
	for name, set := range sets(t) {
		t.Run(name, func(t *testing.T) { test(t, set) })
	}
}

func imageOf(t *testing.T, set *Set, instance int) v1.Image {
	t.Helper()
	img, err := set.Image(instance)
	require.NoError(t, err)
	return img
}

// stackOf reads an image as a run does.
func stackOf(t *testing.T, img v1.Image) evidence.Stack {
	t.Helper()
	config, err := img.ConfigFile()
	require.NoError(t, err)
	stack := evidence.Stack{Platform: "linux/amd64", Config: config.Config}
	layers, err := img.Layers()
	require.NoError(t, err)
	for i, layer := range layers {
		stored, err := layer.Compressed()
		require.NoError(t, err)
		read, digest, err := evidence.Inspect(stored)
		require.NoError(t, err)
		named, err := layer.Digest()
		require.NoError(t, err)
		assert.Equal(t, named.String(), digest)
		if read.Refused == "" {
			assert.Equal(t, config.RootFS.DiffIDs[i].String(), read.DiffID)
		}
		stack.Layers = append(stack.Layers, read)
	}
	return stack
}

func digestsOf(t *testing.T, img v1.Image) (all []string) {
	t.Helper()
	manifest, err := img.Manifest()
	require.NoError(t, err)
	for _, layer := range manifest.Layers {
		all = append(all, layer.Digest.String())
	}
	return all
}

func TestTheSameSeedMakesTheSameImages(t *testing.T) {
	first, second := sets(t), sets(t)
	for name := range first {
		t.Run(name, func(t *testing.T) {
			one, err := imageOf(t, first[name], 3).Digest()
			require.NoError(t, err)
			again, err := imageOf(t, second[name], 3).Digest()
			require.NoError(t, err)
			assert.Equal(t, one, again)
			second[name].Seed, second[name].common = 1, nil
			assert.NotEqual(t, digestsOf(t, imageOf(t, first[name], 3)), digestsOf(t, imageOf(t, second[name], 3)))
		})
	}
}

func TestImagesOfOneEnvironmentHaveItsLayersInCommon(t *testing.T) {
	each(t, func(t *testing.T, set *Set) {
		one, same, other := digestsOf(t, imageOf(t, set, 1)), digestsOf(t, imageOf(t, set, 3)), digestsOf(t, imageOf(t, set, 2))
		common := func(a, b []string) (n int) {
			for n < len(a) && a[n] == b[n] {
				n++
			}
			return n
		}
		own := map[Generation]int{Classic: 4, Flat: 2}[set.Generation] // The last one is empty, and all have it.
		assert.Equal(t, len(one)-own, common(one, same))
		assert.Equal(t, 3, common(one, other), "the system, conda and what comes before environments")
		const empty = "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1"
		assert.Equal(t, []string{empty, empty}, []string{one[len(one)-1], other[len(other)-1]}, "of a working directory that is there")
	})
}

func TestAnEnvironmentIsAsLargeAsItIsToBe(t *testing.T) {
	each(t, func(t *testing.T, set *Set) {
		set.Environment.Bytes = 1_000_000
		img := imageOf(t, set, 0)
		sizes, err := Unique(img, img)
		require.NoError(t, err)
		all := int64(0)
		for _, size := range sizes {
			all += size
		}
		assert.Greater(t, all, int64(1_000_000), "what is drawn does not compress below that")
		assert.Less(t, all, int64(1_400_000), "zstd leaves it as it is")
	})
}

func TestLayersAreWhatTheyWouldUnpackTo(t *testing.T) {
	each(t, func(t *testing.T, set *Set) {
		layers, err := imageOf(t, set, 0).Layers()
		require.NoError(t, err)
		for _, layer := range layers {
			content, err := layer.Uncompressed()
			require.NoError(t, err)
			archive, here := tar.NewReader(content), map[string]bool{}
			for {
				header, err := archive.Next()
				if err == io.EOF {
					break
				}
				require.NoError(t, err)
				if header.Typeflag == tar.TypeLink {
					assert.True(t, here[header.Linkname], "a hard link stands behind its file")
				}
				here[header.Name] = true
			}
		}
	})
}

// TestTheRecipeRunsOnceForAll: nothing that SWE-bench's scripts do above the system has to do with a
// recipe.
func TestTheRecipeRunsOnceForAll(t *testing.T) {
	recipe := evidence.NewExaminer(evidence.RecipeOf("RUN apt-get install git && mkdir /workspace"))
	each(t, func(t *testing.T, set *Set) {
		keys := map[string]bool{}
		for instance := range 4 {
			shared, err := recipe.Shared(stackOf(t, imageOf(t, set, instance)))
			require.NoError(t, err)
			assert.Less(t, shared.Layers, 4)
			keys[shared.Key] = true
		}
		assert.Len(t, keys, 1)
	})
}

// TestFlawsAreFound: an image with one has a key of its own, or none at all.
func TestFlawsAreFound(t *testing.T) {
	recipe := evidence.NewExaminer(evidence.RecipeOf("RUN apt-get install git && mkdir /workspace"))
	each(t, func(t *testing.T, set *Set) {
		sound, err := recipe.Shared(stackOf(t, imageOf(t, set, 0)))
		require.NoError(t, err)
		for _, flaw := range Flaws {
			t.Run(flaw.Name, func(t *testing.T) {
				img, err := set.Flawed(0, flaw)
				require.NoError(t, err)
				shared, err := recipe.Shared(stackOf(t, img))
				if flaw.Unreadable {
					require.Error(t, err)
				}
				if err == nil {
					assert.NotEqual(t, sound.Key, shared.Key)
					err = shared.Why
				}
				require.ErrorContains(t, err, flaw.Reason)
			})
		}
	})
}
