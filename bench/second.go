package main

import (
	"context"
	"log"
	"slices"
)

// measureSecondRun measures the run that finds all agent images, and beside it the call that does nothing. It is measured before the
// engine publishes anything: the more an engine's cache holds, the longer every call takes, this one and the one that does nothing.
func (l *lab) measureSecondRun(ctx context.Context, r *results) error {
	present, err := l.presentSet(ctx)
	if err != nil {
		return err
	}
	for round := range l.presentRuns {
		for _, way := range []string{wayDirect, wayNothing} {
			if !slices.Contains(l.options.ways, way) {
				continue
			}
			s, job := sample{Round: round + 1, Way: way, Kind: kindPresent, BaseMB: l.baseMB[0]}, present
			if way == wayNothing {
				s, job = sample{Round: round + 1, Way: way, Kind: kindNothing}, batch{}
			}
			if err := l.measure(ctx, r, s, job); err != nil {
				return err
			}
		}
	}
	if !slices.Contains(l.options.ways, wayEngine) {
		return nil
	}
	// The engine asks slowly enough to be asked once only.
	return l.measure(ctx, r, sample{Round: 1, Way: wayEngine, Kind: kindPresent, BaseMB: l.baseMB[0]}, present)
}

// presentSet is a batch whose agent images are there.
func (l *lab) presentSet(ctx context.Context) (batch, error) {
	if !slices.ContainsFunc(l.options.ways, isModule) {
		return batch{}, nil
	}
	log.Printf("making %d agent images for the second run", l.presentImages)
	s, err := l.makeSet(ctx, "present", point{l.presentImages, l.baseMB[0]}, l.asTemplate)
	if err != nil {
		return batch{}, err
	}
	job, err := l.batch(s, l.presentImages, "agent")
	if err != nil {
		return job, err
	}
	if _, err := l.ways[wayDirect].run(ctx, job); err != nil {
		return job, err
	}
	job.present = true
	return job, l.verify(ctx, job)
}
