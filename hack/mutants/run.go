package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sourcegraph/conc/pool"
)

// options of a run.
type options struct {
	packages []string
	accepted string
	sample   int
	seed     uint64
	workers  int
	cache    string // of what the compiler makes; empty: Go's own
}

// run tries the changes, prints the survivors, and returns the number that nobody has accepted.
func run(ctx context.Context, o options) (survived int, err error) {
	accepted, err := readAccepted(o.accepted)
	if err != nil {
		return 0, err
	}
	packages, err := load(ctx, o.packages)
	if err != nil {
		return 0, err
	}
	trials, err := plan(packages)
	if err != nil {
		return 0, err
	}
	if o.sample > 0 && o.sample < len(trials) {
		random := rand.New(rand.NewPCG(o.seed, 0))
		random.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
		trials = trials[:o.sample]
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	tester, err := newTester(ctx, o.cache, packages)
	if err != nil {
		return 0, err
	}
	fmt.Printf("%d changes in %d packages\n", len(trials), len(packages))

	counts, left := map[outcome]int{}, []mutation{}
	var mu sync.Mutex
	workers := pool.New().WithMaxGoroutines(o.workers)
	for i, t := range trials {
		workers.Go(func() {
			if ctx.Err() != nil {
				return
			}
			got := tester.try(ctx, filepath.Join(dir, fmt.Sprint(i)), t)
			mu.Lock()
			defer mu.Unlock()
			if got == lived && accepted[t.key()] != "" {
				got = equal
			}
			counts[got]++
			if got == lived {
				left = append(left, t.mutation)
				fmt.Println("survived:", t.mutation)
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	report(counts, left)
	for _, stale := range accepted.stale(packages, trials, o.sample > 0) {
		fmt.Println("accepted, but no longer in the code:", stale)
	}
	return len(left), nil
}

func report(counts map[outcome]int, left []mutation) {
	fmt.Printf("%d killed, %d do not compile, %d survived of which %d make no difference\n",
		counts[killed], counts[broken], counts[lived]+counts[equal], counts[equal])
	slices.SortFunc(left, func(a, b mutation) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line)) })
	for _, m := range left {
		fmt.Println(m.key().line(""))
	}
}
