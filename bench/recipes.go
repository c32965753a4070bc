package main

import (
	"context"
	"log"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/report"
	"eval-images/bench/internal/variant"
)

// measureOnePass measures the whole Dockerfile once: one run takes as long as many of the others.
func (h *harness) measureOnePass(ctx context.Context) error {
	if !h.isChosen(report.OnePass) {
		return nil
	}
	f, err := h.MakeOnDebian(ctx, "one-pass", h.onePassImages, h.curveMB())
	if err != nil {
		return err
	}
	job, err := h.Batch(f, h.onePassImages, "agent")
	if err != nil {
		return err
	}
	return h.measureRecipe(ctx, report.Sample{Round: 1, Variant: report.OnePass, Kind: report.Cold, BaseMB: h.curveMB()}, job)
}

// measureBases measures the base phase: shared layers for many images, the long way for few.
func (h *harness) measureBases(ctx context.Context) error {
	images := map[string]int{report.BasesShared: h.sharedImages, report.BasesLong: h.longImages}
	for _, v := range h.chosen(report.IsBases) {
		job, err := h.Official(ctx, v, images[v], report.Environments)
		if err != nil {
			return err
		}
		if err := h.measureRecipe(ctx, report.Sample{Round: 1, Variant: v, Kind: report.Bases}, job); err != nil {
			return err
		}
	}
	return nil
}

// measureRecipe measures a variant that installs packages. Without a mirror of Debian, it leaves a
// note in place of the sample.
func (h *harness) measureRecipe(ctx context.Context, s report.Sample, job fixture.Batch) error {
	err := h.measure(ctx, s, job)
	if err == nil || !variant.NoMirror(err) {
		return err
	}
	h.results.Notes = append(h.results.Notes, s.Variant+" was not measured: containers on this machine do not reach a mirror of Debian.")
	log.Printf("%s is left out, because packages could not be installed: %v", s.Variant, err)
	return nil
}
