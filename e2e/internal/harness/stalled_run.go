package harness

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// StalledRun is a run in the middle: each of its workers waits for the registry to tag an image.
type StalledRun struct {
	arrived, left chan struct{} // one for each worker
	workers       int
}

// StallTags leaves the tags of these agent images without an answer, until whoever asks for them has
// gone.
func StallTags(proxy *registrytest.Proxy, workers int, ids ...string) *StalledRun {
	s := &StalledRun{workers: workers, arrived: make(chan struct{}, len(ids)), left: make(chan struct{}, len(ids))}
	var mu sync.Mutex
	held := map[string]bool{} // A client that was cut may ask again.
	proxy.Script(registrytest.Rule{
		Method: http.MethodPut, Path: ManifestOf("(" + strings.Join(ids, "|") + ")"),
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			mu.Lock()
			first := !held[r.URL.Path]
			held[r.URL.Path] = true
			mu.Unlock()
			if first {
				s.arrived <- struct{}{}
				defer func() { s.left <- struct{}{} }()
			}
			registrytest.Stall(callTimeout)(w, r, registry)
		},
	})
	return s
}

// Await returns when all workers are there.
func (s *StalledRun) Await(t *testing.T, r *Running) {
	t.Helper()
	for range s.workers {
		select {
		case <-s.arrived:
		case <-r.ended:
			require.Fail(t, "the run never came that far", r.stderr.String())
		}
	}
}

// Noticed bounds how long it may take until somebody who is gone is missed. It is there for what
// hangs, not for what is slow.
const Noticed = 90 * time.Second

// AwaitEnd returns when all workers have gone.
func (s *StalledRun) AwaitEnd(t *testing.T) {
	t.Helper()
	deadline := time.After(Noticed)
	for range s.workers {
		select {
		case <-s.left:
		case <-deadline:
			require.Fail(t, "the work goes on, and nobody waits for it")
		}
	}
}

// manifestDigest is the path by which an agent image's manifest goes that has no tag yet.
var manifestDigest = regexp.MustCompile(`/agent/manifests/(sha256:[0-9a-f]{64})$`)

// AssertStalled looks at what a run has left that was ended while the registry was tagging. What
// it composed has its manifest by digest first: all of it is there before a tag names it.
func (f Fleet) AssertStalled(t *testing.T, publisher string, proxy *registrytest.Proxy, left map[string]string) {
	t.Helper()
	assert.NotEmpty(t, f.Agents(t), "some images are finished")
	assert.Less(t, len(f.Agents(t)), len(f.IDs), "and some are not")
	f.AssertIntegrity(t)
	if publisher != "direct" {
		return
	}
	untagged := map[string]bool{}
	for _, asked := range proxy.Requests() {
		if digest := manifestDigest.FindStringSubmatch(asked.Path); digest != nil && asked.Method == http.MethodPut {
			untagged[digest[1]] = true
			_, err := Complete(Reference(t, f.AgentTag("any")).Context().Digest(digest[1]))
			assert.NoError(t, err, "an image was to be tagged that is not there")
		}
	}
	for _, digest := range left {
		delete(untagged, digest)
	}
	assert.NotEmpty(t, untagged, "nothing was about to be tagged")
}

// DoesTheRest runs once more after a crash that left these images: they stay, all others are made,
// and all are whole.
func (f Fleet) DoesTheRest(t *testing.T, publisher string, left map[string]string) {
	t.Helper()
	want := map[string]string{}
	for _, id := range f.IDs {
		want[id] = "built"
		if left[f.Agent(id)] != "" {
			want[id] = "skipped_remote_exists"
		}
	}
	again := Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl")
	for _, record := range again {
		if record.Error != nil {
			t.Log(*record.Error)
		}
	}
	assert.Equal(t, want, Statuses(again))
	now := f.Published(t)
	for reference, digest := range left {
		assert.Equal(t, digest, now[reference], "%s was made again", reference)
	}
	for _, id := range f.IDs {
		assert.NotEmpty(t, now[f.Agent(id)], id)
	}
	f.AssertIntegrity(t)
}
