package auth

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// traced is a call that told everything that it can tell, and what it sent to a collector of
// telemetry, by the path.
type traced struct {
	harness.Call
	sent map[string][]byte
}

// callTraced calls the module with all the output that there is, and an environment variable more.
func callTraced(t *testing.T, variable string, args ...string) traced {
	t.Helper()
	c := traced{sent: map[string][]byte{}}
	var mu sync.Mutex
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := unzipped(r)
		assert.NoError(t, err)
		mu.Lock()
		defer mu.Unlock()
		c.sent[r.URL.Path] = append(c.sent[r.URL.Path], data...)
	}))
	command := exec.Command("dagger", append([]string{"-vvv", "--debug", "call", "--progress", "plain"}, args...)...)
	command.Dir = harness.Root
	command.Env = append(os.Environ(), "NO_COLOR=1", "DAGGER_NO_NAG=1", variable,
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_TRACES_LIVE=1")
	for _, signal := range []string{"traces", "logs", "metrics"} {
		command.Env = append(command.Env, fmt.Sprintf("OTEL_EXPORTER_OTLP_%s_ENDPOINT=%s/v1/%s", strings.ToUpper(signal), collector.URL, signal))
	}
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run() // The exit status tells.
	collector.Close() // It waits for what is under way.
	c.Call = harness.Call{Stdout: stdout.String(), Stderr: stderr.String(), Exit: command.ProcessState.ExitCode()}
	return c
}

func unzipped(r *http.Request) ([]byte, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		zipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = zipped
	}
	return io.ReadAll(body)
}

// everything that the registry has in the fleet's repositories, by reference.
func everything(t *testing.T, f harness.Fleet) []string {
	t.Helper()
	var references []string
	for _, repository := range []string{"builder", "base", "agent"} {
		for _, tag := range harness.Tags(t, f.Prefix+"/"+repository) {
			references = append(references, fmt.Sprintf("%s/%s/%s:%s", f.Registry, f.Prefix, repository, tag))
		}
	}
	return references
}

// contents are all layers of an image, unzipped.
func contents(t *testing.T, img v1.Image) []byte {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	var all []byte
	for _, layer := range layers {
		unzipped, err := layer.Uncompressed()
		require.NoError(t, err)
		data, err := io.ReadAll(unzipped)
		require.NoError(t, err)
		require.NoError(t, unzipped.Close())
		all = append(all, data...)
	}
	return all
}
