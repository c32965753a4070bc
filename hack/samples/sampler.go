package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/sourcegraph/conc/pool"
)

// image is one image of the plan.
type image interface {
	// name is the repository and tag, without the registry.
	name() string
	// push makes the image and pushes it.
	push(ctx context.Context, s *sampler) error
}

// sampler makes the images of a plan in a registry.
type sampler struct {
	registry string
	rootfs   string
	jobs     int
	engine   engine
	out      *log.Logger
}

// fill pushes the missing images. It makes all images of a stage in parallel and tries each of
// them; the error names every one that failed. A failure ends the run after its stage, because the
// next one builds on it.
func (s *sampler) fill(ctx context.Context, p samples) error {
	defer s.engine.close()
	for _, stage := range p.stages() {
		missing, err := s.missing(ctx, stage)
		if err != nil {
			return err
		}
		if err := s.engine.connectFor(ctx, missing); err != nil {
			return err
		}
		if err := s.each(ctx, missing, s.push); err != nil {
			return err
		}
	}
	return nil
}

// missing returns the images that the registry lacks, and reports the others.
func (s *sampler) missing(ctx context.Context, images []image) ([]image, error) {
	var missing []image
	for _, img := range images {
		started := time.Now()
		there, err := s.exists(ctx, img)
		switch {
		case err != nil:
			return nil, err
		case there:
			s.say("present", img, started)
		default:
			missing = append(missing, img)
		}
	}
	return missing, nil
}

// exists asks the registry. An answer such as 401 or 503, or no answer, is an error.
func (s *sampler) exists(ctx context.Context, img image) (bool, error) {
	tag, err := s.tag(img)
	if err != nil {
		return false, err
	}
	_, err = remote.Head(tag, remote.WithContext(ctx))
	var answer *transport.Error
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return false, nil
	default:
		return false, fmt.Errorf("looking for %s: %w", img.name(), err)
	}
}

func (s *sampler) push(ctx context.Context, img image) error {
	started := time.Now()
	if err := img.push(ctx, s); err != nil {
		return fmt.Errorf("pushing %s: %w", img.name(), err)
	}
	s.say("pushed", img, started)
	return nil
}

// each calls a function for every image, as many concurrently as there are jobs.
func (s *sampler) each(ctx context.Context, images []image, do func(context.Context, image) error) error {
	workers := pool.New().WithMaxGoroutines(max(s.jobs, 1)).WithContext(ctx)
	for _, img := range images {
		workers.Go(func(ctx context.Context) error {
			if err := ctx.Err(); err != nil { // the pool starts what is queued even then
				return err
			}
			return do(ctx, img)
		})
	}
	return workers.Wait()
}

func (s *sampler) tag(img image) (name.Tag, error) {
	return name.NewTag(s.registry + "/" + img.name())
}

func (s *sampler) say(what string, img image, started time.Time) {
	s.out.Printf("%-8s %6.2fs  %s", what, time.Since(started).Seconds(), img.name())
}
