package harness

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// StalledRun is a run in the middle: each of its workers waits for the registry to tag an image.
type StalledRun struct {
	arrived, left chan struct{} // one for each worker
	workers       int

	mu        sync.Mutex
	manifests map[string][]byte // what was to be tagged, by path
}

// StallTags leaves the tags of these agent images without an answer, until whoever asks for them has
// gone.
func StallTags(proxy *registrytest.Proxy, workers int, ids ...string) *StalledRun {
	s := &StalledRun{
		workers: workers, arrived: make(chan struct{}, len(ids)), left: make(chan struct{}, len(ids)), manifests: map[string][]byte{},
	}
	proxy.Script(registrytest.Rule{
		Method: http.MethodPut, Path: ManifestOf("(" + strings.Join(ids, "|") + ")"),
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			if s.hold(r) {
				s.arrived <- struct{}{}
				defer func() { s.left <- struct{}{} }()
			}
			registrytest.Stall(callTimeout)(w, r, registry)
		},
	})
	return s
}

// hold keeps the manifest of a request, and reports whether it is the first for this tag: a client
// that was cut may ask again.
func (s *StalledRun) hold(r *http.Request) (first bool) {
	manifest, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, held := s.manifests[r.URL.Path]
	if err == nil {
		s.manifests[r.URL.Path] = manifest
	}
	return !held
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

// AssertStalled looks at what a run has left that was ended while the registry was tagging: the
// manifest comes last, so all that it names is there before a tag names it.
func (f Fleet) AssertStalled(t *testing.T, stalled *StalledRun) {
	t.Helper()
	assert.NotEmpty(t, f.Agents(t), "some images are finished")
	assert.Less(t, len(f.Agents(t)), len(f.IDs), "and some are not")
	f.AssertIntegrity(t)
	stalled.mu.Lock()
	defer stalled.mu.Unlock()
	require.Len(t, stalled.manifests, stalled.workers)
	for path, text := range stalled.manifests {
		manifest, err := v1.ParseManifest(bytes.NewReader(text))
		require.NoError(t, err, path)
		for _, blob := range append(manifest.Layers, manifest.Config) {
			layer, err := remote.Layer(Reference(t, f.AgentTag("any")).Context().Digest(blob.Digest.String()))
			require.NoError(t, err)
			_, err = layer.Size() // It asks for the head.
			assert.NoError(t, err, "%s was to name %s, which is not there", path, blob.Digest)
		}
	}
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
