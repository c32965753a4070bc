package e2e

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// middle is a run in the middle: each of its workers waits for the registry to tag an image.
type middle struct {
	arrived, left chan struct{} // one for each worker
	workers       int
}

// hold leaves the tags of these agent images without an answer, until whoever asks for them has
// gone.
func hold(proxy *registrytest.Proxy, workers int, ids ...string) *middle {
	m := &middle{workers: workers, arrived: make(chan struct{}, len(ids)), left: make(chan struct{}, len(ids))}
	var mu sync.Mutex
	held := map[string]bool{} // A client that was cut may ask again.
	proxy.Script(registrytest.Rule{
		Method: http.MethodPut, Path: manifestOf("(" + strings.Join(ids, "|") + ")"),
		Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			mu.Lock()
			first := !held[r.URL.Path]
			held[r.URL.Path] = true
			mu.Unlock()
			if first {
				m.arrived <- struct{}{}
				defer func() { m.left <- struct{}{} }()
			}
			registrytest.Stall(callTimeout)(w, r, registry)
		},
	})
	return m
}

// await returns when all workers are there.
func (m *middle) await(t *testing.T, r *running) {
	t.Helper()
	for range m.workers {
		select {
		case <-m.arrived:
		case <-r.ended:
			require.Fail(t, "the run never came that far", r.stderr.String())
		}
	}
}

// noticed bounds how long it may take until somebody who is gone is missed. It is there for what
// hangs, not for what is slow.
const noticed = 90 * time.Second

// awaitEnd returns when all workers have gone.
func (m *middle) awaitEnd(t *testing.T) {
	t.Helper()
	deadline := time.After(noticed)
	for range m.workers {
		select {
		case <-m.left:
		case <-deadline:
			require.Fail(t, "the work goes on, and nobody waits for it")
		}
	}
}

// publishing are the arguments of a call that publishes the fleet with so many workers.
func (f fleet) publishing(publisher string, workers int, more ...string) []string {
	args := []string{"--publish", "--publisher", publisher, "--max-workers", strconv.Itoa(workers)}
	return f.flags("assemble-all", append(append(args, more...), "total")...)
}

// bases are the tags of the base images that the registry has.
func (f fleet) bases(t *testing.T) []string { return tags(t, f.prefix+"/base") }

// manifestDigest is the path by which an agent image's manifest goes that has no tag yet.
var manifestDigest = regexp.MustCompile(`/agent/manifests/(sha256:[0-9a-f]{64})$`)

// assertInMiddle looks at what a run has left that was ended while the registry was tagging. What
// it composed has its manifest by digest first: all of it is there before a tag names it.
func (f fleet) assertInMiddle(t *testing.T, publisher string, proxy *registrytest.Proxy, left map[string]string) {
	t.Helper()
	assert.NotEmpty(t, f.agents(t), "some images are finished")
	assert.Less(t, len(f.agents(t)), len(f.all), "and some are not")
	f.assertIntact(t)
	if publisher != "direct" {
		return
	}
	untagged := map[string]bool{}
	for _, asked := range proxy.Requests() {
		if digest := manifestDigest.FindStringSubmatch(asked.Path); digest != nil && asked.Method == http.MethodPut {
			untagged[digest[1]] = true
			_, err := complete(reference(t, f.agentTag("any")).Context().Digest(digest[1]))
			assert.NoError(t, err, "an image was to be tagged that is not there")
		}
	}
	for _, digest := range left {
		delete(untagged, digest)
	}
	assert.NotEmpty(t, untagged, "nothing was about to be tagged")
}

// doesTheRest runs once more after a crash that left these images: they stay, all others are made,
// and all are whole.
func (f fleet) doesTheRest(t *testing.T, publisher string, left map[string]string) {
	t.Helper()
	want := map[string]string{}
	for _, id := range f.all {
		want[id] = "built"
		if left[f.agent(id)] != "" {
			want[id] = "skipped_remote_exists"
		}
	}
	again := records(t, f.run(t, "--publisher", publisher), "manifest.jsonl")
	for _, record := range again {
		if record.Error != nil {
			t.Log(*record.Error)
		}
	}
	assert.Equal(t, want, statuses(again))
	now := f.published(t)
	for reference, digest := range left {
		assert.Equal(t, digest, now[reference], "%s was made again", reference)
	}
	for _, id := range f.all {
		assert.NotEmpty(t, now[f.agent(id)], id)
	}
	f.assertIntact(t)
}
