package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"eval-images/bench/internal/report"
)

// options of a benchmark. Sizes are in MB of a million bytes.
type options struct {
	images         []int // rising
	baseMB         []int // rising
	agentMB        int
	rounds         int
	dockerImages   int
	onePassImages  int
	presentImages  int
	presentRuns    int // many, because chance outweighs what happens in such a short run
	manyImages     int // 0: none
	sharedImages   int
	longImages     int
	coldImages     int
	coldLongImages int
	linkMB         int // a second
	variants       []string
	seed           int64
	out            string // directory of the results
	check          bool
	plots          bool
}

// curveMB returns the base size at which the number of images varies: 16 MB, or else the smallest.
func (o options) curveMB() int {
	if slices.Contains(o.baseMB, 16) {
		return 16
	}
	return o.baseMB[0]
}

// most returns the number of images at which the base size varies.
func (o options) most() int { return o.images[len(o.images)-1] }

// limit returns the most images that a variant makes in a run. Slow variants make few.
func (o options) limit(variant string) int {
	switch variant {
	case report.Docker:
		return o.dockerImages
	case report.OnePass:
		return o.onePassImages
	default:
		return o.most()
	}
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	images := flags.String("images", "10,50,100", "`numbers` of images")
	baseMB := flags.String("base-mb", "1,16,200,400", "base `sizes` in MB")
	variants := flags.String("variants", strings.Join(report.Variants, ","), "`variants` to measure")
	flags.IntVar(&o.agentMB, "agent-mb", 64, "`size` of the agent layer in MB")
	flags.IntVar(&o.rounds, "rounds", 3, "`number` of rounds")
	flags.IntVar(&o.dockerImages, "docker-images", 12, "maximum `number` of images in a run of docker")
	flags.IntVar(&o.onePassImages, "onepass-images", 2, "`number` of images in the run of one-pass")
	flags.IntVar(&o.presentImages, "present-images", 500, "`number` of images in second runs")
	flags.IntVar(&o.presentRuns, "present-runs", 7, "`number` of second runs")
	flags.IntVar(&o.manyImages, "many-images", 2000, "`number` of images in the longest runs; 0 skips them")
	flags.IntVar(&o.sharedImages, "shared-images", 100, "`number` of base images in the run of bases/shared")
	flags.IntVar(&o.longImages, "long-images", 12, "`number` of base images in the run of bases/long")
	flags.IntVar(&o.coldImages, "cold-images", 60, "`number` of official images in the run of cold/shared")
	flags.IntVar(&o.coldLongImages, "cold-long-images", 8, "`number` of official images in the run of cold/long")
	flags.IntVar(&o.linkMB, "link-mb", 8, "`speed` of the link in cold runs, in MB per second")
	flags.Int64Var(&o.seed, "seed", 0, "`seed` of the random data; 0 takes the time, so that no cache knows the data")
	flags.StringVar(&o.out, "out", ".", "`directory` of the results; with -quick, ../out/bench")
	flags.BoolVar(&o.check, "check", false, "fail unless all goals are met")
	flags.BoolVar(&o.plots, "plots", false, "measure nothing; write results.md and the plots again from results.json")
	quick := flags.Bool("quick", false, "smoke test: 5 small images, one round, without one-pass and base phase")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		*images, *baseMB = "5", "4"
		*variants = strings.Join([]string{report.Docker, report.Engine, report.Direct, report.LowerBound, report.NoOp}, ",")
		o.smoke()
	}
	var err error
	if o.images, err = numbers(*images); err != nil {
		return o, fmt.Errorf("-images: %w", err)
	}
	if o.baseMB, err = numbers(*baseMB); err != nil {
		return o, fmt.Errorf("-base-mb: %w", err)
	}
	if o.variants, err = names(*variants); err != nil {
		return o, fmt.Errorf("-variants: %w", err)
	}
	if o.seed == 0 {
		o.seed = time.Now().UnixNano()
	}
	return o, o.validate()
}

// smoke makes a benchmark short. Its figures must not replace those of a whole one.
func (o *options) smoke() {
	if o.out == "." {
		o.out = "../out/bench"
	}
	o.agentMB, o.rounds, o.dockerImages, o.presentImages, o.presentRuns, o.manyImages = 1, 1, 5, 5, 1, 20
}

func (o options) validate() error {
	least := min(o.agentMB, o.rounds, o.dockerImages, o.onePassImages, o.presentImages, o.presentRuns, o.sharedImages, o.longImages, o.coldImages, o.coldLongImages, o.linkMB)
	if least < 1 || o.manyImages < 0 {
		return errors.New("sizes and numbers must be at least 1")
	}
	return nil
}

// names reads a list of variants.
func names(list string) (all []string, err error) {
	for _, v := range strings.Split(list, ",") {
		if v = strings.TrimSpace(v); !slices.Contains(report.Variants, v) {
			return nil, fmt.Errorf("unknown variant %q; there are %s", v, strings.Join(report.Variants, ", "))
		}
		all = append(all, v)
	}
	return all, nil
}

// numbers reads a list such as "10,50,100", sorts it and drops duplicates.
func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		number, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || number < 1 {
			return nil, fmt.Errorf("%q is not a number of at least 1", text)
		}
		all = append(all, number)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
