package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"dagger.io/dagger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestPublishedImageRuns starts a published image by its digest, as an evaluation does, and uses
// the server in it.
func TestPublishedImageRuns(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	agent := harness.Records(t, target.AssembleAll(t, "--instance-ids", "django__django-11099"), "manifest.jsonl")[0]
	config, err := harness.Image(t, agent.Tags[0]).ConfigFile()
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	url := serve(ctx, t, agent.Tags[0]+"@"+agent.Digest)

	t.Run("it answers that it is well, and tells which SDK it is", func(t *testing.T) {
		status, body := request(ctx, t, http.MethodGet, url+"/health", nil)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, config.Config.Labels["org.opencontainers.image.revision"])
	})
	t.Run("it runs a command in the instance's repository, as the agent's user", func(t *testing.T) {
		output := execute(ctx, t, url, "git -C /testbed log --format=%s && id -un && stat -c %u:%g /agent-server")
		assert.Contains(t, output, "Set the version for django-11099")
		assert.Contains(t, output, "openhands\n")
		assert.Contains(t, output, "10001:10001\n")
	})
	t.Run("no file of the agent server belongs to anybody else", func(t *testing.T) {
		output := execute(ctx, t, url, "find /agent-server ! -user 10001 -o ! -group 10001 | wc -l")
		assert.Contains(t, output, "0\n")
	})
}

// serve starts an image with its own entrypoint, and returns the address at which it answers.
func serve(ctx context.Context, t *testing.T, ref string) string {
	t.Helper()
	client, err := dagger.Connect(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	// The engine takes no exposed ports from an image's config. Exposed here, it waits until the
	// server listens.
	service := client.Container().From(ref).WithExposedPort(8000).AsService(dagger.ContainerAsServiceOpts{UseEntrypoint: true})
	tunnel, err := client.Host().Tunnel(service).Start(ctx)
	require.NoError(t, err)
	url, err := tunnel.Endpoint(ctx, dagger.ServiceEndpointOpts{Scheme: "http"})
	require.NoError(t, err)
	return url
}

// execute has the server run a command, and returns what it printed.
func execute(ctx context.Context, t *testing.T, url, command string) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"command": command, "cwd": "/", "timeout": 30})
	require.NoError(t, err)
	status, answer := request(ctx, t, http.MethodPost, url+"/api/bash/execute_bash_command", body)
	require.Equal(t, http.StatusOK, status, answer)
	var result struct {
		ExitCode int    `json:"exit_code"`
		Stdout   string `json:"stdout"`
		Stderr   string `json:"stderr"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &result))
	require.Zero(t, result.ExitCode, result.Stderr)
	return result.Stdout
}

func request(ctx context.Context, t *testing.T, method, url string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}
