package main

import (
	"context"
	"log"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/report"
)

// measureSecondRun measures the run that finds all agent images, and beside it the no-op. It comes
// before the engine publishes anything: the fuller an engine's cache, the longer every call takes.
func (h *harness) measureSecondRun(ctx context.Context) error {
	present, err := h.presentBatch(ctx)
	if err != nil {
		return err
	}
	for round := range h.presentRuns {
		if h.isChosen(report.Direct) {
			s := report.Sample{Round: round + 1, Variant: report.Direct, Kind: report.Present, BaseMB: h.baseMB[0]}
			if err := h.measure(ctx, s, present); err != nil {
				return err
			}
		}
		if h.isChosen(report.NoOp) {
			s := report.Sample{Round: round + 1, Variant: report.NoOp, Kind: report.Nothing}
			if err := h.measure(ctx, s, fixture.Batch{}); err != nil {
				return err
			}
		}
	}
	if !h.isChosen(report.Engine) {
		return nil
	}
	// The engine's checks take long enough for one run to tell.
	s := report.Sample{Round: 1, Variant: report.Engine, Kind: report.Present, BaseMB: h.baseMB[0]}
	return h.measure(ctx, s, present)
}

// presentBatch makes a batch whose agent images exist.
func (h *harness) presentBatch(ctx context.Context) (fixture.Batch, error) {
	if len(h.chosen(report.IsModule)) == 0 {
		return fixture.Batch{}, nil
	}
	log.Printf("making %d agent images for the second run", h.presentImages)
	f, err := h.Make(ctx, "present", h.presentImages, h.baseMB[0], h.OnTemplate)
	if err != nil {
		return fixture.Batch{}, err
	}
	job, err := h.Batch(f, h.presentImages, "agent")
	if err != nil {
		return job, err
	}
	if _, err := h.variants[report.Direct].Run(ctx, job); err != nil {
		return job, err
	}
	job.Present = true
	return job, h.verify(ctx, job)
}
