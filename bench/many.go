package main

import (
	"context"
	"fmt"
	"path"

	"eval-images/bench/internal/report"
)

// measureMany measures the fast variants with very many images, in turns.
func (h *harness) measureMany(ctx context.Context) error {
	fast := h.chosen(func(v string) bool { return v == report.Direct || v == report.LowerBound })
	if h.manyImages == 0 || len(fast) == 0 {
		return nil
	}
	f, err := h.Make(ctx, "many", h.manyImages, h.curveMB(), h.OnTemplate)
	if err != nil {
		return err
	}
	for round := range h.rounds {
		for _, v := range fast {
			job, err := h.Batch(f, h.manyImages, fmt.Sprintf("%s-%d", path.Base(v), round+1))
			if err != nil {
				return err
			}
			if err := h.measure(ctx, report.Sample{Round: round + 1, Variant: v, Kind: report.Many, BaseMB: h.curveMB()}, job); err != nil {
				return err
			}
		}
	}
	return nil
}
