package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAStrangersImageIsNotTaken: a dataset of somebody else's names official images whose last path
// segments are those of the genuine ones, so their base and agent images have the same names.
func TestAStrangersImageIsNotTaken(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f, proxy := faultyFleet(t, 2)
		evil := f
		evil.template = strings.Replace(f.template, "/official/", "/evil/", 1)
		evil.push(t, evil.all...)
		evil.makes(t, "built", publisher)
		remove(t, f.agent(task(2))) // Its base image is a stranger's, too.
		before := f.published(t)
		// says is what the genuine run finds out about an instance's image.
		says := func(id string) string {
			return "is taken by another image: official image: registry has " + evil.official(id) + ", plan has " + f.official(id)
		}

		proxy.Script()
		agents := failing(t, f, publisher)
		assert.Contains(t, agents[task(1)], "assemble "+task(1)+": "+f.agent(task(1))+" "+says(task(1)))
		assert.Contains(t, agents[task(2)], "base "+task(2)+": "+f.base(task(2))+" "+says(task(2)))
		for _, text := range agents {
			assert.Contains(t, text, "--force-build together with --instance-ids")
		}
		assert.Equal(t, before, f.published(t), "nothing is published over it")
		if publisher == "direct" {
			assert.Equal(t, 1, proxy.Count("", manifestOf(task(1))), "one request tells")
		}
		message := f.call(t, "check").message(t)
		assert.Contains(t, message, f.agent(task(1))+" "+says(task(1)))
		assert.Equal(t, 1, strings.Count(message, "→"), "what to do is told once")

		forced := records(t, f.run(t, "--publisher", publisher, "--force-build", "--instance-ids", task(1)), "manifest.jsonl")
		require.Len(t, forced, 1)
		assert.Equal(t, "built", forced[0].Status, forced[0].Error)
		assert.Equal(t, "--force-build", forced[0].RebuildReason)
		genuine := layers(t, image(t, f.official(task(1))))
		assert.Equal(t, genuine, layers(t, image(t, f.agent(task(1))))[:len(genuine)])
		assert.Equal(t, []string{task(2)}, keys(failing(t, f, publisher)), "the other one still fails")
	})
}

// TestAnotherSDKUnderTheSameNameIsNotTaken: a builder's name has seven digits of the SDK's commit,
// and nothing of its Dockerfile.
func TestAnotherSDKUnderTheSameNameIsNotTaken(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f := fleetOf(t, task(1))
		f.push(t, f.all...)
		f.makes(t, "built", publisher)
		builder := f.registry + "/" + f.prefix + "/builder:" + f.sha[:7]

		t.Run("a commit with the same first digits", func(t *testing.T) {
			fork := f
			fork.sha = f.sha[:7] + strings.Repeat("0", 33)
			says := " is taken by another image: SDK: registry has " + f.sha + ", plan has " + fork.sha
			assert.Contains(t, fork.call(t, "check").message(t), f.agent(task(1))+says)
			assert.Contains(t, refused(t, fork, publisher), "builder: "+builder+says)
		})
		t.Run("another Dockerfile", func(t *testing.T) {
			edited := f
			edited.sdk = editedSDK(t)
			edited.key = dockerfileKey(t, edited.sdk)
			require.NotEqual(t, f.agent(task(1)), edited.agent(task(1)), "its agent image has a name of its own")
			assert.Contains(t, refused(t, edited, publisher), "builder: "+builder+" is taken by another image: SDK's Dockerfile: registry has ")
			assert.Len(t, f.agents(t), 1, "no agent image has the other server")

			edited.run(t, "--publisher", publisher, "--force-build", "--instance-ids", task(1))
			edited.makes(t, "skipped_remote_exists", publisher)
			assert.Contains(t, refused(t, f, publisher), "SDK's Dockerfile", "now it is the first one that does not find its builder")
		})
	})
}

// TestAnUnlabelledImageIsTakenOnTrustOnly: somebody else's tools made it, and it says nothing of
// itself.
func TestAnUnlabelledImageIsTakenOnTrustOnly(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f := fleetOf(t, task(1), task(2))
		f.push(t, f.all...)
		f.makes(t, "built", publisher)
		push(t, f.agent(task(1)), officialImage(t, f.prefix))
		const says = " may be another image: it has no label for official image, SDK, SDK's Dockerfile, wrap, assembly, platform"

		failed := failing(t, f, publisher)
		assert.Equal(t, []string{task(1)}, keys(failed))
		assert.Contains(t, failed[task(1)], f.agent(task(1))+says)
		assert.Contains(t, failed[task(1)], "--trust-unlabelled")
		assert.Contains(t, f.call(t, "check").message(t), f.agent(task(1))+says)

		dir := f.run(t, "--publisher", publisher, "--trust-unlabelled")
		for _, record := range records(t, dir, "manifest.jsonl") {
			assert.Equal(t, "skipped_remote_exists", record.Status)
			require.NotNil(t, record.SkipReason)
			assert.Equal(t, map[string]string{task(1): "remote_image_unlabelled", task(2): "remote_image_exists"}[record.InstanceID], *record.SkipReason)
		}
		summary, err := os.ReadFile(filepath.Join(dir, "summary.md"))
		require.NoError(t, err)
		assert.Contains(t, string(summary), "skipped, `remote_image_unlabelled`: 1")
		f.call(t, "check", "--trust-unlabelled").succeeds(t)

		push(t, f.agent(task(1)), image(t, f.agent(task(2)))) // What it says counts all the same.
		assert.Contains(t, f.call(t, "check", "--trust-unlabelled").message(t), f.agent(task(1))+" is taken by another image: ")
	})
}

