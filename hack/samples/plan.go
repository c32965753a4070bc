package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/plan"
)

// systemName is what layer 1 is called in the registry, as the engine would find it on Docker Hub.
const systemName = "library/debian:bookworm"

// samples are the images to have, in the order in which each builds on the one before.
type samples struct {
	system       system
	environments []environment
	instances    []instance
}

// newPlan spreads the instances over the environments by turns, but for those that need Pythons.
// Blank ids are left out and an id given twice counts once.
func newPlan(ids []string, environments int) (samples, error) {
	var p samples
	seen, turn := map[string]bool{}, 0
	for _, id := range ids {
		id = strings.TrimSpace(id)
		if id == "" || seen[id] {
			continue
		}
		seen[id] = true
		in, err := parseInstance(id)
		if err != nil {
			return samples{}, err
		}
		if needsPythons(in) {
			in.environment = environment{pythons: true}
		} else {
			in.environment = environment{number: turn % max(environments, 1)}
			turn++
		}
		if !slices.Contains(p.environments, in.environment) {
			p.environments = append(p.environments, in.environment)
		}
		p.instances = append(p.instances, in)
	}
	if len(p.instances) == 0 {
		return samples{}, errors.New("no instances given")
	}
	return p, nil
}

// needsPythons tells whether the module executes a Python of the instance's official image: most
// samples do without, and are smaller.
func needsPythons(in instance) bool {
	return plan.WrapOf(dataset.Instance{ID: in.id, Repo: in.repo}) != nil
}

// stages returns the images in groups: those of a group build only on images of the groups before.
func (p samples) stages() [][]image {
	stages := [][]image{{p.system}, nil, nil}
	for _, env := range p.environments {
		stages[1] = append(stages[1], env)
	}
	for _, in := range p.instances {
		stages[2] = append(stages[2], in)
	}
	return stages
}

// parseInstance reads an instance id such as django__django-11099, named in lower case as Docker
// asks.
func parseInstance(id string) (instance, error) {
	repo, name, ok := strings.Cut(id, "__")
	if !ok || repo == "" || name == "" || strings.Contains(name, "__") {
		return instance{}, fmt.Errorf("instance id %q is not of the form repo__name-number", id)
	}
	return instance{id: id, repo: strings.ToLower(repo), short: strings.ToLower(name)}, nil
}
