package input

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestBadInput: one clear line, an exit status, and nothing built, published or written.
func TestBadInput(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, g *harness.Target)
		flags  []string
		says   []string
	}{
		"an SDK without its Dockerfile": {
			change: func(t *testing.T, g *harness.Target) { g.SDK = t.TempDir() },
			says:   []string{"the SDK has no Dockerfile", "openhands/agent_server/docker/Dockerfile", "--dockerfile"},
		},
		"a mistake in a flag, told before the SDK is looked at": {
			change: func(t *testing.T, g *harness.Target) { g.SDK = t.TempDir() },
			flags:  []string{"--family", "swebnch"},
			says:   []string{`unknown family "swebnch"`, "valid are swebench"},
		},
		"an SDK that is not there": {
			change: func(t *testing.T, g *harness.Target) { g.SDK = filepath.Join(t.TempDir(), "no-sdk") },
			says:   []string{"no-sdk", "no such file or directory"}, // The engine's words: it looks before the module does.
		},
		"a Dockerfile without the target": {
			change: func(t *testing.T, g *harness.Target) {
				g.SDK = harness.SDKWith(t, "FROM scratch AS builder\nFROM builder AS base\n")
			},
			says: []string{`no target "base-image-minimal"`, "builder, base"},
		},
		"an instance that the dataset lacks": {
			flags: []string{"--instance-ids", "django__django-1"},
			says:  []string{"the dataset lacks", "django__django-1"},
		},
		"a registry that does not answer": {
			change: func(_ *testing.T, g *harness.Target) { g.Registry = "localhost:5999" },
			says:   []string{"localhost:5999", "connection refused"},
		},
		"a template with an unknown placeholder": {
			change: func(_ *testing.T, g *harness.Target) { g.Template = "r/{instance}:latest" },
			says:   []string{"{instance}", "{instance_id}"},
		},
		// To see that the others would have failed like this, had they begun to build.
		"a builder that fails": {says: []string{harness.BuilderMark, "builder"}},
		"no workers": {
			flags: []string{"--max-workers", "0"},
			says:  []string{"--max-workers", "at least 1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := harness.NewTarget(t)
			target.SDK = harness.FailingSDK(t)
			if test.change != nil {
				test.change(t, &target)
			}
			out := filepath.Join(t.TempDir(), "out")
			args := append([]string{"--publish"}, test.flags...)
			failed := harness.CallModule(t, target.Args("assemble-all", append(args, "directory", "export", "--path", out)...)...)
			message := failed.Message(t)
			for _, part := range test.says {
				assert.Contains(t, message, part)
			}
			if !slices.Contains(test.says, harness.BuilderMark) {
				assert.NotContains(t, message, harness.BuilderMark, "nothing is built")
			}
			harness.AssertOneLine(t, message)
			t.Log(message)
			assert.NoDirExists(t, out)
			for _, repository := range []string{"builder", "base", "agent"} {
				assert.Empty(t, harness.Tags(t, target.Prefix+"/"+repository))
			}
		})
	}
}

// TestCheckOfARegistryThatIsAway: a registry that gives no answer lacks nothing. Nobody knows.
func TestCheckOfARegistryThatIsAway(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	var answer string
	err := s.Do(t, harness.Flags{"agentRepo": "localhost:5999/agent"}, "check", harness.Flags{"instanceIds": harness.SampleInstances[:1]}, "", &answer)
	require.Error(t, err, answer)
	assert.ErrorContains(t, err, "connection refused")
	assert.ErrorContains(t, err, harness.SampleInstances[0])
	assert.NotContains(t, err.Error(), "lacks")
}

// TestReadManifest: what is no manifest is one error that says where.
func TestReadManifest(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	good := `{"phase":"assemble","instance_id":"a__a-1","status":"built","tags":["r/agent:1"]}` + "\n"
	tests := map[string]struct {
		file, text string
		says       []string
	}{
		"a line that is cut off":  {"a/manifest.jsonl", good + `{"phase":"assemble","inst`, []string{"a/manifest.jsonl", "line 2"}},
		"a directory without one": {"other.jsonl", good, []string{"manifest.jsonl"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := filepath.Join(dir, test.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
			require.NoError(t, os.WriteFile(at, []byte(test.text), 0o644))
			var result struct{ Total int }
			err := s.Do(t, nil, "readManifest", harness.Flags{"source": harness.Directory(dir)}, "{total}", &result)
			require.Error(t, err, "%+v", result)
			t.Log(err)
			for _, part := range test.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}
