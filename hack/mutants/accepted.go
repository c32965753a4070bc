package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// accepted are the survivors that make no difference, with reasons.
type accepted map[key]string

// readAccepted reads lines of file, function, kind, code and reason, separated by tabs. Lines that
// start with # are comments.
func readAccepted(file string) (accepted, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := accepted{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 5 || strings.TrimSpace(fields[4]) == "" {
			return nil, fmt.Errorf("%s:%d: want a file, a function, a kind, the code and a reason, separated by tabs", file, i+1)
		}
		known[key{fields[0], fields[1], fields[2], fields[3]}] = fields[4]
	}
	return known, nil
}

// line returns the line of a survivor in the file.
func (k key) line(reason string) string {
	return strings.Join([]string{k.file, k.function, k.kind, k.was, reason}, "\t")
}

// stale lists the accepted survivors of these packages that are no longer among the changes. With a
// sample it lists none.
func (a accepted) stale(packages []*pkg, trials []trial, sampled bool) []string {
	if sampled {
		return nil
	}
	today, files := map[key]bool{}, map[string]bool{}
	for _, t := range trials {
		today[t.key()] = true
	}
	for _, p := range packages {
		for _, file := range p.files {
			files[file] = true
		}
	}
	var stale []string
	for k, reason := range a {
		if files[k.file] && !today[k] {
			stale = append(stale, k.line(reason))
		}
	}
	slices.Sort(stale)
	return stale
}
