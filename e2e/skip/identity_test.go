package skip

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestAStrangersImageIsNotTaken: a dataset of somebody else's names official images whose last path
// segments are those of the genuine ones, so their base and agent images have the same names.
func TestAStrangersImageIsNotTaken(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 2)
		evil := f
		evil.Template = strings.Replace(f.Template, "/official/", "/evil/", 1)
		evil.Push(t, evil.IDs...)
		evil.Makes(t, "built", publisher)
		harness.Remove(t, f.Agent(harness.Task(2))) // Its base image is a stranger's, too.
		before := f.Published(t)
		// says is what the genuine run finds out about an instance's image.
		says := func(id string) string {
			return "is taken by another image: official image: registry has " + evil.Official(id) + ", plan has " + f.Official(id)
		}

		proxy.Script()
		agents := failing(t, f, publisher)
		assert.Contains(t, agents[harness.Task(1)], "assemble "+harness.Task(1)+": "+f.Agent(harness.Task(1))+" "+says(harness.Task(1)))
		assert.Contains(t, agents[harness.Task(2)], "base "+harness.Task(2)+": "+f.Base(harness.Task(2))+" "+says(harness.Task(2)))
		for _, text := range agents {
			assert.Contains(t, text, "--force-build together with --instance-ids")
		}
		assert.Equal(t, before, f.Published(t), "nothing is published over it")
		if publisher == "direct" { // A check knows no publisher.
			assert.Equal(t, 1, proxy.Count("", harness.ManifestOf(harness.Task(1))), "one request tells")
			message := f.Call(t, "check").Message(t)
			assert.Contains(t, message, f.Agent(harness.Task(1))+" "+says(harness.Task(1)))
			assert.Equal(t, 1, strings.Count(message, "→"), "what to do is told once")
		}

		forced := harness.Records(t, f.Run(t, "--publisher", publisher, "--force-build", "--instance-ids", harness.Task(1)), "manifest.jsonl")
		require.Len(t, forced, 1)
		assert.Equal(t, "built", forced[0].Status, forced[0].Error)
		assert.Equal(t, "--force-build", forced[0].RebuildReason)
		genuine := harness.Layers(t, harness.Image(t, f.Official(harness.Task(1))))
		assert.Equal(t, genuine, harness.Layers(t, harness.Image(t, f.Agent(harness.Task(1))))[:len(genuine)])
		assert.Equal(t, []string{harness.Task(2)}, keys(failing(t, f, publisher)), "the other one still fails")
	})
}

// TestAnotherSDKUnderTheSameNameIsNotTaken: a builder's name has seven digits of the SDK's commit,
// and nothing of its Dockerfile. Labels are compared alike for both publishers, so here is one of
// them; that both read them, TestAStrangersImageIsNotTaken holds.
func TestAnotherSDKUnderTheSameNameIsNotTaken(t *testing.T) {
	t.Parallel()
	const publisher = "direct"
	f := harness.NewFleet(t, harness.Task(1))
	f.Push(t, f.IDs...)
	f.Makes(t, "built", publisher)
	builder := f.Registry + "/" + f.Prefix + "/builder:" + f.SHA[:7]

	t.Run("a commit with the same first digits", func(t *testing.T) {
		fork := f
		fork.SHA = f.SHA[:7] + strings.Repeat("0", 33)
		says := " is taken by another image: SDK: registry has " + f.SHA + ", plan has " + fork.SHA
		assert.Contains(t, fork.Call(t, "check").Message(t), f.Agent(harness.Task(1))+says)
		assert.Contains(t, refused(t, fork, publisher), "builder: "+builder+says)
	})
	t.Run("another Dockerfile", func(t *testing.T) {
		edited := f
		edited.SDK = editedSDK(t)
		edited.Key = harness.DockerfileKey(t, edited.SDK)
		require.NotEqual(t, f.Agent(harness.Task(1)), edited.Agent(harness.Task(1)), "its agent image has a name of its own")
		assert.Contains(t, refused(t, edited, publisher), "builder: "+builder+" is taken by another image: SDK's Dockerfile: registry has ")
		assert.Len(t, f.Agents(t), 1, "no agent image has the other server")

		edited.Run(t, "--publisher", publisher, "--force-build", "--instance-ids", harness.Task(1))
		edited.Makes(t, "skipped_remote_exists", publisher)
		assert.Contains(t, refused(t, f, publisher), "SDK's Dockerfile", "now it is the first one that does not find its builder")
	})
}

