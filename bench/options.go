package main

import (
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of the ways.
const (
	wayOrigin  = "origin"
	wayOnePass = "one-pass"
	wayEngine  = "module/engine"
	wayDirect  = "module/direct"
	wayFloor   = "floor"
	wayLong    = "bases/long"
	wayShared  = "bases/shared"
	wayNothing = "nothing"
)

var allWays = []string{wayOrigin, wayOnePass, wayEngine, wayDirect, wayFloor, wayLong, wayShared, wayNothing}

// environments is how many kinds of official images there are in the base phase.
const environments = 4

// options of a benchmark. Sizes are in MB of a million bytes.
type options struct {
	images        []int // counts, rising
	baseMB        []int // sizes, rising
	agentMB       int
	rounds        int
	originImages  int // how many of them the origin makes
	onePassImages int
	presentImages int // for the second run, which finds all of them
	presentRuns   int // of the second run, which is over soon, and takes longer by chance than what is in it
	manyImages    int // for the run of the quick ways that tells whether time and memory grow; 0: none
	sharedImages  int // for the base phase with the recipe's layers in common
	longImages    int // for the base phase the long way
	ways          []string
	seed          int64
	out           string // directory of the results
	check         bool
	plots         bool // only redraw
}

// curveMB is the base size at which the number of images varies.
func (o options) curveMB() int {
	if slices.Contains(o.baseMB, 16) {
		return 16
	}
	return o.baseMB[0]
}

func (o options) most() int { return o.images[len(o.images)-1] }

// limit is the most images that a way makes in one run; the slow ones make few, and are reported per image.
func (o options) limit(way string) int {
	switch way {
	case wayOrigin:
		return o.originImages
	case wayOnePass:
		return o.onePassImages
	default:
		return o.most()
	}
}

func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	images := flags.String("images", "10,50,100", "`counts` of images")
	baseMB := flags.String("base-mb", "1,16,200,400", "base `sizes` in MB")
	ways := flags.String("ways", strings.Join(allWays, ","), "`ways` to measure")
	flags.IntVar(&o.agentMB, "agent-mb", 64, "size of the agent layer in `MB`")
	flags.IntVar(&o.rounds, "rounds", 3, "`number` of rounds")
	flags.IntVar(&o.originImages, "origin-images", 12, "`number` of images that the origin makes in a run")
	flags.IntVar(&o.onePassImages, "onepass-images", 2, "`number` of images made in one pass, in the first round only")
	flags.IntVar(&o.presentImages, "present-images", 500, "`number` of images in the second run, which finds them all")
	flags.IntVar(&o.presentRuns, "present-runs", 7, "`number` of second runs")
	flags.IntVar(&o.manyImages, "many-images", 2000, "`number` of images in the longest run; 0 leaves it out")
	flags.IntVar(&o.sharedImages, "shared-images", 100, "`number` of base images, of 4 environments, that have the recipe's layers in common")
	flags.IntVar(&o.longImages, "long-images", 12, "`number` of base images that are built the long way")
	flags.Int64Var(&o.seed, "seed", 0, "`seed` of the random data (default: the time, as no cache has seen its data)")
	flags.StringVar(&o.out, "out", ".", "`directory` of the results (default: here; of a smoke test: out/bench)")
	flags.BoolVar(&o.check, "check", false, "fail unless all goals hold")
	flags.BoolVar(&o.plots, "plots", false, "measure nothing: redraw the plots from results.json in the -out directory")
	quick := flags.Bool("quick", false, "a smoke test: 5 images, one round, small sizes, no one-pass")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *quick {
		*images, *baseMB, *ways = "5", "4", strings.Join([]string{wayOrigin, wayEngine, wayDirect, wayFloor, wayNothing}, ",")
		if o.out == "." {
			o.out = "../out/bench" // Its figures must not replace those of a whole run.
		}
		o.agentMB, o.rounds, o.originImages, o.presentImages, o.presentRuns, o.manyImages = 1, 1, 5, 5, 1, 20
	}
	var err error
	if o.images, err = numbers(*images); err != nil {
		return o, fmt.Errorf("-images: %w", err)
	}
	if o.baseMB, err = numbers(*baseMB); err != nil {
		return o, fmt.Errorf("-base-mb: %w", err)
	}
	for _, way := range strings.Split(*ways, ",") {
		if way = strings.TrimSpace(way); !slices.Contains(allWays, way) {
			return o, fmt.Errorf("-ways: there is no %q, but %s", way, strings.Join(allWays, ", "))
		}
		o.ways = append(o.ways, way)
	}
	if min(o.agentMB, o.rounds, o.originImages, o.onePassImages, o.presentImages, o.presentRuns, o.sharedImages, o.longImages, o.manyImages+1) < 1 {
		return o, fmt.Errorf("sizes and numbers must be at least 1")
	}
	if o.seed == 0 {
		o.seed = time.Now().UnixNano()
	}
	return o, nil
}

// numbers reads a list such as "10,50,100": sorted, each once.
func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		number, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || number < 1 {
			return nil, fmt.Errorf("%q is no number from 1", text)
		}
		all = append(all, number)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
