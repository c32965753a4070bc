package classify

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify/classifytest"
	"dagger/eval-images/reference"
)

func TestWhichHostAnErrorIsAbout(t *testing.T) {
	push := func(text string) error {
		return &PushError{Reference: "ghcr.io/me/base:t", Err: errors.New(text)}
	}
	known := []string{"ghcr.io", reference.DockerHub}
	tests := map[string]struct {
		err  error
		host string
	}{
		"the target, if a push failed and names no host":            {push("429 Too Many Requests"), "ghcr.io"},
		"the official image's, if a build failed and names no host": {errors.New("building: 429 Too Many Requests"), reference.DockerHub},
		"the host of a URL in the error": {
			errors.New("building: unexpected status from HEAD request to https://ghcr.io/v2/me/x/manifests/t: 429 Too Many Requests"), "ghcr.io",
		},
		"the host of a URL, even if a push failed": {
			push("failed to copy: unexpected status code https://registry-1.docker.io/v2/o/i/blobs/sha256:0: 429 Too Many Requests"), reference.DockerHub,
		},
		"the last host: that is where it failed": {
			push(`failed to copy docker.io/o/i: Put "https://ghcr.io/v2/me/base/blobs/uploads/1": connection reset by peer`), "ghcr.io",
		},
		"Docker Hub's, by its token server": {classifytest.HubSays("429 Too Many Requests"), reference.DockerHub},
		"the host of a reference, if the token server belongs to another host": {
			errors.New("failed to resolve source metadata for docker.io/o/i:latest: GET request to https://tokens.example.com/jwt: 503"), reference.DockerHub,
		},
		"an unknown host": {
			errors.New(`building: failed to do request: Head "https://quay.io/v2/p/python/manifests/3": dial tcp: i/o timeout`), "quay.io",
		},
		"no host that a command printed": {
			errors.New("building: 503 Service Unavailable\n  | GET https://quay.io/v2/: 503"), reference.DockerHub,
		},
		"no host that a layer was to be mounted from": {
			push("POST request to https://ghcr.io/v2/me/base/blobs/uploads/?from=docker.io/o/i&mount=sha256:0: 503 Service Unavailable"), "ghcr.io",
		},
		"the error's own host, if it knows one": {AtHost("quay.io", errors.New("GET /v2/: 503")), "quay.io"},
		"Docker Hub's, by its storage":          {push("GET https://production.cloudflare.docker.com/registry-v2/docker/x: 503"), reference.DockerHub},
		"the host of the last reference": {
			push("failed to resolve source metadata for docker.io/o/i:latest: GET request to https://tokens.example.com/jwt: 503"), reference.DockerHub,
		},
		"a registry with a port": {
			errors.New("unexpected status from GET request to http://u:p@127.0.0.1:5000/v2/x/manifests/t: 500"), "127.0.0.1:5000",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.host, HostOf(test.err, known)) })
	}
	assert.NoError(t, AtHost("ghcr.io", nil))
	for url, host := range map[string]string{
		"index.docker.io": reference.DockerHub, "registry-1.docker.io": reference.DockerHub, "Auth.Docker.io": reference.DockerHub,
		"GHCR.io": "ghcr.io", "localhost": "localhost", "localhost:5000": "localhost:5000", "[::1]:5000": "[::1]:5000", "": "",
	} {
		assert.Equal(t, host, HostName(url))
	}
}
