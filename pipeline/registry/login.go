package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/eval-images/reference"
)

// Target is a repository that images are published to.
type Target struct {
	// Flag that sets the repository, such as --agent-repo.
	Flag string
	// Repository without a tag, such as ghcr.io/me/eval-agent-server.
	Repository string
	// Default says that the repository is the flag's default.
	Default bool
}

// OneHost returns the host of the registry that has all targets, as [reference.Host] returns it. A
// password is for one registry: if there are several, the error lists the host of each target, and
// says what to set.
func OneHost(targets ...Target) (string, error) {
	var hosts []string
	for _, target := range targets {
		if _, err := parseRepository(target.Repository); err != nil {
			return "", fmt.Errorf("%s: %w", target.Flag, err)
		}
		if host := reference.Host(target.Repository); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	switch len(hosts) {
	case 0:
		return "", errors.New("there is no repository for the credentials")
	case 1:
		return hosts[0], nil
	}
	return "", severalHosts(targets, len(hosts))
}

func severalHosts(targets []Target, hosts int) error {
	var where, unset, all []string
	for _, target := range targets {
		note := ""
		if target.Default {
			note = ", the default"
			unset = append(unset, target.Flag)
		}
		where = append(where, fmt.Sprintf("%s %s (at %s%s)", target.Flag, target.Repository, reference.Host(target.Repository), note))
		all = append(all, target.Flag)
	}
	set := all
	if len(unset) > 0 {
		set = unset
	}
	return fmt.Errorf("--registry-password is for one registry, but the repositories are at %d hosts: %s.\n"+
		"  → Set %s to repositories at the password's registry. Or leave --registry-password out and use `docker login`, which keeps a password for each host",
		hosts, strings.Join(where, ", "), enumerate(set))
}

// enumerate joins words to "a, b and c".
func enumerate(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// EngineAddresses returns the addresses to give the engine with the credentials, so that it uses
// them for these repositories. The engine v0.17.2 takes every address that contains docker.io for
// Docker Hub: a repository at docker.io.example is an error, because Docker Hub would get its
// password. The engine also cuts off the end of an address after the last of several colons.
// https://github.com/dagger/dagger/blob/v0.17.2/auth/registry.go
func EngineAddresses(targets ...Target) ([]string, error) {
	var addresses []string
	for _, target := range targets {
		parsed, err := reference.Parse(target.Repository)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", target.Flag, target.Repository, err)
		}
		address := parsed.WrittenHost() // The engine compares letter by letter.
		switch {
		case parsed.Host() == reference.DockerHub:
			address = reference.DockerHub
		case strings.Contains(address, reference.DockerHub) && !strings.Contains(address, ":"):
			return nil, fmt.Errorf("%s %s: the engine would send the credentials for %s to Docker Hub: leave --registry-password out, and use `docker login`",
				target.Flag, target.Repository, address)
		case strings.Count(address, ":") > 1:
			address += ":"
		}
		if !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}
