// Command slowest prints the ten tests that took longest, from the output of `go test -json`.
//
//	slowest FILE...
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// most is how many tests are printed.
const most = 10

func main() {
	var all []test
	for _, name := range os.Args[1:] {
		found, err := read(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "slowest:", err)
			os.Exit(1)
		}
		all = append(all, found...)
	}
	printSlowest(os.Stdout, all)
}

// test is a top-level test of a package.
type test struct {
	pkg, name string
	// seconds is how long it ran. Parallel subtests are added up, as their test's own time ends
	// when they begin.
	seconds float64
}

func read(name string) ([]test, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	tests, err := parse(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return tests, nil
}

// parse adds up the times of the tests in a stream of events.
// https://pkg.go.dev/cmd/test2json
func parse(events io.Reader) ([]test, error) {
	nodes := map[[2]string]*node{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, err
		}
		var event struct {
			Action, Package, Test string
			Elapsed               float64
		}
		// The build's own messages may stand between events.
		ended := json.Unmarshal(line, &event) == nil && slices.Contains([]string{"pass", "fail", "skip"}, event.Action)
		if ended && event.Test != "" {
			at(nodes, event.Package, event.Test).elapsed = event.Elapsed
		}
		if err == io.EOF {
			break
		}
	}
	var tests []test
	for key, n := range nodes {
		if !strings.Contains(key[1], "/") {
			tests = append(tests, test{key[0], key[1], n.seconds()})
		}
	}
	return tests, nil
}

// node is a test or subtest with its own subtests.
type node struct {
	elapsed float64
	below   []*node
}

// at is the node of a test, below those of the tests that it is a part of.
func at(nodes map[[2]string]*node, pkg, name string) *node {
	key := [2]string{pkg, name}
	if nodes[key] == nil {
		nodes[key] = &node{}
		if slash := strings.LastIndex(name, "/"); slash >= 0 {
			above := at(nodes, pkg, name[:slash])
			above.below = append(above.below, nodes[key])
		}
	}
	return nodes[key]
}

// seconds is the test's own time, or that of its subtests, whichever is more.
func (n *node) seconds() float64 {
	sum := 0.0
	for _, part := range n.below {
		sum += part.seconds()
	}
	return max(n.elapsed, sum)
}

// printSlowest prints the slowest tests, each in a line.
func printSlowest(w io.Writer, tests []test) {
	slices.SortFunc(tests, func(a, b test) int {
		return cmp.Or(cmp.Compare(b.seconds, a.seconds), cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.name, b.name))
	})
	fmt.Fprintln(w, "The slowest tests, parallel parts added up:")
	for _, t := range tests[:min(len(tests), most)] {
		fmt.Fprintf(w, "%8.1f s  %s %s\n", t.seconds, strings.TrimPrefix(t.pkg, "dagger/eval-images/"), t.name)
	}
}