// TestLabelsAreThereToRead: each image of a run carries what it is, in its config and in its
// manifest.
func TestLabelsAreThereToRead(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f := fleetOf(t, task(1))
		f.push(t, f.all...)
		agent := records(t, f.run(t, "--publisher", publisher), "manifest.jsonl")[0]
		require.Equal(t, "built", agent.Status, agent.Error)
		builder := f.registry + "/" + f.prefix + "/builder:" + f.sha[:7]
		own := func(reference string) map[string]string { return ownLabels(t, image(t, reference)) }

		all := own(builder)
		assert.Regexp(t, "^"+f.key+"[0-9a-f]{57}$", all["eval-images.dockerfile"])
		assert.Equal(t, map[string]string{"eval-images.dockerfile": all["eval-images.dockerfile"], "eval-images.platform": "linux/amd64"}, all)
		all["eval-images.official.name"], all["eval-images.official.digest"] = f.official(task(1)), digest(t, f.official(task(1)))
		all[labelWrap] = "none"
		assert.Equal(t, all, own(f.base(task(1))))
		assembly := own(f.agent(task(1)))["eval-images.assembly"]
		assert.Regexp(t, "^[0-9a-f]{64}$", assembly)
		all["eval-images.assembly"] = assembly
		assert.Equal(t, all, own(f.agent(task(1))))

		for _, tag := range tags(t, f.prefix+"/builder") {
			if strings.Contains(tag, "-layer-") {
				assert.Equal(t, map[string]string{
					"eval-images.assembly": assembly, "eval-images.builder.digest": digest(t, builder), "eval-images.platform": "linux/amd64",
				}, own(f.registry+"/"+f.prefix+"/builder:"+tag))
			}
		}
	})
}

// ownLabels are the module's own labels of an image, which are its annotations as well.
func ownLabels(t *testing.T, img v1.Image) map[string]string {
	t.Helper()
	config, err := img.ConfigFile()
	require.NoError(t, err)
	manifest, err := img.Manifest()
	require.NoError(t, err)
	others := func(name, _ string) bool { return !strings.HasPrefix(name, "eval-images.") }
	labels, annotations := maps.Clone(config.Config.Labels), maps.Clone(manifest.Annotations)
	maps.DeleteFunc(labels, others)
	maps.DeleteFunc(annotations, others)
	assert.Equal(t, labels, annotations)
	return labels
}

// labelledLike is an image with the labels and annotations of another one.
func labelledLike(t *testing.T, img, like v1.Image) v1.Image {
	t.Helper()
	config, err := like.ConfigFile()
	require.NoError(t, err)
	manifest, err := like.Manifest()
	require.NoError(t, err)
	img = configured(t, img, func(of *v1.ConfigFile) { of.Config.Labels = config.Config.Labels })
	return mutate.Annotations(img, manifest.Annotations).(v1.Image)
}

// failing are the errors of the agent images that a run does not make, by their instances.
func failing(t *testing.T, f fleet, publisher string) map[string]string {
	t.Helper()
	failed := map[string]string{}
	for _, record := range records(t, f.run(t, "--publisher", publisher), "manifest.jsonl") {
		if record.Status == "failed" {
			failed[record.InstanceID] = *record.Error
		}
	}
	return failed
}

// refused is the error of a run that ends before any image is made.
func refused(t *testing.T, f fleet, publisher string) string {
	t.Helper()
	return f.call(t, "assemble-all", "--publish", "--publisher", publisher, "total").message(t)
}

func keys(of map[string]string) []string {
	var all []string
	for key := range of {
		all = append(all, key)
	}
	return all
}

// editedSDK is the tiny SDK with one more line in its Dockerfile.
func editedSDK(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sdk")
	require.NoError(t, os.CopyFS(dir, os.DirFS(tinySDK())))
	path := filepath.Join(dir, dockerfilePath)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, "# Edited.\n"...), 0o644))
	return dir
}
