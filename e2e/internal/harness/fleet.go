package harness

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/require"
)

// Fleet is a target whose images are made of small official images and the tiny SDK in no time, so
// that there can be many.
type Fleet struct {
	Target
	SHA     string   // --sdk-sha
	Key     string   // of the tiny SDK's Dockerfile, as tags have it
	IDs     []string // ids
	Dataset string   // path of the file with the ids
}

// NewFleet has these instances, and no official images yet.
func NewFleet(t *testing.T, ids ...string) Fleet {
	t.Helper()
	f := Fleet{
		Target: NewTarget(t), SHA: "43376f1d0e2b5c7a9f8e6d4c2b0a1f3e5d7c9b8a", Key: TinyDockerfileKey(t),
		IDs: ids, Dataset: Written(t, "dataset.txt", strings.Join(ids, "\n")),
	}
	f.SDK = TinySDK()
	f.Template = EngineRegistry + "/" + f.Prefix + "/official/{instance_id}:latest"
	return f
}

// Task is an instance of the fleet.
func Task(number int) string { return fmt.Sprintf("fleet__task-%03d", number) }

// Tasks are several instances of the fleet.
func Tasks(numbers ...int) []string {
	var ids []string
	for _, number := range numbers {
		ids = append(ids, Task(number))
	}
	return ids
}

// Push pushes the official images of some instances, many at a time. They are the same in every
// run.
func (f Fleet) Push(t *testing.T, ids ...string) {
	t.Helper()
	pushing := pool.New().WithErrors().WithMaxGoroutines(16)
	for _, id := range ids {
		to, img := Reference(t, f.Official(id)), OfficialImage(t, id)
		pushing.Go(func() error { return remote.Write(to, img) })
	}
	require.NoError(t, pushing.Wait())
}

// Call calls a function of the module on the fleet's dataset. It shows no progress, which for
// hundreds of images costs the CLI as much work as the images cost the engine.
func (f Fleet) Call(t *testing.T, function string, flags ...string) Call {
	t.Helper()
	return CallModule(t, append([]string{"--silent"}, f.Flags(function, flags...)...)...)
}

// Flags are the arguments of a call of a function on the fleet's dataset.
func (f Fleet) Flags(function string, more ...string) []string {
	return append([]string{"--sdk-sha", f.SHA}, f.Args(function, append([]string{"--dataset-file", f.Dataset}, more...)...)...)
}

// Publishing are the arguments of a call that publishes the fleet with so many workers.
func (f Fleet) Publishing(publisher string, workers int, more ...string) []string {
	args := []string{"--publish", "--publisher", publisher, "--max-workers", strconv.Itoa(workers)}
	return f.Flags("assemble-all", append(append(args, more...), "total")...)
}

// Run publishes, whatever fails, and returns the directory with the manifest.
func (f Fleet) Run(t *testing.T, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	args := append([]string{"--publish", "--allow-failures"}, flags...)
	f.Call(t, "assemble-all", append(args, "directory", "export", "--path", out)...).Succeeds(t)
	return out
}

// Makes runs, and all images must end with this status.
func (f Fleet) Makes(t *testing.T, status, publisher string) {
	t.Helper()
	ended := Statuses(Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl"))
	for _, id := range f.IDs {
		require.Equal(t, status, ended[id], id)
	}
}

// Official is the name of an instance's official image.
func (f Fleet) Official(id string) string { return strings.ReplaceAll(f.Template, "{instance_id}", id) }

// Base is the name that an instance's base image must have.
func (f Fleet) Base(id string) string {
	return fmt.Sprintf("%s/%s/base:%s-%s", f.Registry, f.Prefix, f.Key, id)
}

// Agent is the name that an instance's agent image must have.
func (f Fleet) Agent(id string) string {
	return f.AgentTag(fmt.Sprintf("%s-%s-%s-source-minimal", f.SHA[:7], f.Key, id))
}

// AgentTag is the name of an agent image with this tag.
func (f Fleet) AgentTag(tag string) string { return f.Registry + "/" + f.Prefix + "/agent:" + tag }

// Agents are the tags of the agent images that the registry has.
func (f Fleet) Agents(t *testing.T) []string { return Tags(t, f.Prefix+"/agent") }

// Bases are the tags of the base images that the registry has.
func (f Fleet) Bases(t *testing.T) []string {
	return slices.DeleteFunc(Tags(t, f.Prefix+"/base"), isEvidence)
}

// Kept are the tags of what is kept of official images, beside the base images.
func (f Fleet) Kept(t *testing.T) []string {
	return slices.DeleteFunc(Tags(t, f.Prefix+"/base"), func(tag string) bool { return !isEvidence(tag) })
}

func isEvidence(tag string) bool { return strings.HasPrefix(tag, "evidence-") }

// Published are the digests of all base and agent images that the registry has, by reference.
func (f Fleet) Published(t *testing.T) map[string]string {
	t.Helper()
	var references []string
	for repository, tags := range map[string][]string{"base": f.Bases(t), "agent": f.Agents(t)} {
		for _, tag := range tags {
			references = append(references, fmt.Sprintf("%s/%s/%s:%s", f.Registry, f.Prefix, repository, tag))
		}
	}
	digests := map[string]string{}
	for reference, img := range Images(t, references) {
		digest, err := img.Digest()
		require.NoError(t, err)
		digests[reference] = digest.String()
	}
	return digests
}
