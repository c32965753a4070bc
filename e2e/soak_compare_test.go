package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// clientRequestsPerFresh is what an image costs beside requestsPerImage if its base image has to be built: is there the official
	// image, its config, and the manifest of the base image that the engine has pushed.
	clientRequestsPerFresh = 3
	// engineRequestsPerFresh is what the engine may ask for one base image, retries included, and engineRequestsPerRun for the builder
	// and the agent layer.
	engineRequestsPerFresh = 60
	engineRequestsPerRun   = 120
)

// compare holds the run to the registry: what it says is there is, with this digest, and nothing else.
func (r *soakRound) compare(t *testing.T, this *soakRun, before map[string]string) {
	t.Helper()
	for tag, digest := range before {
		require.Equal(t, digest, r.there[tag], "%s was there before", tag)
	}
	if this.exit == 0 {
		require.Len(t, this.records, len(r.ids))
	}
	said := map[string]record{}
	for _, record := range this.records {
		said[record.InstanceID] = record
	}
	now := map[string]string{} // By instance.
	for tag, digest := range r.there {
		now[instanceOf(tag)] = digest
		if before[tag] == "" {
			this.made++
		}
	}
	was := map[string]bool{}
	for tag := range before {
		was[instanceOf(tag)] = true
	}
	for _, id := range r.ids {
		record, digest := said[id], now[id]
		delete(now, id)
		switch {
		case this.exit == 0 && record.Status == "built":
			require.False(t, was[id], "%s was there before", id)
			require.Equal(t, record.Digest, digest, id)
			require.Len(t, record.Tags, 1, id)
		case this.exit == 0 && record.Status == "skipped_remote_exists":
			require.True(t, was[id], "%s was not there before", id)
			require.Equal(t, record.Digest, digest, id)
		case this.exit == 0:
			require.Equal(t, "failed", record.Status, id)
			require.NotEmpty(t, record.Error, id)
			r.landed(t, this, id, digest, was[id])
		case this.failed[id] || !this.began():
			r.landed(t, this, id, digest, was[id])
		default:
			require.NotEmpty(t, digest, "%s is not among those that failed", id)
		}
	}
	require.Empty(t, now, "images that nobody asked for")
	if !this.began() {
		require.Zero(t, this.made, "a run that did not begin made something: %s", this.message)
	}
	if this.exit != 0 && this.began() {
		require.NotEmpty(t, this.failed, this.message)
	}
}

// landed notes a failed image that is there all the same. That may be only if the registry's answer was lost.
func (r *soakRound) landed(t *testing.T, this *soakRun, id, digest string, before bool) {
	t.Helper()
	if digest == "" || before {
		return
	}
	this.landed++
	faults := 0
	for request, n := range this.storm.met {
		if strings.HasPrefix(request, http.MethodPut+" ") && strings.Contains(request, "-"+id+"-source-minimal") {
			faults += n
		}
	}
	require.Positive(t, faults, "%s is there, its record says that it failed, and no answer was lost", id)
}

// count holds the run to what it may ask: a bound for each image and each fault.
func (r *soakRound) count(t *testing.T, this *soakRun, before map[string]string) {
	t.Helper()
	storm, faults := this.storm, this.storm.clientFaults()
	rest := len(r.ids) - len(before)
	// A fault costs the attempt that it struck: at most all requests of an image.
	bound := requestsPerRun + requestsPerLayer + len(before) + (rest+faults)*requestsPerImage + r.fresh*clientRequestsPerFresh
	assert.LessOrEqual(t, storm.asked, bound, "requests for %d images, %d of them there, with %d faults", len(r.ids), len(before), faults)
	assert.LessOrEqual(t, storm.engineAsked, engineRequestsPerRun+r.fresh*engineRequestsPerFresh)
	for tag := range before {
		require.Zero(t, storm.puts["/v2/"+r.agents.repository+"/manifests/"+tag], "%s was put again", tag)
	}
	for path, n := range storm.puts {
		require.LessOrEqual(t, n, 1+storm.met[http.MethodPut+" "+path], "%s was put so often", path)
	}
}
