package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForceBuildMakesEveryImageAnew(t *testing.T) {
	t.Parallel()
	const id = "team__task-1"
	f := fleetOf(t, id)
	f.push(t, id)
	f.run(t)
	first := f.published(t)
	require.Len(t, first, 2)
	moved := officialImage(t, "another image under the same tag")
	push(t, f.official(id), moved)

	t.Run("without it nothing is, although the official image has changed", func(t *testing.T) {
		dir := f.run(t)
		assert.Equal(t, first, f.published(t))
		assert.Equal(t, map[string]string{id: "skipped_remote_exists"}, statuses(records(t, dir, "manifest.jsonl")))
	})
	t.Run("with it all three phases are", func(t *testing.T) {
		forged := forgeLayer(t, f)
		dir := f.run(t, "--force-build")
		for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl", "builder-manifest.jsonl"} {
			made := records(t, dir, file)
			require.Len(t, made, 1)
			assert.Equal(t, "built", made[0].Status, file)
		}
		now := f.published(t)
		assert.NotEqual(t, first[f.base(id)], now[f.base(id)])
		assert.NotEqual(t, first[f.agent(id)], now[f.agent(id)])
		below := layers(t, moved)
		assert.Equal(t, below, layers(t, image(t, f.agent(id)))[:len(below)], "it stands on the official image as it is now")
		assert.Equal(t, digest(t, f.official(id)), records(t, dir, "manifest.jsonl")[0].OfficialDigest)
		assert.NotContains(t, layers(t, image(t, f.agent(id))), forged, "the agent layer is made anew, too")
	})
}

// forgeLayer puts another layer in the place of the agent layer, with its labels, and returns that
// layer's digest.
func forgeLayer(t *testing.T, f fleet) string {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, randomLayer(t, "forged"))
	require.NoError(t, err)
	img = configured(t, img, func(config *v1.ConfigFile) { config.OS, config.Architecture = "linux", "amd64" })
	replaced := 0
	for _, tag := range tags(t, f.prefix+"/builder") {
		if at := f.registry + "/" + f.prefix + "/builder:" + tag; strings.Contains(tag, "-layer-") {
			push(t, at, labelledLike(t, img, image(t, at)))
			replaced++
		}
	}
	require.Equal(t, 1, replaced)
	return layers(t, img)[0]
}

func TestTags(t *testing.T) {
	t.Parallel()
	const one, two = "team__task-1", "team__task-2"
	f := fleetOf(t, one, two)
	f.push(t, one, two)
	main := func(id string) string { return f.agentTag(f.sha[:7] + "-" + f.key + "-" + id + "-source-acp") }
	further := func(tag, id string) string { return f.agentTag(tag + "-" + id + "-source-acp") }
	run := func(t *testing.T, tags string) []record {
		return records(t, f.run(t, "--target", "source", "--tag-suffix", "acp", "--tags", tags), "manifest.jsonl")
	}

	t.Run("target and suffix end the tags, and each image gets all of them", func(t *testing.T) {
		made := run(t, "nightly,stable")
		require.Len(t, made, 2)
		for i, id := range []string{one, two} {
			want := []string{main(id), further("nightly", id), further("stable", id)}
			assert.ElementsMatch(t, want, made[i].Tags)
			for _, tag := range want {
				assert.Equal(t, made[i].Digest, digest(t, tag))
			}
		}
		assert.Len(t, tags(t, f.prefix+"/agent"), 6)
	})
	t.Run("one that is missing is added by the next run, and nothing else changes", func(t *testing.T) {
		before := f.published(t)
		made := run(t, "nightly,weekly")
		now := f.published(t)
		assert.Len(t, now, len(before)+2)
		for reference, digest := range before {
			assert.Equal(t, digest, now[reference], reference)
		}
		assert.Equal(t, now[main(one)], now[further("weekly", one)])
		assert.Equal(t, tagsOf(made)[further("weekly", two)], now[further("weekly", two)])
	})
	t.Run("one that names another image is set right by the next run", func(t *testing.T) {
		copyImage(t, main(two), further("nightly", one))
		made := run(t, "nightly")
		assert.Equal(t, digest(t, main(one)), digest(t, further("nightly", one)))
		assert.Equal(t, tagsOf(made)[further("nightly", one)], digest(t, further("nightly", one)), "the manifest says what is so")
	})
}

// TestAFurtherTagChangesNoImage: what the images were made of has changed or gone since, and none
// of it is needed.
func TestAFurtherTagChangesNoImage(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		f, proxy := faultyFleet(t, 2)
		f.makes(t, "built", publisher)
		builder := f.registry + "/" + f.prefix + "/builder:" + f.sha[:7]
		push(t, f.base(task(1)), officialImage(t, "made anew by somebody else"))
		remove(t, f.base(task(2)))
		remove(t, builder)
		before, base := f.published(t), digest(t, f.base(task(1)))
		proxy.Script()

		made := records(t, f.run(t, "--publisher", publisher, "--tags", "nightly,weekly"), "manifest.jsonl")

		now := f.published(t)
		require.Len(t, made, 2)
		for i, id := range f.all {
			want := []string{f.agent(id), f.agentTag("nightly-" + id + "-source-minimal"), f.agentTag("weekly-" + id + "-source-minimal")}
			assert.Equal(t, "skipped_remote_exists", made[i].Status)
			assert.Equal(t, want, made[i].Tags)
			assert.Equal(t, before[f.agent(id)], made[i].Digest)
			for _, reference := range want {
				assert.Equal(t, before[f.agent(id)], now[reference], reference)
			}
		}
		assert.Len(t, now, len(before)+4)
		assert.Equal(t, base, now[f.base(task(1))])
		assert.NotContains(t, now, f.base(task(2)))
		assert.NotContains(t, tags(t, f.prefix+"/builder"), f.sha[:7])
		assert.Equal(t, 4, proxy.Count(http.MethodPut, ""), "the four tags")
		assert.Zero(t, proxy.Count(http.MethodPost, "mount="))
		assert.Zero(t, proxy.Count("", "/official/"), "which would be pulls")
		if publisher == "direct" { // A question for each name, and the tags.
			assert.Len(t, proxy.Requests(), requestsPerRun+len(f.all)*(3+2))
		}
	})
}

