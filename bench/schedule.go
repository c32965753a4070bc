package main

import (
	"context"
	"fmt"
	"log"
	"path"
	"slices"
	"time"

	"eval-images/bench/internal/machine"
	"eval-images/bench/internal/report"
)

// points lists all base sizes with the most images, and all numbers of images at one base size.
func (o options) points() []report.Point {
	var all []report.Point
	for _, baseMB := range o.baseMB {
		all = append(all, report.Point{Images: o.most(), BaseMB: baseMB})
	}
	for _, images := range o.images[:len(o.images)-1] {
		all = append(all, report.Point{Images: images, BaseMB: o.curveMB()})
	}
	return all
}

// variantsAt lists the variants to measure at a point; each round begins with another one. It
// leaves out those with fixtures of their own, and slow variants where they would make the same
// number of images as at another point.
func (o options) variantsAt(p report.Point, round int) []string {
	chosen := slices.DeleteFunc(slices.Clone(o.variants), func(v string) bool {
		return v == report.OnePass || v == report.NoOp || report.IsBases(v) || report.IsCold(v) || o.limit(v) < p.Images && p.Images != o.most()
	})
	if len(chosen) == 0 {
		return nil
	}
	at := round % len(chosen)
	return append(chosen[at:], chosen[:at]...)
}

// measureAll runs the whole benchmark.
func (h *harness) measureAll(ctx context.Context) (*report.Results, error) {
	started := time.Now()
	h.results.Started = started.UTC().Truncate(time.Second)
	h.results.Machine = machine.Describe(ctx, h.Root)
	log.Printf("the first run makes the builder (agent layer of %d MB) in %s", h.agentMB, h.Prefix)
	if err := h.firstRun(ctx); err != nil {
		return nil, fmt.Errorf("first run: %w", err)
	}
	for _, step := range []func(context.Context) error{
		h.measureSecondRun, h.measureSizes, h.measureOnePass, h.measureRounds, h.measureMany, h.measureBases, h.measureCold,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	h.results.Seconds = time.Since(started).Seconds()
	h.results.Finish()
	return h.results, nil
}

func (h *harness) measureRounds(ctx context.Context) error {
	for round := range h.rounds {
		for _, p := range h.points() {
			if err := h.measurePoint(ctx, round, p); err != nil {
				return fmt.Errorf("round %d: %w", round+1, err)
			}
		}
	}
	return nil
}

// measurePoint measures all variants at one point, on one new fixture.
func (h *harness) measurePoint(ctx context.Context, round int, p report.Point) error {
	f, err := h.Make(ctx, fmt.Sprintf("round-%d-%d-%dmb", round+1, p.Images, p.BaseMB), p.Images, p.BaseMB, h.OnTemplate)
	if err != nil {
		return err
	}
	for _, kind := range []string{report.Cold, report.Warm} {
		for _, v := range h.variantsAt(p, round) {
			// Only the module keeps something that could make a second run faster: in its engine.
			if kind == report.Warm && (!report.IsModule(v) || p != report.Point{Images: h.most(), BaseMB: h.curveMB()}) {
				continue
			}
			// The repository's name has "direct" in it, not "module/direct".
			job, err := h.Batch(f, min(p.Images, h.limit(v)), kind+"-"+path.Base(v))
			if err != nil {
				return err
			}
			if err := h.measure(ctx, report.Sample{Round: round + 1, Variant: v, Kind: kind, BaseMB: p.BaseMB}, job); err != nil {
				return err
			}
		}
	}
	return nil
}
