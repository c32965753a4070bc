package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"dagger/eval-images/dataset"
	"dagger/eval-images/reference"
)

// fakeRegistry is a registry in memory, and the publisher that fills it.
type fakeRegistry struct {
	mu        sync.Mutex
	has       map[string]Found
	findErr   map[string]error
	asked     []string
	published []Image
	tagged    []string
	tagErr    map[string]error
	// onPublish, unless nil, decides how a publication ends, before the image is there.
	onPublish func(ctx context.Context, image Image) error
}

func (f *fakeRegistry) Find(_ context.Context, reference string) (Found, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, reference)
	if err := f.findErr[reference]; err != nil {
		return Found{}, err
	}
	found, ok := f.has[reference]
	if !ok {
		return Found{}, ErrAbsent
	}
	return found, nil
}

func (f *fakeRegistry) Publish(ctx context.Context, image Image) (Published, error) {
	if f.onPublish != nil {
		if err := f.onPublish(ctx, image); err != nil {
			return Published{}, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	found := NewFound(digestOf(image.Reference), image.Labels())
	for _, earlier := range f.published {
		if earlier.Phase == image.Phase && earlier.Instance.ID == image.Instance.ID {
			found.Digest = f.has[earlier.Reference].Digest // The same image under a further reference.
			break
		}
	}
	f.published = append(f.published, image)
	if f.has == nil {
		f.has = map[string]Found{}
	}
	f.has[image.Reference] = found
	return Published{Digest: found.Digest}, nil
}

// Tag has its failures by reference.
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
func planOf(n int) Plan {
	plan := Plan{Builder: "r/builder:b"}
	for i := range n {
		id := fmt.Sprintf("i%d", i)
		plan.Items = append(plan.Items, Item{
			Instance: dataset.Instance{ID: id, OfficialImage: "official/" + id, Custom: id},
			Base:     "r/base:" + id, Agent: "r/agent:" + id,
		})
	}
	return plan
}

func statuses(records []Record) []Status {
	var all []Status
	for _, record := range records {
		all = append(all, record.Status)
	}
	return all
}

// newThrottle is that of the host which the references of [planOf] are to, in a run of its own.
func newThrottle(clock clock, most int) *throttle {
	return newThrottles(clock, most).at(reference.DockerHub)
}