// testFlags: what flags mean without anything being built.
func (s *session) testFlags(t *testing.T) {
	t.Run("what is in the images is in their names", s.keysName)
	t.Run("a value that cannot be meant is one clear error", s.refusesValues)
	t.Run("a plan with --pin has the digests, and fails without one", s.planPins)
}

func (s *session) keysName(t *testing.T) {
	plan := func(module flags) planned {
		lines, err := s.plan(t, module, flags{"instanceIds": []string{"django__django-11099"}})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		return lines[0]
	}
	first := plan(nil)

	t.Run("a change of the SDK is one of builder and agent image", func(t *testing.T) {
		sdk := changedSDK(t, "server/python", "#!/bin/sh\n")
		changed := plan(flags{"sdk": directory(sdk)})
		assert.NotEqual(t, first.BuilderTag, changed.BuilderTag)
		assert.NotEqual(t, first.Tags, changed.Tags)
		assert.Equal(t, first.BaseTag, changed.BaseTag)
	})
	t.Run("a change of the Dockerfile is one of all three", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(tinySDK(), dockerfilePath))
		require.NoError(t, err)
		changed := plan(flags{"sdk": directory(changedSDK(t, dockerfilePath, string(text)+"USER nobody\n"))})
		assert.NotEqual(t, first.BuilderTag, changed.BuilderTag)
		assert.NotEqual(t, first.BaseTag, changed.BaseTag)
		assert.NotEqual(t, first.Tags, changed.Tags)
	})
	t.Run("what is only in a working copy is none", func(t *testing.T) {
		assert.Equal(t, first, plan(flags{"sdk": directory(changedSDK(t, "server/__pycache__/a.pyc", "bytecode"))}))
	})
	t.Run("a Dockerfile may be elsewhere", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(tinySDK(), dockerfilePath))
		require.NoError(t, err)
		moved := plan(flags{"sdk": directory(changedSDK(t, "docker/Containerfile", string(text))), "dockerfile": "docker/Containerfile"})
		assert.Equal(t, first.BaseTag, moved.BaseTag)
	})
}

// changedSDK is a copy of the tiny SDK with one file that is new or another.
func changedSDK(t *testing.T, path, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sdk")
	require.NoError(t, os.CopyFS(dir, os.DirFS(tinySDK())))
	at := filepath.Join(dir, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	return dir
}

func (s *session) refusesValues(t *testing.T) {
	tests := map[string]struct {
		module, flags flags
		says          []string
	}{
		"no attempt":                    {nil, flags{"maxAttempts": 0}, []string{"--max-attempts", "at least 1"}},
		"none by the flag's old name":   {nil, flags{"maxRetries": 0}, []string{"--max-attempts", "at least 1"}},
		"a timeout that is none":        {nil, flags{"timeout": "soon"}, []string{"--timeout", `"soon"`, "2000s"}},
		"a tag that no registry takes":  {nil, flags{"tags": []string{"nightly", "to day"}}, []string{`"to day"`, "tag"}},
		"a user without a password":     {nil, flags{"registryUsername": "me"}, []string{"--registry-username", "--registry-password"}},
		"a repository with a tag":       {flags{"baseRepo": "ghcr.io/me/base:1"}, nil, []string{"--base-repo", "ghcr.io/me/base:1"}},
		"a Dockerfile out of the SDK":   {flags{"dockerfile": "../Dockerfile"}, nil, []string{"../Dockerfile", "--dockerfile"}},
		"an SDK's name that is no word": {flags{"sdkSha": "; rm -rf /"}, nil, []string{"--sdk-sha", "; rm -rf /"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var total int
			err := s.do(t, test.module, "assembleAll", test.flags, "{total}", &total)
			require.Error(t, err)
			t.Log(err)
			for _, part := range test.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}

func (s *session) planPins(t *testing.T) {
	const there, missing = "team__task-1", "team__task-2"
	f := fleetOf(t, there, missing)
	f.push(t, there)
	module := flags{"imageTemplate": f.template}
	lines, err := s.plan(t, module, flags{"datasetFile": file(f.dataset), "instanceIds": []string{there}, "pin": true})
	require.NoError(t, err)
	require.Len(t, lines, 1)
	assert.Equal(t, digest(t, f.official(there)), lines[0].OfficialDigest)

	_, err = s.plan(t, module, flags{"datasetFile": file(f.dataset), "pin": true})
	require.ErrorContains(t, err, f.official(missing))
	assert.NotContains(t, err.Error(), f.official(there))
}
