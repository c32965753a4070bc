package skip

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestWrap: what sphinx-doc's images get on top of the SDK's recipe is in their base images, so
// that an agent image is never published without it.
func TestWrap(t *testing.T) {
	t.Parallel()
	const wrapped, failing, other = "sphinx-doc__sphinx-8273", "sphinx-doc__sphinx-8474", "team__task-1"
	f := harness.NewFleet(t, wrapped, failing, other)
	f.Push(t, other)
	harness.Push(t, f.Official(wrapped), harness.WithPythons(t, "#!/bin/sh\nid -u >>/wrapped\nprintf '%s\\n' \"$0\" \"$@\" >>/wrapped\n"))
	harness.Push(t, f.Official(failing), harness.WithPythons(t, "#!/bin/sh\necho no index today >&2\nexit 3\n"))
	dir := f.Run(t)
	agents, bases := harness.Records(t, dir, "manifest.jsonl"), harness.Records(t, dir, "base-manifest.jsonl")
	require.Equal(t, map[string]string{wrapped: "built", failing: "failed", other: "built"}, harness.Statuses(agents))
	at := slices.IndexFunc(agents, func(r harness.Record) bool { return r.InstanceID == wrapped })
	agent, base := harness.Image(t, agents[at].Tags[0]), harness.Image(t, agents[at].BaseTag)

	t.Run("the base image has what the wrap did, as root, with both Pythons", func(t *testing.T) {
		const did = "-m\npip\ninstall\n--no-deps\n--force-reinstall\ndocutils<0.21\nroman\n"
		done := "0\n/opt/miniconda3/envs/testbed/bin/python\n" + did + "0\n/opt/miniconda3/bin/python\n" + did
		assert.Equal(t, done, harness.FileIn(t, base, "wrapped"))
	})
	t.Run("its user is that of the official image", func(t *testing.T) {
		for _, img := range []v1.Image{base, agent} {
			config, err := img.ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, "nobody", config.Config.User)
		}
	})
	t.Run("the agent image adds the agent layer to it, and nothing else", func(t *testing.T) {
		below, all := harness.Layers(t, base), harness.Layers(t, agent)
		require.Len(t, all, len(below)+1)
		assert.Equal(t, below, all[:len(below)])
		plain := harness.Layers(t, harness.Image(t, f.Agent(other)))
		assert.Equal(t, plain[len(plain)-1], all[len(below)], "the agent layer is that of an image without a wrap")
	})
	t.Run("both have plain names, and their labels tell which wrap it was", func(t *testing.T) {
		assert.Equal(t, f.Base(wrapped), agents[at].BaseTag)
		assert.Equal(t, []string{f.Agent(wrapped)}, agents[at].Tags)
		key := wrapOf(t, base)
		assert.Regexp(t, `^[0-9a-f]{64}$`, key)
		assert.Equal(t, key, wrapOf(t, agent))
		assert.Equal(t, "none", wrapOf(t, harness.Image(t, f.Agent(other))))
	})
	t.Run("a wrap that fails leaves no tag, and what it said is in the error", func(t *testing.T) {
		assert.Equal(t, harness.TagsOf(agents, bases), f.Published(t))
		for _, agent := range agents {
			if agent.InstanceID == failing {
				assert.Empty(t, agent.Tags)
				require.NotNil(t, agent.Error)
				assert.Contains(t, *agent.Error, "exit code: 3")
				assert.Contains(t, *agent.Error, "no index today")
			}
		}
	})
}

// TestPipDoesWhatTheWrapSays: with the real thing, in an image that has Pythons where SWE-bench's
// have them, and packages for pip to find.
func TestPipDoesWhatTheWrapSays(t *testing.T) {
	t.Parallel()
	const sphinx = "sphinx-doc__sphinx-8035"
	samples := exec.Command("go", "run", "./hack/samples", "--registry", harness.HostRegistry, "--instances", sphinx)
	samples.Dir = harness.Root
	output, err := samples.CombinedOutput()
	require.NoError(t, err, "%s", output)
	f := harness.NewFleet(t, sphinx)
	f.Template = harness.EngineRegistry + "/swebench/sweb.eval.{arch}.{repo}_1776_{name}:latest"

	agent := harness.Records(t, f.Run(t), "manifest.jsonl")[0]

	require.Equal(t, "built", agent.Status, agent.Error)
	const custom = "sweb.eval.x86_64.sphinx-doc_1776_sphinx-8035"
	assert.Equal(t, []string{f.Agent(custom)}, agent.Tags, "the name that evaluators look for")
	official, wrapped := packages(t, harness.Image(t, agent.BaseImage)), packages(t, harness.Image(t, agent.Tags[0]))
	for _, python := range []string{"/opt/miniconda3", "/opt/miniconda3/envs/testbed"} {
		assert.Subset(t, official[python], []string{"docutils-0.21.2"})
		assert.NotContains(t, official[python], "roman-4.2")
		assert.Subset(t, wrapped[python], []string{"docutils-0.20.1", "roman-4.2"})
		assert.NotContains(t, wrapped[python], "docutils-0.21.2")
	}
}

