package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/require"
)

// fleet is a target whose images are made of small official images and the tiny SDK in no time, so
// that there can be many.
type fleet struct {
	target
	sha     string   // --sdk-sha
	key     string   // of the tiny SDK's Dockerfile, as tags have it
	all     []string // ids
	dataset string   // path of the file with the ids
}

// fleetOf has these instances, and no official images yet.
func fleetOf(t *testing.T, ids ...string) fleet {
	t.Helper()
	f := fleet{
		target: newTarget(t), sha: "43376f1d0e2b5c7a9f8e6d4c2b0a1f3e5d7c9b8a", key: tinyDockerfileKey(t),
		all: ids, dataset: written(t, "dataset.txt", strings.Join(ids, "\n")),
	}
	f.sdk = tinySDK()
	f.template = engineRegistry + "/" + f.prefix + "/official/{instance_id}:latest"
	return f
}

// push pushes the official images of some instances, many at a time. They are the same in every
// run.
func (f fleet) push(t *testing.T, ids ...string) {
	t.Helper()
	pushing := pool.New().WithErrors().WithMaxGoroutines(16)
	for _, id := range ids {
		to, img := reference(t, f.official(id)), officialImage(t, id)
		pushing.Go(func() error { return remote.Write(to, img) })
	}
	require.NoError(t, pushing.Wait())
}

// call calls a function of the module on the fleet's dataset. It shows no progress, which for
// hundreds of images costs the CLI as much work as the images cost the engine.
func (f fleet) call(t *testing.T, function string, flags ...string) call {
	t.Helper()
	return callModule(t, append([]string{"--silent"}, f.flags(function, flags...)...)...)
}

// flags are the arguments of a call of a function on the fleet's dataset.
func (f fleet) flags(function string, more ...string) []string {
	return append([]string{"--sdk-sha", f.sha}, f.args(function, append([]string{"--dataset-file", f.dataset}, more...)...)...)
}

// run publishes, whatever fails, and returns the directory with the manifest.
func (f fleet) run(t *testing.T, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	args := append([]string{"--publish", "--allow-failures"}, flags...)
	f.call(t, "assemble-all", append(args, "directory", "export", "--path", out)...).succeeds(t)
	return out
}

func (f fleet) official(id string) string { return strings.ReplaceAll(f.template, "{instance_id}", id) }

// base is the name that an instance's base image must have.
func (f fleet) base(id string) string {
	return fmt.Sprintf("%s/%s/base:%s-%s", f.registry, f.prefix, f.key, id)
}

// agent is the name that an instance's agent image must have.
func (f fleet) agent(id string) string {
	return f.agentTag(fmt.Sprintf("%s-%s-%s-source-minimal", f.sha[:7], f.key, id))
}

func (f fleet) agentTag(tag string) string { return f.registry + "/" + f.prefix + "/agent:" + tag }

// agents are the tags of the agent images that the registry has.
func (f fleet) agents(t *testing.T) []string { return tags(t, f.prefix+"/agent") }

// published are the digests of all base and agent images that the registry has, by reference.
func (f fleet) published(t *testing.T) map[string]string {
	t.Helper()
	var references []string
	for _, repository := range []string{"base", "agent"} {
		for _, tag := range tags(t, f.prefix+"/"+repository) {
			references = append(references, fmt.Sprintf("%s/%s/%s:%s", f.registry, f.prefix, repository, tag))
		}
	}
	digests := map[string]string{}
	for reference, img := range images(t, references) {
		digest, err := img.Digest()
		require.NoError(t, err)
		digests[reference] = digest.String()
	}
	return digests
}

// images reads images from the registry by their references, many at a time. Those that are not
// there are left out.
func images(t *testing.T, references []string) map[string]v1.Image {
	t.Helper()
	found := make([]v1.Image, len(references))
	reading := pool.New().WithErrors().WithMaxGoroutines(16)
	for i, text := range references {
		from := reference(t, text)
		reading.Go(func() error {
			img, err := remote.Image(from)
			var answer *transport.Error
			if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
				return nil
			}
			found[i] = img
			return err
		})
	}
	require.NoError(t, reading.Wait())
	by := map[string]v1.Image{}
	for i, reference := range references {
		if found[i] != nil {
			by[reference] = found[i]
		}
	}
	return by
}

// tagsOf are the digests of all tags in these records, by reference.
func tagsOf(records ...[]record) map[string]string {
	digests := map[string]string{}
	for _, record := range slices.Concat(records...) {
		for _, tag := range record.Tags {
			digests[tag] = record.Digest
		}
	}
	return digests
}

// statuses of records by their instances.
func statuses(all []record) map[string]string {
	by := map[string]string{}
	for _, record := range all {
		by[record.InstanceID] = record.Status
	}
	return by
}

// listed are the instances in an error's list, "- PHASE ID: reason".
func listed(message string) []string {
	var ids []string
	for _, line := range strings.Split(message, "\n") {
		if item, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			unit, _, _ := strings.Cut(item, ":")
			_, id, _ := strings.Cut(unit, " ")
			ids = append(ids, id)
		}
	}
	return ids
}

// referencesIn are the lines of an error that are references to this registry.
func referencesIn(message, registry string) []string {
	var references []string
	for _, line := range strings.Split(message, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, registry+"/") {
			references = append(references, line)
		}
	}
	return references
}
