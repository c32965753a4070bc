package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// fakeAuditor answers by instance, or for all.
type fakeAuditor struct {
	mu         sync.Mutex
	refused    map[string]string
	difference map[string]string
	err        error
	// asked, if not nil, is called before an image waits for an audit, comparing before an answer.
	asked, comparing func(image plan.Image)
	compared         []string // instance, its sibling, and what was made
}

func (f *fakeAuditor) Refused(_ context.Context, image plan.Image) (string, error) {
	if f.asked != nil {
		f.asked(image)
	}
	return f.refused[image.Instance.ID], nil
}

func (f *fakeAuditor) Difference(_ context.Context, image plan.Image, made string) (string, error) {
	if f.comparing != nil {
		f.comparing(image)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.compared = append(f.compared, fmt.Sprintf("%s like %s: %s", image.Instance.ID, image.Rebase.Instance, made))
	return f.difference[image.Instance.ID], f.err
}

// inTurn is a runner that makes one image after the other. All share a key but those in others.
func inTurn(registry *fakeRegistry, auditor Auditor, images int, others map[string]string) Runner {
	sharing := sharingBy{}
	for i := range images {
		id := fmt.Sprintf("i%d", i)
		sharing["official/"+id] = "a"
		if key, ok := others[id]; ok {
			sharing["official/"+id] = key
		}
	}
	return Runner{
		Publisher: rebasingPublisher{registry}, Registry: registry, Sharing: sharing, Auditor: auditor, MaxWorkers: 1,
		Hosts: &throttle.Hosts{Retry: quick},
	}
}

// rebasingPublisher rebases whatever it is asked to.
type rebasingPublisher struct{ *fakeRegistry }

func (p rebasingPublisher) Publish(ctx context.Context, image plan.Image) (Published, error) {
	published, err := p.fakeRegistry.Publish(ctx, image)
	published.Rebased = err == nil && image.Rebase != nil
	return published, err
}

// howMade tells of each base image how it was made.
func howMade(result *manifest.Result) (all []string) {
	for _, base := range result.Bases {
		from := "from " + string(base.GraftedFrom)
		if base.GraftedFrom == "" {
			from = string(base.BuildReason)
		}
		all = append(all, string(base.InstanceID)+": "+from)
	}
	return all
}

func TestTheSecondImageOfEachKeyIsAudited(t *testing.T) {
	const first, audited = ": the first with its rebase key", ": audited: no difference"
	failing := func(id string) func(context.Context, plan.Image) error {
		return func(_ context.Context, image plan.Image) error {
			if image.Phase == plan.PhaseBase && image.Instance.ID == id {
				return errors.New("exit code: 1")
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		auditor   *fakeAuditor
		keys      map[string]string
		onPublish func(context.Context, plan.Image) error
		made      []string
		compared  []string
	}{
		"and others get the layers": {
			&fakeAuditor{}, nil, nil,
			[]string{"i0" + first, "i1" + audited, "i2: from i0", "i3: from i0"},
			[]string{"i1 like i0: r/base:i1@sha256:r/base:i1"},
		},
		"and of each key by itself": {
			&fakeAuditor{difference: map[string]string{"i2": "etc/size has another content"}}, map[string]string{"i1": "b", "i3": "b"}, nil,
			[]string{"i0" + first, "i1" + first, "i2: audited: etc/size has another content", "i3" + audited},
			[]string{"i2 like i0: r/base:i2@sha256:r/base:i2", "i3 like i1: r/base:i3@sha256:r/base:i3"},
		},
		"and others do not get the layers if they differ": {
			&fakeAuditor{difference: map[string]string{"i1": "etc/size has another content"}}, nil, nil,
			[]string{
				"i0" + first, "i1: audited: etc/size has another content",
				"i2: the audit withdrew its rebase key: etc/size has another content", "i3: the audit withdrew its rebase key: etc/size has another content",
			},
			[]string{"i1 like i0: r/base:i1@sha256:r/base:i1"},
		},
		"and others do not get the layers if nobody knows": {
			&fakeAuditor{err: errors.New("exit code: reading sha256:d")}, nil, nil,
			[]string{
				"i0" + first, "i1: audited: comparing failed: exit code: reading sha256:d",
				"i2: the audit withdrew its rebase key: comparing failed: exit code: reading sha256:d",
				"i3: the audit withdrew its rebase key: comparing failed: exit code: reading sha256:d",
			},
			[]string{"i1 like i0: r/base:i1@sha256:r/base:i1"},
		},
		"unless it cannot get the layers: then the next one is": {
			&fakeAuditor{refused: map[string]string{"i1": "the recipe changes something in testbed"}}, nil, nil,
			[]string{"i0" + first, "i1: the recipe changes something in testbed", "i2" + audited, "i3: from i0"},
			[]string{"i2 like i0: r/base:i2@sha256:r/base:i2"},
		},
		"unless its recipe fails: then the next one is": {
			&fakeAuditor{}, nil, failing("i1"),
			[]string{"i0" + first, "i1" + audited, "i2" + audited, "i3: from i0"},
			[]string{"i2 like i0: r/base:i2@sha256:r/base:i2"},
		},
		"but no key of one image": {
			&fakeAuditor{}, map[string]string{"i1": "b", "i2": "c", "i3": "refused: the image has a wrap"}, nil,
			[]string{"i0" + first, "i1" + first, "i2" + first, "i3: the image has a wrap"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{onPublish: test.onPublish}
			result, err := inTurn(registry, test.auditor, 4, test.keys).Run(context.Background(), planOf(4))
			require.NoError(t, err)
			assert.Equal(t, test.made, howMade(result))
			assert.Equal(t, test.compared, test.auditor.compared)
			for _, base := range result.Bases {
				if base.Status == manifest.StatusBuilt {
					assert.Equal(t, string(base.GraftedFrom), registry.rebases()[string(base.InstanceID)])
				}
			}
		})
	}
}

// TestOthersWaitForTheAudit: nobody gets the layers before they were compared.
func TestOthersWaitForTheAudit(t *testing.T) {
	const images = 8
	for _, difference := range []string{"", "etc/size has another content"} {
		t.Run("difference: "+difference, func(t *testing.T) {
			registry := &fakeRegistry{}
			waiting, all := atomic.Int32{}, make(chan struct{})
			var together atomic.Int32
			full, once := make(chan struct{}), sync.Once{}
			audited := atomic.Bool{}
			registry.onPublish = func(_ context.Context, image plan.Image) error {
				if image.Phase != plan.PhaseBase || !audited.Load() {
					return nil
				}
				if together.Add(1) == images-2 { // All of the rest at a time.
					once.Do(func() { close(full) })
				}
				<-full
				return nil
			}
			auditor := &fakeAuditor{difference: map[string]string{}}
			auditor.asked = func(plan.Image) {
				if waiting.Add(1) == images-1 {
					close(all)
				}
			}
			auditor.comparing = func(image plan.Image) {
				<-all // All others have come to where they would go on.
				registry.mu.Lock()
				defer registry.mu.Unlock()
				assert.Len(t, registry.rebases(), 2, "base images: the first, and the one that is compared")
				for _, published := range registry.published {
					assert.Nil(t, published.Rebase)
				}
				auditor.difference[image.Instance.ID] = difference
				audited.Store(true)
			}
			runner := inTurn(registry, auditor, images, nil)
			runner.MaxWorkers = images

			result, err := runner.Run(context.Background(), planOf(images))

			require.NoError(t, err)
			assert.Equal(t, images, result.Count(manifest.StatusBuilt))
			assert.Len(t, auditor.compared, 1)
			rebased := 0
			for _, from := range registry.rebases() {
				if from != "" {
					rebased++
				}
			}
			assert.Equal(t, map[bool]int{true: images - 2, false: 0}[difference == ""], rebased)
			withdrawn := slices.DeleteFunc(howMade(result), func(s string) bool { return !strings.Contains(s, "the audit withdrew its rebase key") })
			assert.Len(t, withdrawn, images-2-rebased)
		})
	}
}

// TestAnImageThatWaitsForAnAuditReleasesItsWorker: with two workers, the images that wait for an
// audit must not keep an image with another key from starting.
func TestAnImageThatWaitsForAnAuditReleasesItsWorker(t *testing.T) {
	registry := &fakeRegistry{}
	other, once := make(chan struct{}), sync.Once{}
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		if image.Phase == plan.PhaseBase && image.Instance.ID == "i4" {
			once.Do(func() { close(other) })
		}
		return nil
	}
	auditor := &fakeAuditor{comparing: func(plan.Image) { <-other }}
	runner := inTurn(registry, auditor, 5, map[string]string{"i4": "b"})
	runner.MaxWorkers = 2

	result, err := runner.Run(context.Background(), planOf(5))

	require.NoError(t, err)
	assert.Equal(t, 5, result.Count(manifest.StatusBuilt))
	assert.Len(t, auditor.compared, 1)
}
