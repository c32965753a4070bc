package main

import (
	"context"
	"fmt"
	"log"
	"path"
	"slices"
	"time"
)

// point is what the ways are compared at.
type point struct{ images, baseMB int }

// points are all base sizes with the most images, and all numbers of images at one base size.
func (o options) points() []point {
	var all []point
	for _, baseMB := range o.baseMB {
		all = append(all, point{o.most(), baseMB})
	}
	for _, images := range o.images[:len(o.images)-1] {
		all = append(all, point{images, o.curveMB()})
	}
	return all
}

// waysAt are the ways to measure at a point, beginning with another one in each round. One pass has a set of its own. A slow way is not
// measured twice with the same number of images.
func (o options) waysAt(p point, round int) []string {
	chosen := slices.DeleteFunc(slices.Clone(o.ways), func(way string) bool {
		return way == wayOnePass || way == wayNothing || isBases(way) || o.limit(way) < p.images && p.images != o.most()
	})
	if len(chosen) == 0 {
		return nil
	}
	at := round % len(chosen)
	return append(chosen[at:], chosen[:at]...)
}

// measureAll does all rounds, one after the other.
func (l *lab) measureAll(ctx context.Context) (*results, error) {
	started := time.Now()
	r := &results{
		Machine: machineOf(ctx, l.root), Seed: l.seed, AgentMB: l.agentMB, Rounds: l.rounds, Started: started.UTC().Truncate(time.Second),
		CurveMB: l.curveMB(), Most: l.most(), Present: l.presentImages, Many: l.manyImages,
	}
	log.Printf("the first run makes the builder (agent layer: %d MB) in %s", l.agentMB, l.prefix)
	if err := l.firstRun(ctx); err != nil {
		return nil, fmt.Errorf("the first run: %w", err)
	}
	if err := l.measureSecondRun(ctx, r); err != nil {
		return nil, err
	}
	if err := l.measureSizes(ctx, r); err != nil {
		return nil, err
	}
	if slices.Contains(l.options.ways, wayOnePass) {
		if err := l.measureOnePass(ctx, r); err != nil {
			return nil, err
		}
	}
	for round := range l.rounds {
		if err := l.measureRound(ctx, r, round); err != nil {
			return nil, fmt.Errorf("round %d: %w", round+1, err)
		}
	}
	if err := l.measureMany(ctx, r); err != nil {
		return nil, err
	}
	if err := l.measureBases(ctx, r); err != nil {
		return nil, err
	}
	r.Seconds = time.Since(started).Seconds()
	r.Medians = mediansOf(r.Samples)
	return r, nil
}

func (l *lab) measureRound(ctx context.Context, r *results, round int) error {
	for _, p := range l.points() {
		s, err := l.makeSet(ctx, fmt.Sprintf("round-%d-%d-%dmb", round+1, p.images, p.baseMB), p, l.asTemplate)
		if err != nil {
			return err
		}
		for _, kind := range []string{kindCold, kindWarm} {
			for _, way := range l.waysAt(p, round) {
				// Only the module keeps something from which a second time could be quicker: in its engine.
				if kind == kindWarm && (!isModule(way) || p != point{l.most(), l.curveMB()}) {
					continue
				}
				job, err := l.batch(s, min(p.images, l.limit(way)), kind+"-"+path.Base(way)) // a repository of "direct", not of "module/direct"
				if err != nil {
					return err
				}
				if err := l.measure(ctx, r, sample{Round: round + 1, Way: way, Kind: kind, BaseMB: p.baseMB}, job); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// measureOnePass measures it once: a single round of it takes as long as many of the others.
func (l *lab) measureOnePass(ctx context.Context, r *results) error {
	s, err := l.makeDebianSet(ctx, "one-pass", point{l.onePassImages, l.curveMB()})
	if err != nil {
		return err
	}
	job, err := l.batch(s, l.onePassImages, "agent")
	if err != nil {
		return err
	}
	err = l.measure(ctx, r, sample{Round: 1, Way: wayOnePass, Kind: kindCold, BaseMB: l.curveMB()}, job)
	if err != nil && noMirror(err) {
		r.Notes = append(r.Notes, "One pass was not measured: containers on this machine do not reach a mirror of Debian.")
		log.Printf("one pass is left out, because packages could not be installed: %v", err)
		return nil
	}
	return err
}

// measure runs one way once and adds what it took, if it made what it should have.
func (l *lab) measure(ctx context.Context, r *results, s sample, job batch) error {
	way := l.ways[s.Way]
	if err := way.prepare(ctx, job); err != nil {
		return fmt.Errorf("preparing %s: %w", s.Way, err)
	}
	s.Busy = !settle(ctx)
	down, up := l.proxy.down.Load(), l.proxy.upward.Load()
	memory := watchMemory(ctx)
	took, err := way.run(ctx, job)
	if peak := memory(); isModule(s.Way) {
		s.MemoryMB = peak
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Way, err)
	}
	s.Images, s.WholeSeconds, s.AssemblySeconds, s.Recipes = len(job.images), took.whole.Seconds(), took.assembly.Seconds(), took.recipes
	s.DownMB = float64(l.proxy.down.Load()-down) / megabyte
	s.UpMB = float64(l.proxy.upward.Load()-up) / megabyte
	if err := l.verify(ctx, job); err != nil {
		return fmt.Errorf("%s: %w", s.Way, err)
	}
	if err := way.clear(ctx); err != nil {
		return fmt.Errorf("clearing after %s: %w", s.Way, err)
	}
	r.Samples = append(r.Samples, s)
	log.Printf("run %d  %-7s  %3d MB  %3d images  %-13s  assembly %7.2f s  whole %7.2f s",
		s.Round, s.Kind, s.BaseMB, s.Images, s.Way, s.AssemblySeconds, s.WholeSeconds)
	return nil
}

// measureMany measures the quick ways with very many images, in turns.
func (l *lab) measureMany(ctx context.Context, r *results) error {
	quick := slices.DeleteFunc(slices.Clone(l.options.ways), func(way string) bool { return way != wayDirect && way != wayFloor })
	if l.manyImages == 0 || len(quick) == 0 {
		return nil
	}
	s, err := l.makeSet(ctx, "many", point{l.manyImages, l.curveMB()}, l.asTemplate)
	if err != nil {
		return err
	}
	for round := range l.rounds {
		for _, way := range quick {
			job, err := l.batch(s, l.manyImages, fmt.Sprintf("%s-%d", path.Base(way), round+1))
			if err != nil {
				return err
			}
			if err := l.measure(ctx, r, sample{Round: round + 1, Way: way, Kind: kindMany, BaseMB: l.curveMB()}, job); err != nil {
				return err
			}
		}
	}
	return nil
}

func isModule(way string) bool { return way == wayEngine || way == wayDirect }

func isBases(way string) bool { return way == wayLong || way == wayShared }
