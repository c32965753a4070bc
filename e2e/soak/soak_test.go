package soak

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// How long and how large the soak is. By default it is one short round; `make soak` has a long one.
var (
	soakDuration = flag.Duration("soak.duration", 0, "rounds of the soak begin for so long; 0 is one round, with no limits for the engine")
	soakImages   = flag.Int("soak.images", 150, "agent images in a round")
	soakBases    = flag.Int("soak.bases", 2, "so many of them on base images that have to be built")
	soakShare    = flag.Float64("soak.share", 0.02, "the share of the requests that faults strike")
	soakSeed     = flag.Uint64("soak.seed", 1, "draws other faults")
	soakReport   = flag.String("soak.report", "", "file that the figures are written to, as Markdown")
)

const (
	// soakWorkers is --max-workers, at its default.
	soakWorkers = 12
	// soakRests is how many runs may be needed after a round's first until all is there.
	soakRests = 8
	// soakConnections is how many connections the function may have open to the registry: for each
	// worker the one that it uses, and one that was begun for it before that one was free.
	soakConnections = 2 * soakWorkers
)

// soak is many runs against a registry that has faults.
type soak struct {
	harness.Fleet
	proxy  *registrytest.Proxy
	rounds []*soakRound
	memory []*soakRound // without faults, of more and more images
}

// TestSoak makes images in rounds while a share of the requests meets faults. After each run the
// registry is compared with what the run says, image by image.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := newSoak(t)
	if *soakDuration > 0 {
		s.measureMemory(t)
	}
	for began := time.Now(); ; {
		s.round(t)
		if time.Since(began) >= *soakDuration {
			break
		}
	}
	s.writeReport(t)
}

// newSoak has the base images, but for those that each round builds. They are pushed past the
// proxy.
func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{}
	s.Fleet, s.proxy = harness.FaultyFleet(t, 0)
	for number := range *soakImages - *soakBases {
		s.IDs = append(s.IDs, fmt.Sprintf("soak__task-%04d", number+1))
	}
	s.pushBases(t, s.IDs)
	return s
}

// round makes all images of a new agent repository, in as many runs as that takes: the first keeps
// its manifest whatever fails, and each of the others does the rest. In every other round, the
// first one included, the first run tries each image only once, so that more is left.
func (s *soak) round(t *testing.T) {
	t.Helper()
	r := s.newRound(t)
	s.rounds = append(s.rounds, r)
	first := []string{"--allow-failures"}
	if len(s.rounds)%2 == 1 {
		first = append(first, "--max-attempts", "1")
	}
	r.run(t, s, first...)
	for len(r.there) < len(r.ids) || !r.last().succeeded() {
		require.LessOrEqual(t, len(r.runs), soakRests, "the runs do not come to an end")
		r.run(t, s)
	}
	assert.Len(t, r.there, len(r.ids))
}
