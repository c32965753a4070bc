package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/registry"
)

// credentials of the registry that the images go to, beside those that the engine takes from `docker login`.
type credentials struct {
	username string
	password *dagger.Secret
	// plainHTTP lets them go to the registry by plain HTTP, from here: the engine goes by its own configuration.
	plainHTTP bool
}

// use gives the engine the credentials, for the rest of this call and for the hosts of these repositories.
func (c credentials) use(ctx context.Context, repositories ...string) error {
	if c.username == "" && c.password == nil {
		return nil
	}
	if c.username == "" || c.password == nil {
		return errors.New("--registry-username and --registry-password belong together")
	}
	var hosts []string
	for _, repository := range repositories {
		hosts = append(hosts, host(repository))
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		if _, err := dag.Container().WithRegistryAuth(host, c.username, c.password).Sync(ctx); err != nil {
			return fmt.Errorf("taking the credentials for %s: %w", host, err)
		}
	}
	return nil
}

// access to the registry from here.
func (c credentials) access(ctx context.Context) (registry.Access, error) {
	access := registry.Access{Username: c.username, PlainHTTP: c.plainHTTP, Network: network}
	if c.password == nil {
		return access, nil
	}
	var err error
	if access.Password, err = c.password.Plaintext(ctx); err != nil {
		return access, fmt.Errorf("reading --registry-password: %w", err)
	}
	return access, nil
}

// host of a repository, by the rule that Docker has: what stands before the first slash, if it cannot be a part of a path.
// https://github.com/distribution/reference/blob/v0.6.0/normalize.go
func host(repository string) string {
	first, _, ok := strings.Cut(repository, "/")
	if ok && (strings.ContainsAny(first, ".:") || first == "localhost") {
		return first
	}
	return "docker.io"
}
