package pipeline

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFailuresTellOnceWhyImagesWereNotStarted(t *testing.T) {
	failed := func(id, why string) Record {
		return Record{Phase: PhaseAssemble, InstanceID: text(id), Error: text("assemble " + id + ": " + why)}
	}
	assert.Equal(t, []string{
		"assemble a: 401 Unauthorized",
		"assemble b and 2 more: not started: the run ended early",
		"assemble d: a mistake of its own",
		"assemble f: not started: context canceled",
	}, Failures([]Record{
		failed("a", "401 Unauthorized"),
		failed("b", "not started: the run ended early"),
		failed("c", "not started: the run ended early"),
		failed("d", "a mistake of its own"),
		failed("e", "not started: the run ended early"),
		failed("f", "not started: context canceled"),
	}))
	assert.Empty(t, Failures(nil))
}

// TestWhoIsCutOffSaysOnceWhy: work that a run which ends early cuts off fails with the reason that it was given, and so does the request
// that it was at.
func TestWhoIsCutOffSaysOnceWhy(t *testing.T) {
	registry, inWork := withBuilder(nil), make(chan struct{})
	registry.onPublish = func(ctx context.Context, image Image) error {
		if image.Reference == "r/base:i0" {
			<-inWork
			return &PushError{Reference: image.Reference, Err: errors.New("401 Unauthorized")}
		}
		close(inWork)
		<-ctx.Done()
		return &PushError{Reference: image.Reference, Err: context.Cause(ctx)} // as net/http does
	}
	result, err := Runner{Publisher: registry, Registry: registry, Retry: quick, MaxWorkers: 2}.Run(context.Background(), planOf(4))
	require.NoError(t, err)
	assert.EqualValues(t, "base i1: the run ended early: publishing r/base:i0: 401 Unauthorized\n  → "+AdviceCredentials, result.Images[1].Error)
	assert.Len(t, Failures(result.Failed()), 3, "the image that ended the run, the one in work, and the rest")
}

// TestRunEndsEarlyWhereItMayNoMoreRead: credentials may be revoked while nobody is pushing.
func TestRunEndsEarlyWhereItMayNoMoreRead(t *testing.T) {
	const size, workers = 50, 4
	registry := withBuilder(nil)
	answers := &revoked{fakeRegistry: registry, left: 10}
	result, err := Runner{Publisher: registry, Registry: answers, Retry: quick, MaxWorkers: workers}.Run(context.Background(), planOf(size))
	require.NoError(t, err)
	assert.Equal(t, size, result.Count(StatusFailed))
	assert.LessOrEqual(t, int(answers.asked.Load()), answers.left+refusedInRow+workers)
	assert.Contains(t, string(result.Images[size-1].Error), "not started: the run ended early")
	assert.Empty(t, registry.references(), "nothing is made")
}

// revoked lets so many questions through.
type revoked struct {
	*fakeRegistry
	asked atomic.Int32
	left  int
}

func (r *revoked) Find(ctx context.Context, reference string) (Found, error) {
	if int(r.asked.Add(1)) > r.left {
		return Found{}, errors.New("401 Unauthorized")
	}
	return r.fakeRegistry.Find(ctx, reference)
}

// TestRefusalsOfSingleImagesEndNoRun: a registry may keep some images to itself.
func TestRefusalsOfSingleImagesEndNoRun(t *testing.T) {
	const size = 4 * refusedInRow
	registry := withBuilder(nil)
	runner := Runner{Publisher: registry, Registry: &selective{fakeRegistry: registry}, Retry: quick, MaxWorkers: 1}
	result, err := runner.Run(context.Background(), planOf(size))
	require.NoError(t, err)
	assert.Equal(t, size/2, result.Count(StatusBuilt))
	assert.Equal(t, size/2, result.Count(StatusFailed))
}

// selective lets nobody read every second agent image.
type selective struct {
	*fakeRegistry
	agents int
}

func (s *selective) Find(ctx context.Context, reference string) (Found, error) {
	if strings.HasPrefix(reference, "r/agent:") {
		if s.agents++; s.agents%2 == 0 {
			return Found{}, errors.New("401 Unauthorized")
		}
	}
	return s.fakeRegistry.Find(ctx, reference)
}
