// Package classifytest has engine errors for tests.
package classifytest

import "errors"

// HubSays returns the engine's error for a pull from Docker Hub that got this answer.
func HubSays(answer string) error {
	return errors.New("failed to resolve source metadata for docker.io/official/i0:latest: failed to authorize: " +
		"failed to fetch anonymous token: unexpected status from GET request to https://auth.docker.io/token?scope=x: " + answer)
}
