package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBadInput: one clear line, an exit status, and nothing built, published or written.
func TestBadInput(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, g *target)
		flags  []string
		says   []string
	}{
		"an SDK without its Dockerfile": {
			change: func(t *testing.T, g *target) { g.sdk = t.TempDir() },
			says:   []string{"the SDK has no Dockerfile", "openhands/agent_server/docker/Dockerfile", "--dockerfile"},
		},
		"a mistake in a flag, told before the SDK is looked at": {
			change: func(t *testing.T, g *target) { g.sdk = t.TempDir() },
			flags:  []string{"--family", "swebnch"},
			says:   []string{`family "swebnch" is unknown`, "valid are swebench"},
		},
		"an SDK that is not there": {
			change: func(t *testing.T, g *target) { g.sdk = filepath.Join(t.TempDir(), "no-sdk") },
			says:   []string{"no-sdk", "no such file or directory"}, // The engine's words: it looks before the module does.
		},
		"a Dockerfile without the target": {
			change: func(t *testing.T, g *target) { g.sdk = sdkWith(t, "FROM scratch AS builder\nFROM builder AS base\n") },
			says:   []string{`no target "base-image-minimal"`, "builder, base"},
		},
		"an instance that the dataset lacks": {
			flags: []string{"--instance-ids", "django__django-1"},
			says:  []string{"django__django-1", "does not have"},
		},
		"a registry that does not answer": {
			change: func(_ *testing.T, g *target) { g.registry = "localhost:5999" },
			says:   []string{"localhost:5999", "connection refused"},
		},
		"a template with an unknown placeholder": {
			change: func(_ *testing.T, g *target) { g.template = "r/{instance}:latest" },
			says:   []string{"{instance}", "{instance_id}"},
		},
		// To see that the others would have failed like this, had they begun to build.
		"a builder that fails": {says: []string{builderMark, "builder"}},
		"no workers": {
			flags: []string{"--max-workers", "0"},
			says:  []string{"--max-workers", "at least 1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := newTarget(t)
			target.sdk = failingSDK(t)
			if test.change != nil {
				test.change(t, &target)
			}
			out := filepath.Join(t.TempDir(), "out")
			args := append([]string{"--publish"}, test.flags...)
			failed := callModule(t, target.args("assemble-all", append(args, "directory", "export", "--path", out)...)...)
			message := failed.message(t)
			for _, part := range test.says {
				assert.Contains(t, message, part)
			}
			if !slices.Contains(test.says, builderMark) {
				assert.NotContains(t, message, builderMark, "nothing is built")
			}
			assertOneLine(t, message)
			t.Log(message)
			assert.NoDirExists(t, out)
			for _, repository := range []string{"builder", "base", "agent"} {
				assert.Empty(t, tags(t, target.prefix+"/"+repository))
			}
		})
	}
}

// builderMark stands in the error of whoever builds the builder of a failing SDK.
const builderMark = "the-builder-was-begun"

// failingSDK is an SDK that looks right, and whose builder cannot be built.
func failingSDK(t *testing.T) string {
	t.Helper()
	return sdkWith(t, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY "+builderMark+" /agent-server\nFROM ${BASE_IMAGE} AS base-image-minimal\n")
}

// assertOneLine: an error is one line, and at most one more that says what to do.
func assertOneLine(t *testing.T, message string) {
	t.Helper()
	lines := strings.Split(message, "\n")
	if len(lines) > 1 && strings.HasPrefix(strings.TrimSpace(lines[1]), "→ ") {
		lines = lines[1:]
	}
	assert.Len(t, lines, 1, "%s", message)
}

// sdkWith is an SDK that has nothing but a Dockerfile with this text.
func sdkWith(t *testing.T, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, "openhands-agent-server", "openhands", "agent_server", "docker")
	require.NoError(t, os.MkdirAll(at, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(at, "Dockerfile"), []byte(dockerfile), 0o644))
	return dir
}