// TestAnUnlabelledImageIsTakenOnTrustOnly: somebody else's tools made it, and it says nothing of
// itself.
func TestAnUnlabelledImageIsTakenOnTrustOnly(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f := harness.NewFleet(t, harness.Task(1), harness.Task(2))
		f.Push(t, f.IDs...)
		f.Makes(t, "built", publisher)
		harness.Push(t, f.Agent(harness.Task(1)), harness.OfficialImage(t, f.Prefix))
		const says = " may be another image: it has no label for official image, SDK, SDK's Dockerfile, wrap, assembly, platform"

		failed := failing(t, f, publisher)
		assert.Equal(t, []string{harness.Task(1)}, keys(failed))
		assert.Contains(t, failed[harness.Task(1)], f.Agent(harness.Task(1))+says)
		assert.Contains(t, failed[harness.Task(1)], "--trust-unlabelled")

		dir := f.Run(t, "--publisher", publisher, "--trust-unlabelled")
		for _, record := range harness.Records(t, dir, "manifest.jsonl") {
			assert.Equal(t, "skipped_remote_exists", record.Status)
			require.NotNil(t, record.SkipReason)
			assert.Equal(t, map[string]string{harness.Task(1): "remote_image_unlabelled", harness.Task(2): "remote_image_exists"}[record.InstanceID], *record.SkipReason)
		}
		summary, err := os.ReadFile(filepath.Join(dir, "summary.md"))
		require.NoError(t, err)
		assert.Contains(t, string(summary), "skipped, `remote_image_unlabelled`: 1")

		if publisher == "engine" {
			return // A check knows no publisher.
		}
		assert.Contains(t, f.Call(t, "check").Message(t), f.Agent(harness.Task(1))+says)
		f.Call(t, "check", "--trust-unlabelled").Succeeds(t)
		harness.Push(t, f.Agent(harness.Task(1)), harness.Image(t, f.Agent(harness.Task(2)))) // What it says counts all the same.
		assert.Contains(t, f.Call(t, "check", "--trust-unlabelled").Message(t), f.Agent(harness.Task(1))+" is taken by another image: ")
	})
}

// TestLabelsAreThereToRead: each image of a run carries what it is, in its config and in its
// manifest.
func TestLabelsAreThereToRead(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f := harness.NewFleet(t, harness.Task(1))
		f.Push(t, f.IDs...)
		agent := harness.Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl")[0]
		require.Equal(t, "built", agent.Status, agent.Error)
		builder := f.Registry + "/" + f.Prefix + "/builder:" + f.SHA[:7]
		own := func(reference string) map[string]string { return ownLabels(t, harness.Image(t, reference)) }

		all := own(builder)
		assert.Regexp(t, "^"+f.Key+"[0-9a-f]{57}$", all["eval-images.dockerfile"])
		assert.Equal(t, map[string]string{"eval-images.dockerfile": all["eval-images.dockerfile"], "eval-images.platform": "linux/amd64"}, all)
		all["eval-images.official.name"], all["eval-images.official.digest"] = f.Official(harness.Task(1)), harness.Digest(t, f.Official(harness.Task(1)))
		all[labelWrap] = "none"
		assert.Equal(t, all, own(f.Base(harness.Task(1))))
		assembly := own(f.Agent(harness.Task(1)))["eval-images.assembly"]
		assert.Regexp(t, "^[0-9a-f]{64}$", assembly)
		all["eval-images.assembly"] = assembly
		assert.Equal(t, all, own(f.Agent(harness.Task(1))))

		for _, tag := range harness.Tags(t, f.Prefix+"/builder") {
			if strings.Contains(tag, "-layer-") {
				assert.Equal(t, map[string]string{
					"eval-images.assembly": assembly, "eval-images.builder.digest": harness.Digest(t, builder), "eval-images.platform": "linux/amd64",
				}, own(f.Registry+"/"+f.Prefix+"/builder:"+tag))
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

// failing are the errors of the agent images that a run does not make, by their instances.
func failing(t *testing.T, f harness.Fleet, publisher string) map[string]string {
	t.Helper()
	failed := map[string]string{}
	for _, record := range harness.Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl") {
		if record.Status == "failed" {
			failed[record.InstanceID] = *record.Error
		}
	}
	return failed
}

// refused is the error of a run that ends before any image is made.
func refused(t *testing.T, f harness.Fleet, publisher string) string {
	t.Helper()
	return f.Call(t, "assemble-all", "--publish", "--publisher", publisher, "total").Message(t)
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
	require.NoError(t, os.CopyFS(dir, os.DirFS(harness.TinySDK())))
	path := filepath.Join(dir, harness.DockerfilePath)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, "# Edited.\n"...), 0o644))
	return dir
}
