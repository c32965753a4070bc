package run

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// TestInterruptedImagesReportOneReason: when a run ends early, images in progress fail with the
// reason of the run, and so do their requests.
func TestInterruptedImagesReportOneReason(t *testing.T) {
	registry, inWork := withBuilder(nil), make(chan struct{})
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Reference == "r/base:i0" {
			<-inWork
			return &classify.PushError{Reference: image.Reference, Err: errors.New("401 Unauthorized")}
		}
		close(inWork)
		<-ctx.Done()
		return &classify.PushError{Reference: image.Reference, Err: context.Cause(ctx)} // as net/http does
	}
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 2}.Run(context.Background(), planOf(4))
	require.NoError(t, err)
	assert.EqualValues(t, "base i1: the run ended early: publishing r/base:i0: 401 Unauthorized\n  → "+classify.AdviceCredentials, result.Images[1].Error)
	assert.Len(t, manifest.Failures(result.Failed()), 3, "the image that ended the run, the one in progress, and the rest")
}

// TestRevokedReadRightsEndTheRun: credentials may be revoked while no image is being pushed.
func TestRevokedReadRightsEndTheRun(t *testing.T) {
	const size, workers = 50, 4
	registry := withBuilder(nil)
	answers := &revoked{fakeRegistry: registry, left: 10}
	result, err := Runner{Publisher: registry, Registry: answers, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: workers}.Run(context.Background(), planOf(size))
	require.NoError(t, err)
	assert.Equal(t, size, result.Count(manifest.StatusFailed))
	assert.LessOrEqual(t, int(answers.asked.Load()), answers.left+refusedInRow+workers)
	assert.Contains(t, string(result.Images[size-1].Error), "not started: the run ended early")
	assert.Empty(t, registry.references(), "nothing is made")
}

// revoked answers that many checks, and refuses the rest.
type revoked struct {
	*fakeRegistry
	asked atomic.Int32
	left  int
}

func (r *revoked) Find(ctx context.Context, reference string) (plan.Found, error) {
	if int(r.asked.Add(1)) > r.left {
		return plan.Found{}, errors.New("401 Unauthorized")
	}
	return r.fakeRegistry.Find(ctx, reference)
}

// TestRefusedImagesDoNotEndTheRun: a registry may refuse single images.
func TestRefusedImagesDoNotEndTheRun(t *testing.T) {
	const size = 4 * refusedInRow
	registry := withBuilder(nil)
	runner := Runner{Publisher: registry, Registry: &selective{fakeRegistry: registry}, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}
	result, err := runner.Run(context.Background(), planOf(size))
	require.NoError(t, err)
	assert.Equal(t, size/2, result.Count(manifest.StatusBuilt))
	assert.Equal(t, size/2, result.Count(manifest.StatusFailed))
}

// selective refuses every second agent image.
type selective struct {
	*fakeRegistry
	agents int
}

func (s *selective) Find(ctx context.Context, reference string) (plan.Found, error) {
	if strings.HasPrefix(reference, "r/agent:") {
		if s.agents++; s.agents%2 == 0 {
			return plan.Found{}, errors.New("401 Unauthorized")
		}
	}
	return s.fakeRegistry.Find(ctx, reference)
}
