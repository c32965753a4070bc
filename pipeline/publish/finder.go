package publish

import (
	"context"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
)

// Finder tells a run which images the client's registry has. It is a [run.Registry] and a
// [run.Tagger].
type Finder struct{ *registry.Client }

// Find asks for an image, with one request: see [registry.Client.Find].
func (f Finder) Find(ctx context.Context, reference string) (plan.Found, error) {
	found, err := f.Client.Find(ctx, reference)
	return planned(found), err
}

// planned is what a plan compares with what was found.
func planned(of registry.Found) plan.Found {
	found := plan.NewFound(of.Digest, of.Annotations)
	found.HeadOnly = of.HeadOnly
	return found
}
