package workflow_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/workflow"
)

const directory = "../../.github/workflows/"

func read(t *testing.T, name string) workflow.Workflow {
	t.Helper()
	w, err := workflow.Read(directory + name)
	require.NoError(t, err)
	return w
}

func TestTheTwoTriggersHaveTheSameInputs(t *testing.T) {
	on := read(t, "build-images.yml").On
	assert.Equal(t, on.Dispatch.Inputs, on.Call.Inputs)
	// The ones that callers of the workflows of OpenHands/benchmarks give, by the same names:
	// https://github.com/OpenHands/benchmarks/blob/4e5469e0/.github/workflows/build-swebench-images.yml
	for _, name := range []string{"dataset", "split", "max-workers", "max-retries", "n-limit", "instance-ids", "sdk-commit", "force-build"} {
		assert.Contains(t, on.Call.Inputs, name)
	}
	for name, input := range on.Call.Inputs {
		assert.NotEmpty(t, input.Description, name)
		assert.NotNil(t, input.Default, "%s: whoever calls gives what differs, and nothing else", name)
	}
}

func TestEveryInputReachesTheCall(t *testing.T) {
	w := read(t, "build-images.yml")
	var given strings.Builder
	for _, step := range w.Jobs["build"].DaggerCalls() {
		for _, value := range step.Env {
			given.WriteString(value)
		}
	}
	for name := range w.On.Call.Inputs {
		if name != "runner" && name != "artifact" { // These are for what is around the call.
			assert.Contains(t, given.String(), "inputs."+name)
		}
	}
}

func TestEveryVariableOfAStepIsInItsCall(t *testing.T) {
	for _, job := range read(t, "build-images.yml").Jobs {
		for _, step := range job.DaggerCalls() {
			for name := range step.Env {
				assert.Regexp(t, `\$`+name+`\b|\$\{`+name+`:|env:`+name+`\b`, step.With["args"], step.Name)
			}
		}
	}
}

func TestTheMatrixHasEachShardOnce(t *testing.T) {
	matrix := read(t, "build-images.yml").Jobs["build"].Strategy.Matrix["shard"]
	table := regexp.MustCompile(`^\$\{\{ fromJSON\('(.*)'\)\[inputs\.shards\] \}\}$`).FindStringSubmatch(matrix)
	require.NotNil(t, table, matrix)
	var shards map[string][]int
	require.NoError(t, json.Unmarshal([]byte(table[1]), &shards))
	assert.Contains(t, shards, read(t, "build-images.yml").On.Call.Inputs["shards"].Default)
	for of, list := range shards {
		total, err := strconv.Atoi(of)
		require.NoError(t, err)
		require.Len(t, list, total)
		for i, shard := range list {
			assert.Equal(t, i+1, shard)
		}
	}
}

func TestEveryStepIsAnActionPinnedByItsCommit(t *testing.T) {
	for name, job := range read(t, "build-images.yml").Jobs {
		for _, step := range job.Steps {
			assert.Empty(t, step.Run, "%s of %s: a call is all that a step does", step.Name, name)
			assert.Regexp(t, `^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`, step.Uses)
			assert.NotContains(t, step.With["args"], "${{", "an expression in %s would be a part of a script", step.Name)
			// The action puts the arguments between single quotes.
			assert.NotContains(t, step.With["args"], "'", step.Name)
		}
		for _, step := range job.DaggerCalls() {
			assert.Equal(t, "0.17.2", step.With["version"], step.Name)
		}
	}
}

func TestTheLastJobMergesShowsKeepsAndChecks(t *testing.T) {
	w := read(t, "build-images.yml")
	report := w.Jobs["report"]
	assert.Equal(t, "build", report.Needs)
	assert.Equal(t, "${{ !cancelled() }}", report.If, "also if a shard failed")
	calls := report.DaggerCalls()
	require.Len(t, calls, 3)
	for i, end := range []string{"directory export --path out", "summary", `--expect "$SHARDS" check`} {
		assert.Contains(t, calls[i].With["args"], "read-manifest --source shards")
		assert.True(t, strings.HasSuffix(calls[i].With["args"], end), calls[i].With["args"])
	}
	assert.Contains(t, calls[1].With["args"], `-o "$GITHUB_STEP_SUMMARY"`)
	for _, job := range []string{"build", "report"} {
		kept := 0
		for _, step := range w.Jobs[job].Steps {
			if step.UsesAction("actions/upload-artifact") {
				assert.Equal(t, "out", step.With["path"])
				kept++
			}
		}
		assert.Equal(t, 1, kept, "%s keeps its manifest", job)
	}
}

func TestTheRunsOwnTokenGoesToItsRegistryOnly(t *testing.T) {
	w := read(t, "build-images.yml")
	assert.Equal(t, map[string]string{}, w.Permissions, "none but those that a job asks for")
	for name, job := range w.Jobs {
		for _, step := range job.Steps {
			for variable, value := range step.Env {
				if !strings.Contains(value, "github.token") {
					continue
				}
				assert.Equal(t, "REGISTRY_PASSWORD", variable, "%s of %s", step.Name, name)
				for _, repository := range []string{"builder-repo", "base-repo", "agent-repo"} {
					assert.Contains(t, value, "startsWith(inputs."+repository+", 'ghcr.io/') && ")
				}
				assert.Regexp(t, `&& github\.token \|\| '' \}\}$`, value)
			}
		}
	}
}

func TestTheTestsRunWithTheOneCommand(t *testing.T) {
	var runs []string
	for _, step := range read(t, "test.yml").Jobs["test"].Steps {
		if step.Run != "" {
			runs = append(runs, step.Run)
		}
	}
	require.Equal(t, []string{".ci/run"}, runs)
	script, err := os.ReadFile("../../.ci/run")
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^make test$`, string(script))
}

// TestAUserWithADollarReachesTheCall: Harbor's robots are called robot$name.
func TestAUserWithADollarReachesTheCall(t *testing.T) {
	const user = "robot$HOME+eval"
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dagger"), []byte(script), 0o755))
	step := read(t, "build-images.yml").Jobs["build"].DaggerCalls()[0]
	require.Contains(t, step.Env, "REGISTRY_USERNAME")
	command := exec.Command("bash", "-c", "dagger call "+step.With["args"]) // As the action does.
	command.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "REGISTRY_USERNAME=" + user, "REGISTRY_PASSWORD=secret"}
	output, err := command.Output()
	require.NoError(t, err)
	assert.Contains(t, string(output), "\n--registry-username\n"+user+"\n--registry-password\nenv:REGISTRY_PASSWORD\n")
}