// packages are the Python packages of an image, each with its version, by the directories of the
// Pythons.
func packages(t *testing.T, img v1.Image) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	installed := regexp.MustCompile(`^(.*)/lib/python3\.[0-9]+/site-packages/([^/]+)\.dist-info/METADATA$`)
	for path := range harness.Files(t, img) {
		if match := installed.FindStringSubmatch("/" + strings.TrimPrefix(path, "/")); match != nil {
			found[match[1]] = append(found[match[1]], match[2])
		}
	}
	return found
}

// TestOnlyAnImageWithItsWrapIsSkipped: a name does not tell the wrap, so what is there is held to
// the plan by its labels. They are compared alike for both publishers.
func TestOnlyAnImageWithItsWrapIsSkipped(t *testing.T) {
	t.Parallel()
	const publisher = "direct"
	const wrapped, other = "sphinx-doc__sphinx-8273", "team__task-1"
	f := harness.NewFleet(t, wrapped, other)
	f.Push(t, other)
	harness.Push(t, f.Official(wrapped), harness.WithPythons(t, "#!/bin/sh\necho wrapped >>/wrapped\n"))
	f.Makes(t, "built", publisher)
	f.Makes(t, "skipped_remote_exists", publisher)
	key := wrapOf(t, harness.Image(t, f.Agent(wrapped)))
	zeros, ones := strings.Repeat("0", 64), strings.Repeat("1", 64)
	says := func(registry, plan string) string {
		return " is taken by another image: wrap: registry has " + registry + ", plan has " + plan
	}

	// One image is not wrapped, and one without a wrap has got one.
	harness.Push(t, f.Agent(wrapped), wrappedIn(t, harness.Image(t, f.Agent(wrapped)), "none"))
	harness.Push(t, f.Agent(other), wrappedIn(t, harness.Image(t, f.Agent(other)), zeros))
	message := f.Call(t, "check").Message(t)
	assert.Contains(t, message, f.Agent(wrapped)+says("none", key))
	assert.Contains(t, message, f.Agent(other)+says(zeros, "none"))
	failed := failing(t, f, publisher)
	assert.Contains(t, failed[wrapped], f.Agent(wrapped)+says("none", key))
	assert.Contains(t, failed[other], f.Agent(other)+says(zeros, "none"))

	// The wrap has changed since, so the base image has the old one.
	harness.Remove(t, f.Agent(wrapped))
	harness.Push(t, f.Base(wrapped), wrappedIn(t, harness.Image(t, f.Base(wrapped)), ones))
	assert.Contains(t, failing(t, f, publisher)[wrapped], "base "+wrapped+": "+f.Base(wrapped)+says(ones, key))

	forced := harness.Records(t, f.Run(t, "--publisher", publisher, "--force-build", "--instance-ids", wrapped+","+other), "manifest.jsonl")
	assert.Equal(t, map[string]string{wrapped: "built", other: "built"}, harness.Statuses(forced))
	assert.Equal(t, "wrapped\nwrapped\n", harness.FileIn(t, harness.Image(t, f.Agent(wrapped)), "wrapped"))
	f.Call(t, "check").Succeeds(t)
}

// labelWrap says which wrap an image has.
const labelWrap = "eval-images.wrap"

// wrapOf is what an image's label and annotation tell of its wrap, which must be the same.
func wrapOf(t *testing.T, img v1.Image) string {
	t.Helper()
	config, err := img.ConfigFile()
	require.NoError(t, err)
	manifest, err := img.Manifest()
	require.NoError(t, err)
	assert.Equal(t, config.Config.Labels[labelWrap], manifest.Annotations[labelWrap])
	return config.Config.Labels[labelWrap]
}

// wrappedIn is an image that says that it has another wrap.
func wrappedIn(t *testing.T, img v1.Image, wrap string) v1.Image {
	t.Helper()
	img = registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.Labels[labelWrap] = wrap })
	return mutate.Annotations(img, map[string]string{labelWrap: wrap}).(v1.Image)
}
