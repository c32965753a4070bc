// Command bench compares variants of making agent images of the same base images: `make bench`.
//
// All that it publishes in the local registry goes under a prefix of its own, and is deleted at the
// end.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"eval-images/bench/internal/report"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		log.Fatal("bench: ", err)
	}
}

func run(ctx context.Context, args []string) error {
	chosen, err := parseOptions(args)
	if err != nil {
		return err
	}
	if chosen.plots {
		return render(chosen.out)
	}
	result, err := measure(ctx, chosen)
	if err != nil {
		return err
	}
	fmt.Println("\n" + result.Markdown())
	if err := result.Write(chosen.out); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	if missed := result.Missed(); chosen.check && missed > 0 {
		return fmt.Errorf("%d goals were missed or not measured", missed)
	}
	return nil
}

// render writes results.md and the plots of an earlier benchmark.
func render(dir string) error {
	r, err := report.Read(dir)
	if err != nil {
		return err
	}
	return r.Render(dir)
}

// measure runs the benchmark. It runs in bench/, and finds the rest of the repository above.
func measure(ctx context.Context, o options) (*report.Results, error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	h, err := newHarness(root, o)
	if err != nil {
		return nil, err
	}
	defer h.close()
	result, err := h.measureAll(ctx)
	if ctx.Err() != nil {
		return nil, errors.New("interrupted; no results were written")
	}
	return result, err
}
