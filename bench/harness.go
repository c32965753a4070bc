package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/machine"
	"eval-images/bench/internal/registry"
	"eval-images/bench/internal/report"
	"eval-images/bench/internal/variant"
)

// harness makes fixtures, runs variants on them, and collects samples.
type harness struct {
	options
	*fixture.Maker
	proxy    *registry.Proxy // for Docker
	variants map[string]variant.Variant
	results  *report.Results
}

func newHarness(root string, o options) (*harness, error) {
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	maker, err := fixture.New(root, work, o.seed, o.agentMB)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(work))
	}
	proxy, err := maker.StartProxy()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the proxy: %w", err), os.RemoveAll(work))
	}
	return &harness{
		options: o, Maker: maker, proxy: proxy, variants: variant.All(maker, proxy),
		results: &report.Results{
			Seed: o.seed, AgentMB: o.agentMB, Rounds: o.rounds, CurveMB: o.curveMB(),
			Most: o.most(), Present: o.presentImages, Many: o.manyImages,
		},
	}, nil
}

// chosen returns the chosen variants for which a predicate holds, in the order of the option.
func (h *harness) chosen(which func(variant string) bool) []string {
	return slices.DeleteFunc(slices.Clone(h.options.variants), func(v string) bool { return !which(v) })
}

// isChosen reports whether a variant is to be measured.
func (h *harness) isChosen(variant string) bool { return slices.Contains(h.options.variants, variant) }

// measure runs one variant once and adds the sample, if the images are as they should be.
func (h *harness) measure(ctx context.Context, s report.Sample, job fixture.Batch) error {
	if err := h.run(ctx, &s, job); err != nil {
		return fmt.Errorf("%s: %w", s.Variant, err)
	}
	h.results.Samples = append(h.results.Samples, s)
	log.Printf("run %d  %-7s  %3d MB  %3d images  %-13s  assembly %7.2f s  whole %7.2f s",
		s.Round, s.Kind, s.BaseMB, s.Images, s.Variant, s.AssemblySeconds, s.WholeSeconds)
	return nil
}

func (h *harness) run(ctx context.Context, s *report.Sample, job fixture.Batch) error {
	v := h.variants[s.Variant]
	if err := v.Prepare(ctx, job); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	s.Busy = !machine.WaitIdle(ctx)
	downBefore, upBefore := h.proxy.Traffic()
	peak := machine.WatchMemory(ctx)
	took, err := v.Run(ctx, job)
	if memory := peak(); report.IsModule(s.Variant) {
		s.MemoryMB = memory
	}
	if err != nil {
		return err
	}
	down, up := h.proxy.Traffic()
	s.DownMB = float64(down-downBefore) / fixture.Megabyte
	s.UpMB = float64(up-upBefore) / fixture.Megabyte
	s.Images, s.Recipes = len(job.Images), took.Recipes
	s.WholeSeconds, s.AssemblySeconds = took.Whole.Seconds(), took.Assembly.Seconds()
	if err := h.verify(ctx, job); err != nil {
		return err
	}
	if err := v.Clear(ctx); err != nil {
		return fmt.Errorf("clearing: %w", err)
	}
	return nil
}

// verify checks that a run made all images, each on its base.
func (h *harness) verify(ctx context.Context, job fixture.Batch) error {
	tags, err := h.Tags(ctx, job.To)
	if err != nil {
		return err
	}
	if len(tags) != len(job.Images) {
		return fmt.Errorf("found %d images in %s, expected %d", len(tags), job.To, len(job.Images))
	}
	for _, image := range job.Images {
		at := slices.IndexFunc(tags, func(tag string) bool { return strings.Contains(tag, image.ID) })
		if at < 0 {
			return fmt.Errorf("%s has no image of %s", job.To, image.ID)
		}
		stands, err := h.StandsOn(ctx, job.To+":"+tags[at], image.Base)
		if err != nil {
			return err
		}
		if !stands {
			return fmt.Errorf("%s:%s does not stand on %s", job.To, tags[at], image.Base)
		}
	}
	return nil
}

// close removes what is left, even by an interrupted run.
func (h *harness) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	for _, name := range h.options.variants {
		if err := h.variants[name].Clear(ctx); err != nil {
			log.Printf("clearing after %s: %v", name, err)
		}
	}
	h.proxy.Stop()
	if err := h.Maker.Clear(ctx); err != nil {
		log.Print(err)
	}
	if err := os.RemoveAll(h.Work); err != nil {
		log.Print(err)
	}
}
