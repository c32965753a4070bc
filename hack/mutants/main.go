// Command mutants finds faults that the tests do not notice. It changes the code in one place at a
// time, as a careless edit would, and runs the tests of that package and then of the packages that
// use it. A change after which all tests pass is a survivor: either a test is missing, or the
// change makes no difference.
//
//	go run ./hack/mutants ./pipeline/registry
//	go run ./hack/mutants -sample 200 -seed 7 ./pipeline/... ./dataset/...
//
// hack/mutants/survivors.tsv lists survivors that make no difference, with reasons. The exit status
// is 1 if there are others.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.IntVar(&o.sample, "sample", 0, "maximum number of changes to try, drawn at random (0: all)")
	flag.Uint64Var(&o.seed, "seed", 1, "random seed for -sample")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "number of changes to try concurrently")
	flag.StringVar(&o.accepted, "accepted", "hack/mutants/survivors.tsv", "file of the survivors that make no difference")
	flag.Parse()
	if o.packages = flag.Args(); len(o.packages) == 0 {
		fmt.Fprintln(os.Stderr, "mutants: name the packages, such as ./pipeline/...")
		os.Exit(2)
	}
	survived, err := runCached(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if survived > 0 {
		os.Exit(1)
	}
}

// runCached runs with its own compiler cache, because each change leaves objects that are never
// needed again.
func runCached(ctx context.Context, o options) (survived int, err error) {
	if o.cache, err = os.MkdirTemp("", "mutants-cache-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(o.cache)
	return run(ctx, o)
}
