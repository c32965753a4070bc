package main

import (
	"context"
	"time"
)

// workers is how many images are in work at a time, in every way: the module's default.
const workers = 12

// way is one way to make agent images.
type way interface {
	// prepare does what is not measured, before each run.
	prepare(ctx context.Context, job batch) error
	// run makes and publishes the agent images.
	run(ctx context.Context, job batch) (timing, error)
	// clear removes what a run left on this machine, so that the next one starts as cold.
	clear(ctx context.Context) error
}

// batch is what one run has to make.
type batch struct {
	images  []image
	base    string // repository of the base images, without the registry
	to      string // repository of the agent images, without the registry
	dataset string // path of a file with the ids
	present bool   // the images are there, so that there is nothing to make
	// official is where the official images are, as --image-template takes it without the registry. Empty: there are none, as the base
	// images are there.
	official string
}

// image is an instance and its base image.
type image struct {
	id   string
	base string // reference without the registry
}

// timing of a run.
type timing struct {
	// whole is the time from the call to its end.
	whole time.Duration
	// assembly is the time from the first image's start to the last one's end. For ways that do nothing else it is the whole.
	assembly time.Duration
	// recipes is how often the recipe ran, in the base phase.
	recipes int
}

// timed is the timing of work that is all assembly.
func timed(work func() error) (timing, error) {
	started := time.Now()
	err := work()
	took := time.Since(started)
	return timing{whole: took, assembly: took}, err
}
