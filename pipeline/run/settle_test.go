package run

import (
	"cmp"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// lossy publishes one reference and reports it as failed.
type lossy struct {
	*fakeRegistry
	reference string
	err       error
	lost      bool       // The image is there all the same.
	digest    string     // that it would have, as far as the publisher says
	found     plan.Found // what is there
	clock     *clocktest.Fake
}

func (l *lossy) Publish(ctx context.Context, image plan.Image) (Published, error) {
	if image.Reference != l.reference {
		return l.fakeRegistry.Publish(ctx, image)
	}
	if l.lost {
		l.mu.Lock()
		l.has[image.Reference], l.published = l.found, append(l.published, image)
		l.mu.Unlock()
	}
	if l.err == nil {
		outlast(ctx, l.clock)
		return Published{Digest: l.digest}, &classify.PushError{Reference: image.Reference, Err: ctx.Err()}
	}
	return Published{Digest: l.digest}, &classify.PushError{Reference: image.Reference, Err: l.err}
}

func TestAnImageThatReachedTheRegistryIsNotFailed(t *testing.T) {
	reset, refused := errors.New("connection reset by peer"), errors.New("400 Bad Request: TAG_INVALID")
	engine := errors.New("failed commit on ref: unexpected status from PUT request to https://r/v2/agent/manifests/i0: 400 Bad Request")
	const agent, base, tag = "r/agent:i0", "r/base:i0", "r/agent:nightly-i0"
	// The fake registry makes these of the images below.
	official, onBase := "sha256:official/i0", digestOf(base)
	made := plan.Identity{OfficialDigest: official, Wrap: plan.NoWrap}
	ours := plan.Found{Digest: "sha256:ours", BaseDigest: onBase, Identity: made}
	other := plan.Found{Digest: "sha256:other", BaseDigest: "sha256:otherbase", Identity: made}
	sdk, otherSDK := plan.Identity{Revision: commit}, plan.Identity{Revision: otherCommit}
	tests := map[string]struct {
		l     lossy
		force bool
		wrap  *plan.Wrap
		says  string // Empty: it is built.
	}{
		"if the last answer was lost":                       {l: lossy{reference: agent, err: reset, lost: true, digest: ours.Digest, found: ours}},
		"if the registry refuses to put it again":           {l: lossy{reference: agent, err: refused, lost: true, digest: ours.Digest, found: ours}},
		"if its time ran out while it waited for an answer": {l: lossy{reference: agent, lost: true, digest: ours.Digest, found: ours}},
		"nor in a forced run":                               {l: lossy{reference: agent, err: reset, lost: true, digest: ours.Digest, found: ours}, force: true},
		"nor under a further tag":                           {l: lossy{reference: tag, err: reset, lost: true, digest: ours.Digest, found: ours}},
		"nor its base image":                                {l: lossy{reference: base, err: reset, lost: true, found: plan.Found{Digest: onBase, Identity: made}}},
		"nor the builder":                                   {l: lossy{reference: "r/builder:b", err: reset, lost: true, found: plan.Found{Digest: "sha256:b", Identity: sdk}}},
		"and fails if the builder is another SDK's": {
			l:    lossy{reference: "r/builder:b", err: reset, lost: true, found: plan.Found{Digest: "sha256:b", Identity: otherSDK}},
			says: "builder failed",
		},
		"and fails if the builder does not say whose it is": {
			l:    lossy{reference: "r/builder:b", err: reset, lost: true, found: plan.Found{Digest: "sha256:b"}},
			says: "builder failed",
		},
		"and fails if it is the base image of another official image": {
			l:    lossy{reference: base, err: reset, lost: true, found: plan.Found{Digest: onBase, Identity: plan.Identity{OfficialDigest: "sha256:o", Wrap: plan.NoWrap}}},
			says: "connection reset by peer",
		},
		"by its labels, where the publisher is an engine": {l: lossy{reference: agent, err: engine, lost: true, found: ours}},
		"and fails if it is not there":                    {l: lossy{reference: agent, err: reset, digest: ours.Digest}, says: "connection reset by peer"},
		"and fails if another one is there":               {l: lossy{reference: agent, err: reset, lost: true, digest: ours.Digest, found: other}, says: "connection reset by peer"},
		"and fails if its labels are another one's": {
			l: lossy{reference: agent, err: engine, lost: true, found: other}, says: "the tag r/agent:i0 is immutable: it names sha256:other, and the registry refuses another image: ",
		},
		"and fails if it is there without its wrap": {
			l: lossy{reference: base, err: engine, lost: true, found: plan.Found{Digest: "sha256:plain", Identity: made}}, wrap: thisWrap,
			says: "is immutable: it names sha256:plain",
		},
		"and fails in a forced run of an engine, which may have found it there": {
			l: lossy{reference: agent, err: engine, lost: true, found: ours}, force: true, says: "is immutable: it names sha256:ours",
		},
		"and fails if a further tag names yesterday's image, whose labels are the same": {
			l: lossy{reference: tag, err: errors.New("connection reset by peer"), lost: true, found: ours}, says: "connection reset by peer",
		},
		"and fails if such a tag is immutable": {
			l: lossy{reference: tag, err: engine, lost: true, found: ours}, says: "is immutable: it names sha256:ours, and the registry refuses sha256:",
		},
		"and is built if a further tag names the image that was just published": {
			l: lossy{reference: tag, err: engine, lost: true, found: plan.Found{Digest: digestOf(agent)}},
		},
		"and fails with a limit, which is no lost answer": {l: lossy{reference: agent, err: errors.New("429 Too Many Requests"), lost: true, digest: ours.Digest, found: ours}, says: "429"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := &test.l
			l.fakeRegistry = &fakeRegistry{has: map[string]plan.Found{"official/i0": {Digest: official}}}
			planned := planOf(1)
			planned.Identity = sdk
			planned.Items[0].Wrap, planned.Items[0].Identity.Wrap = test.wrap, cmp.Or(test.wrap.Key(), plan.NoWrap)
			if test.l.err != nil { // Else there is no time left for it.
				planned.Items[0].Tags = []string{tag}
			}
			retry := quick
			retry.Attempts, retry.LimitWaits = 1, 1
			runner := Runner{Publisher: l, Registry: l, Official: l, Hosts: &throttle.Hosts{Retry: retry}, Force: test.force}
			if test.l.err == nil {
				l.clock = clocktest.New()
				runner.clock = l.clock
			}
			result, err := runner.Run(context.Background(), planned)
			assert.Equal(t, test.says == "builder failed", err != nil)
			record := result.Images[0]
			if test.says != "" {
				assert.Equal(t, manifest.StatusFailed, record.Status)
				assert.Contains(t, string(record.Error), test.says)
				return
			}
			assert.Empty(t, record.Error)
			assert.Equal(t, manifest.StatusBuilt, record.Status)
			assert.Equal(t, planned.Items[0].References(), record.Tags)
			if l.digest != "" && l.reference == agent {
				assert.EqualValues(t, ours.Digest, record.Digest)
			}
		})
	}
	t.Run("and nobody asks once the run is told to stop", func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		l := &lossy{fakeRegistry: withBases(1, nil), reference: agent, lost: true, digest: ours.Digest, found: ours}
		observe := func(ctx context.Context, unit string) (context.Context, func(error)) {
			if unit == "assemble i0" {
				stop()
			}
			return ctx, func(error) {}
		}
		result, err := Runner{Publisher: l, Registry: l, Hosts: &throttle.Hosts{Retry: quick}, Observe: observe}.Run(ctx, planOf(1))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, manifest.StatusFailed, result.Images[0].Status)
	})
}

// TestAFurtherTagAloneDoesNotProveTheImage: if neither name was published, and an engine returns no
// digest, the labels of the image with the further name are not enough. It may be yesterday's.
func TestAFurtherTagAloneDoesNotProveTheImage(t *testing.T) {
	planned := identified(commit, "FROM debian", genuine)
	registry := holding(planned)
	item := &planned.Items[0]
	item.Tags = []string{"r/agent:nightly"}
	yesterday := registry.has[item.Agent]
	yesterday.Digest, yesterday.BaseDigest = "sha256:yesterday's", registry.has[item.Base].Digest
	registry.has["r/agent:nightly"] = yesterday
	delete(registry.has, item.Agent)
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		return &classify.PushError{Reference: image.Reference, Err: errors.New("connection reset by peer")}
	}
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planned)
	require.NoError(t, err)
	assert.Equal(t, manifest.StatusFailed, result.Images[0].Status)
	assert.Empty(t, result.Images[0].Tags)
}
