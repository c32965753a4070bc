package soak

import (
	"context"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// pushBases pushes base images under the names that the module looks for: a soak is not about
// building thousands of them.
func (s *soak) pushBases(t *testing.T, ids []string) {
	t.Helper()
	if len(ids) == 0 {
		return
	}
	pusher, err := remote.NewPusher()
	require.NoError(t, err)
	push := func(id string) error {
		return pusher.Push(context.Background(), harness.Reference(t, s.Base(id)), harness.OfficialImage(t, id))
	}
	require.NoError(t, push(ids[0])) // The others find the common layer.
	pushing := pool.New().WithErrors().WithMaxGoroutines(8)
	for _, id := range ids[1:] {
		pushing.Go(func() error { return push(id) })
	}
	require.NoError(t, pushing.Wait())
}
