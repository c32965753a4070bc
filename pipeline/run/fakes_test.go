package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"

	"github.com/stretchr/testify/require"
)

// fakeRegistry is a registry in memory, and the publisher that fills it.
type fakeRegistry struct {
	mu        sync.Mutex
	has       map[string]plan.Found
	findErr   map[string]error
	asked     []string
	published []plan.Image
	tagged    []string
	tagErr    map[string]error
	// onPublish, if not nil, decides how a publication ends, before the image exists.
	onPublish func(ctx context.Context, image plan.Image) error
}

func (f *fakeRegistry) Find(_ context.Context, reference string) (plan.Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, reference)
	if err := f.findErr[reference]; err != nil {
		return plan.Found{}, err
	}
	found, ok := f.has[reference]
	if !ok {
		return plan.Found{}, classify.ErrAbsent
	}
	return found, nil
}

func (f *fakeRegistry) Publish(ctx context.Context, image plan.Image) (Published, error) {
	if f.onPublish != nil {
		if err := f.onPublish(ctx, image); err != nil {
			return Published{}, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	found := plan.NewFound(digestOf(image.Reference), image.Labels())
	for _, earlier := range f.published {
		if earlier.Phase == image.Phase && earlier.Instance.ID == image.Instance.ID {
			found.Digest = f.has[earlier.Reference].Digest // The same image under a further reference.
			break
		}
	}
	f.published = append(f.published, image)
	if f.has == nil {
		f.has = map[string]plan.Found{}
	}
	f.has[image.Reference] = found
	return Published{Digest: found.Digest}, nil
}

// Tag fails with the failure of its reference, if any.
func (f *fakeRegistry) Tag(_ context.Context, image, reference string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tagged = append(f.tagged, reference)
	if err := f.tagErr[reference]; err != nil {
		return err
	}
	name, digest, _ := strings.Cut(image, "@")
	if f.has[name].Digest != digest {
		return errors.New("the name has another image than the one that is to be tagged")
	}
	f.has[reference] = f.has[name]
	return nil
}

func (f *fakeRegistry) references() []string {
	var references []string
	for _, image := range f.published {
		references = append(references, image.Reference)
	}
	return references
}

func digestOf(reference string) string { return "sha256:" + reference }

// planOf plans n instances: r/base:i0, r/agent:i0 and so on, and r/builder:b.
func planOf(n int) plan.Plan {
	planned := plan.Plan{Builder: "r/builder:b"}
	for i := range n {
		id := fmt.Sprintf("i%d", i)
		planned.Items = append(planned.Items, plan.Item{
			Instance: dataset.Instance{ID: id, OfficialImage: "official/" + id, Custom: id},
			Base:     "r/base:" + id, Agent: "r/agent:" + id,
		})
	}
	return planned
}

// outlast advances the clock past the timeout of a hanging image, and returns when its context has
// ended. No other image may be in progress: its time passes too.
func outlast(ctx context.Context, clock *clocktest.Fake) {
	clock.Advance(DefaultTimeout)
	<-ctx.Done()
}

func statuses(records []manifest.Record) []manifest.Status {
	var all []manifest.Status
	for _, record := range records {
		all = append(all, record.Status)
	}
	return all
}

// quick retries without pauses.
var quick = throttle.Retry{First: time.Microsecond, Longest: time.Microsecond, LimitFirst: time.Microsecond, LimitLongest: time.Microsecond}

// asksFor is a rate limit with the pause that the registry asks for.
type asksFor time.Duration

func (asksFor) Error() string { return "429" }
func (a asksFor) Cause() classify.Result {
	return classify.Result{Class: classify.Limited, Wait: time.Duration(a)}
}

func jsonLines(t *testing.T, records []manifest.Record) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, manifest.WriteJSONLines(&out, records))
	return out.String()
}
