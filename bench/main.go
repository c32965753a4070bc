// Command bench measures how long several ways take to make agent images of the same base images, side by side: `make bench`.
//
// Everything that it puts in the local registry is under a prefix of its own, and is deleted at the end.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
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
		return redraw(chosen.out)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	lab, err := newLab(root, chosen)
	if err != nil {
		return err
	}
	defer lab.close()
	result, err := lab.measureAll(ctx)
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted, and nothing was written")
	}
	if err != nil {
		return err
	}
	result.Goals = goalsOf(result)
	fmt.Println("\n" + result.markdown())
	if err := result.write(chosen.out); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	if missed := missedGoals(result.Goals); chosen.check && missed > 0 {
		return fmt.Errorf("%d goals do not hold or were not measured", missed)
	}
	return nil
}

// redraw draws the plots of results that were measured before.
func redraw(dir string) error {
	r, err := readResults(filepath.Join(dir, "results.json"))
	if err != nil {
		return err
	}
	return r.writePlots(dir)
}
