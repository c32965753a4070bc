package main

import (
	"context"
	"fmt"
	"log"
	"path"
	"path/filepath"
	"time"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/machine"
	"eval-images/bench/internal/manifest"
	"eval-images/bench/internal/registry"
	"eval-images/bench/internal/report"
	"eval-images/bench/internal/variant"
)

// coldEnvironments is the number of environments among the official images of cold/shared.
const coldEnvironments = 6

// measureCold measures runs on official images that are in another registry, behind a slow link: many
// images with their recipe shared, few the long way.
func (h *harness) measureCold(ctx context.Context) error {
	images := map[string]int{report.ColdShared: h.coldImages, report.ColdLong: h.coldLongImages}
	chosen := h.chosen(report.IsCold)
	if len(chosen) == 0 {
		return nil
	}
	hub, err := h.StartHub(ctx, h.Root, h.Work, int64(h.linkMB)*fixture.Megabyte)
	if err != nil {
		return err
	}
	defer hub.Stop()
	for _, v := range chosen {
		err := h.measureColdRun(ctx, hub, v, images[v])
		if err == nil {
			continue
		}
		if !variant.NoMirror(err) {
			return fmt.Errorf("%s: %w", v, err)
		}
		h.results.Notes = append(h.results.Notes, v+" was not measured: containers on this machine do not reach a mirror of Debian.")
	}
	return nil
}

func (h *harness) measureColdRun(ctx context.Context, hub *registry.Hub, v string, images int) error {
	environments := max(1, images*coldEnvironments/h.coldImages) // As many images have one in common.
	job, err := h.Layered(ctx, "cold-"+path.Base(v), images, environments)
	if err != nil {
		return err
	}
	job.Hub = hub.Address
	if err := h.variants[v].Prepare(ctx, job.Batch); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	machine.WaitIdle(ctx)
	before, err := machine.EngineDiskMB(ctx, h.Root)
	if err != nil {
		return err
	}
	hub.Reset()
	peak := machine.WatchMemory(ctx)
	took, err := h.variants[v].Run(ctx, job.Batch)
	memory := peak()
	if err != nil {
		return err
	}
	module, engine := hub.Module(), hub.Engine()
	after, err := machine.EngineDiskMB(ctx, h.Root)
	if err != nil {
		return err
	}
	run := report.ColdRun{
		Variant: v, Images: images, Environments: environments, UniqueMB: job.UniqueMB, LinkRate: float64(h.linkMB),
		LinkMB: float64(module.Bytes+engine.Bytes) / fixture.Megabyte, Pulls: module.Pulls + engine.Pulls, Recipes: took.Recipes,
		BasesSeconds: took.Assembly.Seconds(), WholeSeconds: took.Whole.Seconds(), MemoryMB: memory, DiskMB: after - before,
	}
	if run.RecipeSeconds, err = recipeSeconds(filepath.Join(h.Work, "out", "base-manifest.jsonl")); err != nil {
		return err
	}
	if err := h.verify(ctx, job.Batch); err != nil {
		return err
	}
	if v == report.ColdShared {
		if run.Again, err = h.measureColdAgain(ctx, hub, v, job.Batch); err != nil {
			return err
		}
	}
	h.results.ColdRuns = append(h.results.ColdRuns, run)
	log.Printf("cold run  %-11s  %3d images  bases %7.2f s  whole %7.2f s  %6.1f of %6.1f MB  %d recipes in %.2f s  %+.0f MB on the engine's disk",
		v, images, run.BasesSeconds, run.WholeSeconds, run.LinkMB, run.UniqueMB, run.Recipes, run.RecipeSeconds, run.DiskMB)
	return nil
}

// measureColdAgain measures the second run.
func (h *harness) measureColdAgain(ctx context.Context, hub *registry.Hub, v string, job fixture.Batch) (*report.ColdAgain, error) {
	hub.Reset()
	job.Present = true
	started := time.Now()
	if _, err := h.variants[v].Run(ctx, job); err != nil {
		return nil, fmt.Errorf("second run: %w", err)
	}
	again := &report.ColdAgain{WholeSeconds: time.Since(started).Seconds()}
	again.Pulls = hub.Module().Pulls + hub.Engine().Pulls
	again.LinkMB = float64(hub.Module().Bytes+hub.Engine().Bytes) / fixture.Megabyte
	return again, nil
}

// recipeSeconds is how long the recipe ran for the base images of a manifest, in all.
func recipeSeconds(path string) (seconds float64, err error) {
	records, err := manifest.Read(path)
	for _, base := range records {
		if base.GraftedFrom == "" {
			seconds += base.BuildSeconds + base.PushSeconds
		}
	}
	return seconds, err
}
