package main

import (
	"context"
	"fmt"
	"log"
	"slices"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/report"
)

// turnsAt is the number of turns that each base size has at each place of the order.
const turnsAt = 2

// sizeTurns returns the base sizes in turns; each turn begins with another one.
func (o options) sizeTurns() [][]int {
	var turns [][]int
	for turn := range turnsAt * len(o.baseMB) {
		at := turn % len(o.baseMB)
		turns = append(turns, slices.Concat(o.baseMB[at:], o.baseMB[:at]))
	}
	return turns
}

// measureSizes measures the direct publisher at all base sizes in turns. In a round, minutes pass
// between one size and the next, in which the machine drifts by more than the sizes differ.
func (h *harness) measureSizes(ctx context.Context) error {
	if len(h.baseMB) < 2 || !h.isChosen(report.Direct) {
		return nil
	}
	fixtures := map[int]fixture.Fixture{}
	for _, baseMB := range h.baseMB {
		log.Printf("making %d base images of %d MB", h.most(), baseMB)
		f, err := h.Make(ctx, fmt.Sprintf("sizes-%dmb", baseMB), h.most(), baseMB, h.OnTemplate)
		if err != nil {
			return err
		}
		fixtures[baseMB] = f
	}
	for turn, sizes := range h.sizeTurns() {
		for _, baseMB := range sizes {
			job, err := h.Batch(fixtures[baseMB], h.most(), fmt.Sprintf("turn-%d", turn+1))
			if err != nil {
				return err
			}
			if err := h.measure(ctx, report.Sample{Round: turn + 1, Variant: report.Direct, Kind: report.Sizes, BaseMB: baseMB}, job); err != nil {
				return err
			}
		}
	}
	return nil
}
