package main

import (
	"context"
	"fmt"
	"log"
	"slices"
)

// turnsAt is how often each base size has its turn at each place of the order.
const turnsAt = 2

// sizeTurns are the base sizes in turns, beginning with another one each time.
func (o options) sizeTurns() [][]int {
	var turns [][]int
	for turn := range turnsAt * len(o.baseMB) {
		at := turn % len(o.baseMB)
		turns = append(turns, slices.Concat(o.baseMB[at:], o.baseMB[:at]))
	}
	return turns
}

// measureSizes measures the direct way at all base sizes, side by side: within a round minutes pass between one size and the next, in
// which the machine drifts by more than what is looked for.
func (l *lab) measureSizes(ctx context.Context, r *results) error {
	if len(l.baseMB) < 2 || !slices.Contains(l.options.ways, wayDirect) {
		return nil
	}
	sets := map[int]set{}
	for _, baseMB := range l.baseMB {
		log.Printf("making %d base images of %d MB", l.most(), baseMB)
		s, err := l.makeSet(ctx, fmt.Sprintf("sizes-%dmb", baseMB), point{l.most(), baseMB}, l.asTemplate)
		if err != nil {
			return err
		}
		sets[baseMB] = s
	}
	for turn, sizes := range l.sizeTurns() {
		for _, baseMB := range sizes {
			job, err := l.batch(sets[baseMB], l.most(), fmt.Sprintf("turn-%d", turn+1))
			if err != nil {
				return err
			}
			if err := l.measure(ctx, r, sample{Round: turn + 1, Way: wayDirect, Kind: kindSizes, BaseMB: baseMB}, job); err != nil {
				return err
			}
		}
	}
	return nil
}
