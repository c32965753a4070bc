// Package variant implements the variants of making agent images that a benchmark compares.
package variant

import (
	"context"
	"time"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/registry"
	"eval-images/bench/internal/report"
)

// workers is the number of images in progress in every variant: the module's default.
const workers = 12

// Variant is one way to make agent images.
type Variant interface {
	// Prepare does what is not measured, before each run.
	Prepare(ctx context.Context, job fixture.Batch) error
	// Run makes and publishes the agent images.
	Run(ctx context.Context, job fixture.Batch) (Timing, error)
	// Clear removes what a run left on this machine, so that the next one starts as cold.
	Clear(ctx context.Context) error
}

// Timing is how long a run took.
type Timing struct {
	// Whole is the time from the start of the call to its end.
	Whole time.Duration
	// Assembly is the time from the start of the first image to the end of the last one. It equals
	// Whole in variants that do nothing else.
	Assembly time.Duration
	// Recipes counts the runs of the recipe in the base phase.
	Recipes int
}

// All returns the variants by their names in package report.
func All(m *fixture.Maker, proxy *registry.Proxy) map[string]Variant {
	docker := docker{proxy: proxy.Address, prefix: m.Prefix}
	ready := new(bool)
	return map[string]Variant{
		report.Docker:      thin{docker, m},
		report.OnePass:     &onePass{docker: docker, maker: m},
		report.Engine:      Module{Maker: m, Publisher: "engine"},
		report.Direct:      Module{Maker: m, Publisher: "direct"},
		report.LowerBound:  &lowerBound{maker: m},
		report.BasesLong:   bases{maker: m, share: "never", ready: ready},
		report.BasesShared: bases{maker: m, share: "trusted", ready: ready},
		report.ColdLong:    bases{maker: m, share: "never", ready: ready},
		report.ColdShared:  bases{maker: m, share: "evidence", ready: ready},
		report.NoOp:        &noOp{maker: m},
	}
}

// timed measures work that consists of assembly only.
func timed(work func() error) (Timing, error) {
	started := time.Now()
	err := work()
	took := time.Since(started)
	return Timing{Whole: took, Assembly: took}, err
}
