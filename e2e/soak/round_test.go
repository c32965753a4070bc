package soak

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// soakRound is the runs that fill one agent repository.
type soakRound struct {
	number  int
	share   float64 // of the requests that faults strike
	ids     []string
	fresh   int // instances whose base images have to be built
	dataset string
	agents  *inspector
	there   map[string]string // digests of the images in the agent repository, by instance
	runs    []*soakRun
}

// soakRun is one `dagger call`, and how it ended.
type soakRun struct {
	storm    *storm
	exit     int
	message  string // with which it ended, unless its exit status is 0
	records  []harness.Record
	failed   map[string]bool // ids
	made     int             // tags that are there since
	landed   int             // failed images that are there all the same: the answer that said so was lost
	duration time.Duration
	usage    usage
}

func (r *soakRun) succeeded() bool { return r.exit == 0 && len(r.failed) == 0 }

// began says whether the run came to its images. Without an answer of the registry to the first
// questions it does not.
func (r *soakRun) began() bool {
	return r.exit == 0 || strings.Contains(r.message, "agent images failed")
}

func (r *soakRound) last() *soakRun { return r.runs[len(r.runs)-1] }

// newRound is a round of all base images that are there, and of some instances that are new.
func (s *soak) newRound(t *testing.T) *soakRound {
	t.Helper()
	r := s.newRoundOf(t, *soakShare, s.IDs)
	for number := range *soakBases {
		r.ids = append(r.ids, fmt.Sprintf("soak__fresh-%03d-%02d", r.number, number+1))
	}
	r.fresh = *soakBases
	s.Push(t, r.ids[len(s.IDs):]...)
	r.dataset = harness.Written(t, "dataset.txt", strings.Join(r.ids, "\n"))
	return r
}

// newRoundOf is a round of images whose base images are there.
func (s *soak) newRoundOf(t *testing.T, share float64, ids []string) *soakRound {
	t.Helper()
	number := len(s.rounds) + len(s.memory) + 1
	return &soakRound{
		number: number, share: share, ids: slices.Clone(ids), dataset: harness.Written(t, "dataset.txt", strings.Join(ids, "\n")),
		agents: &inspector{repository: fmt.Sprintf("%s/agent-%d", s.Prefix, number), complete: map[string]bool{}},
	}
}

// run makes what is not there yet, and compares what it says with what the registry has.
func (r *soakRound) run(t *testing.T, s *soak, flags ...string) {
	t.Helper()
	this := r.call(t, s, flags...)
	before := r.there
	r.there = map[string]string{}
	for tag, digest := range r.agents.published(t) {
		r.there[instanceOf(tag)] = digest
	}
	r.runs = append(r.runs, this)
	if this.exit == 0 && !slices.Contains(flags, "--allow-failures") {
		assert.Empty(t, this.failed, "the exit status is 0")
	}
	r.compare(t, this, before)
	r.count(t, this, before)
	r.assertMemory(t, this)
	t.Logf("round %d, run %d: %s", r.number, len(r.runs), this)
}

// call makes the call, and takes down how it ended.
func (r *soakRound) call(t *testing.T, s *soak, flags ...string) *soakRun {
	t.Helper()
	this := &soakRun{
		storm: newStorm(*soakSeed+uint64(1000*r.number+len(r.runs)), r.share, *soakDuration > 0), failed: map[string]bool{},
	}
	s.proxy.Script(registrytest.Rule{Fault: this.storm.serve})
	watching, began := watch(s.Registry), time.Now()
	out := filepath.Join(t.TempDir(), "out")
	ended := harness.CallModule(t, r.args(s, append(flags, "directory", "export", "--path", out)...)...)
	this.duration, this.usage, this.exit = time.Since(began), watching.end(), ended.Exit
	if ended.Exit != 0 {
		this.message = ended.Message(t)
		for _, id := range harness.Listed(this.message) {
			this.failed[id] = true
		}
		return this
	}
	this.records = harness.Records(t, out, "manifest.jsonl")
	for _, record := range this.records {
		if record.Status == "failed" {
			this.failed[record.InstanceID] = true
		}
	}
	return this
}

// args are the arguments of the call.
func (r *soakRound) args(s *soak, flags ...string) []string {
	registry := s.Registry + "/"
	return append([]string{
		"--silent", "--sdk", s.SDK, "--sdk-sha", s.SHA, "--image-template", s.Template,
		"--builder-repo", registry + s.Prefix + "/builder", "--base-repo", registry + s.Prefix + "/base",
		"--agent-repo", registry + r.agents.repository, "--dataset-file", r.dataset,
		"assemble-all", "--publish", "--publisher", "direct", "--max-workers", fmt.Sprint(soakWorkers),
		"--trust-unlabelled", // The base images that the test pushed say nothing of themselves.
	}, flags...)
}
