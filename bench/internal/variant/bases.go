package variant

import (
	"context"
	"path/filepath"
	"time"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/manifest"
)

// bases measures the base phase: the module runs the sample SDK's recipe, which installs packages,
// on official images, and makes agent images of the results.
type bases struct {
	maker *fixture.Maker
	share string // value of --share-bases
	ready *bool  // the registry has the sample SDK's builder; shared by all values of share
}

// Prepare has the module make the sample SDK's builder, with an official image of its own.
func (b bases) Prepare(ctx context.Context, _ fixture.Batch) error {
	if *b.ready {
		return nil
	}
	job, err := b.maker.Official(ctx, "bases-first", 1, 1)
	if err != nil {
		return err
	}
	_, err = b.Run(ctx, job)
	*b.ready = err == nil
	return err
}

// Clear has nothing to remove.
func (bases) Clear(context.Context) error { return nil }

// Run times the base images by their manifest, and counts the runs of the recipe.
func (b bases) Run(ctx context.Context, job fixture.Batch) (Timing, error) {
	module := Module{
		Maker: b.maker, Publisher: "direct", SDK: b.maker.SampleSDK(), Flags: []string{"--share-bases", b.share},
	}
	started := time.Now()
	out, err := module.Call(ctx, job)
	if err != nil {
		return Timing{}, err
	}
	took := Timing{Whole: time.Since(started)}
	if job.Present {
		return took, nil // There is no line for a base image that nobody asked for.
	}
	records, err := manifest.Read(filepath.Join(out, "base-manifest.jsonl"))
	if err != nil {
		return took, err
	}
	for _, base := range records {
		if base.GraftedFrom == "" {
			took.Recipes++
		}
	}
	took.Assembly, err = manifest.Span(records, "built", len(job.Images))
	return took, err
}
