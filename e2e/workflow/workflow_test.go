package workflow_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// rare are the inputs that the form has together in "more", and that callers give one by one.
var rare = []string{"config", "max-retries", "revision", "seed", "timeout"}

// forCallers are the inputs that only a call from another workflow needs.
var forCallers = []string{"artifact", "module"}

func TestTheTwoTriggersHaveTheSameInputs(t *testing.T) {
	on := read(t, "build-images.yml").On
	form, call := maps.Clone(on.Dispatch.Inputs), maps.Clone(on.Call.Inputs)
	delete(form, "more")
	for _, name := range slices.Concat(rare, forCallers) {
		require.Contains(t, call, name)
		delete(call, name)
	}
	assert.Equal(t, form, call)
	// The ones that callers of the workflows of OpenHands/benchmarks give, by the same names:
	// https://github.com/OpenHands/benchmarks/blob/4e5469e0/.github/workflows/build-swebench-images.yml
	for _, name := range []string{"dataset", "split", "max-workers", "max-retries", "n-limit", "instance-ids", "sdk-commit", "force-build"} {
		assert.Contains(t, on.Call.Inputs, name)
	}
	for _, inputs := range []map[string]workflow.Input{on.Dispatch.Inputs, on.Call.Inputs} {
		for name, input := range inputs {
			assert.NotEmpty(t, input.Description, name)
			assert.NotNil(t, input.Default, "%s: whoever calls gives what differs, and nothing else", name)
		}
	}
}

// TestTheFormHasRoom: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onworkflow_dispatchinputs
func TestTheFormHasRoom(t *testing.T) {
	assert.LessOrEqual(t, len(read(t, "build-images.yml").On.Dispatch.Inputs), 25, "GitHub permits no more")
}

func TestEveryInputReachesTheCall(t *testing.T) {
	w := read(t, "build-images.yml")
	var given strings.Builder
	for _, step := range w.Jobs["build"].DaggerCalls() {
		given.WriteString(step.With["version"])
		for _, value := range step.Env {
			given.WriteString(value)
		}
	}
	for name := range w.On.Call.Inputs {
		if name != "runner" && name != "artifact" { // These are for what is around the call.
			assert.Contains(t, given.String(), "inputs."+name)
		}
	}
	for _, name := range rare {
		assert.Contains(t, given.String(), "fromJSON(inputs.more || '{}')."+name)
	}
	assert.Equal(t, len(rare), strings.Count(given.String(), "fromJSON("), "more has other keys")
}

func TestRareSettingsReachTheCall(t *testing.T) {
	env := read(t, "build-images.yml").Jobs["build"].DaggerCalls()[0].Env
	for name, test := range map[string]struct {
		values map[string]string
		want   map[string]string
	}{
		"from the form": {
			values: map[string]string{"inputs.more": `{"seed": "0", "timeout": "30m", "config": "c", "revision": "r", "max-retries": "5"}`},
			want:   map[string]string{"SEED": "0", "TIMEOUT": "30m", "CONFIG": "c", "REVISION": "r", "MAX_RETRIES": "5", "MODULE": "."},
		},
		"none from the form": {
			values: map[string]string{"inputs.more": "{}"},
			want:   map[string]string{"SEED": "", "TIMEOUT": "", "CONFIG": "", "REVISION": "", "MAX_RETRIES": "", "MODULE": "."},
		},
		"from a caller, who has no \"more\"": {
			values: map[string]string{
				"inputs.seed": "0", "inputs.timeout": "1h", "inputs.config": "c", "inputs.revision": "r", "inputs.max-retries": "3", "inputs.module": "m",
			},
			want: map[string]string{"SEED": "0", "TIMEOUT": "1h", "CONFIG": "c", "REVISION": "r", "MAX_RETRIES": "3", "MODULE": "m"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			values := map[string]string{"inputs.more": ""}
			for _, name := range slices.Concat(rare, forCallers) {
				values["inputs."+name] = ""
			}
			maps.Copy(values, test.values)
			for variable, want := range test.want {
				got, err := workflow.Values(env[variable], values)
				require.NoError(t, err)
				assert.Equal(t, want, got, variable)
			}
		})
	}
}

// TestTheInputsAreChecked runs the check as GitHub does.
func TestTheInputsAreChecked(t *testing.T) {
	steps := read(t, "build-images.yml").Jobs["inputs"].Steps
	require.Len(t, steps, 1)
	require.Equal(t, "python", steps[0].Shell)
	require.Equal(t, map[string]string{"DAGGER_VERSION": "${{ inputs.dagger-version }}", "MORE": "${{ inputs.more || '{}' }}"}, steps[0].Env)
	for name, test := range map[string]struct {
		version, more string
		says          string // Nothing, if the inputs are right.
	}{
		"the defaults":               {},
		"a newer version":            {version: "0.21.8"},
		"a pre-release":              {version: "1.0.0-beta.7"},
		"all rare settings":          {more: `{"config": "c", "max-retries": "5", "revision": "main", "seed": "0", "timeout": "30m"}`},
		"a version with a v":         {version: "v0.17.2"},
		"the latest version":         {version: "latest", says: "such as 0.17.2"},
		"no digits":                  {version: "-", says: "such as 0.17.2"},
		"a command in the version":   {version: "0.17.2; touch typed", says: `dagger-version is "0.17.2; touch typed"`},
		"a line after the version":   {version: "0.17.2\n::set-env::", says: `dagger-version is "0.17.2\n::set-env::"`},
		"a line end":                 {version: "0.17.2\n", says: `dagger-version is "0.17.2\n"`},
		"digits that are not ASCII":  {version: "٠.١٧.٢", says: "such as 0.17.2"},
		"no JSON":                    {more: "timeout=30m", says: "more is no JSON"},
		"an array":                   {more: "[]", says: `more must be an object such as {"timeout": "30m"}`},
		"an unknown key":             {more: `{"time-out": "30m"}`, says: `more has no key "time-out": it knows config, max-retries, revision, seed, timeout`},
		"a key of another input":     {more: `{"agent-repo": "r"}`, says: `more has no key "agent-repo"`},
		"a key with a line end":      {more: `{"a\n::error::b": ""}`, says: `more has no key "a\n::error::b"`},
		"a number":                   {more: `{"seed": 0}`, says: `more has "seed" without quotes: write "seed": "0"`},
		"an object instead of text":  {more: `{"timeout": {}}`, says: `more has "timeout" without quotes`},
		"nothing instead of a value": {more: `{"timeout": null}`, says: `more has "timeout" without quotes`},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command("python3", "-")
			command.Dir = t.TempDir()
			command.Stdin = strings.NewReader(steps[0].Run)
			command.Env = append(os.Environ(), "DAGGER_VERSION="+cmp.Or(test.version, "0.17.2"), "MORE="+cmp.Or(test.more, "{}"))
			output, err := command.CombinedOutput()
			if test.says == "" {
				assert.NoError(t, err, string(output))
				return
			}
			assert.Error(t, err)
			assert.Contains(t, string(output), test.says)
			assert.Equal(t, 1, strings.Count(string(output), "\n"), "one line: %s", output)
		})
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
	w := read(t, "build-images.yml")
	assert.Equal(t, "0.17.2", w.On.Call.Inputs["dagger-version"].Default)
	for name, job := range w.Jobs {
		if name == "inputs" {
			continue
		}
		for _, step := range job.Steps {
			assert.Empty(t, step.Run, "%s of %s: a call is all that a step does", step.Name, name)
			assert.Regexp(t, `^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`, step.Uses)
			assert.NotContains(t, step.With["args"], "${{", "an expression in %s would be a part of a script", step.Name)
			// The action puts the arguments between single quotes.
			assert.NotContains(t, step.With["args"], "'", step.Name)
		}
		for _, step := range job.DaggerCalls() {
			assert.Equal(t, "${{ inputs.dagger-version }}", step.With["version"], step.Name)
		}
		// The action puts the version into a script as well: only one that was checked.
		assert.Contains(t, fmt.Sprint(job.Needs), "inputs", name)
	}
}

func TestTheLastJobMergesShowsKeepsAndChecks(t *testing.T) {
	w := read(t, "build-images.yml")
	report := w.Jobs["report"]
	assert.Equal(t, []any{"inputs", "build"}, report.Needs)
	assert.Equal(t, "${{ !cancelled() && needs.inputs.result == 'success' }}", report.If, "also if a shard failed")
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

// TestSecretsAreVariablesOfOneCall: they are in no script, no argument and no other step.
func TestSecretsAreVariablesOfOneCall(t *testing.T) {
	w, found := read(t, "build-images.yml"), map[string]string{}
	for name, job := range w.Jobs {
		assert.NotContains(t, fmt.Sprint(job.Env), "secrets.", name)
		for _, step := range job.Steps {
			assert.NotContains(t, fmt.Sprint(step.Run, step.With), "secrets.", step.Name)
			for variable, value := range step.Env {
				if strings.Contains(value, "secrets."+variable) {
					found[variable] += name
					assert.NotContains(t, step.With["args"], "$"+variable, "%s shows it", step.Name)
					assert.Contains(t, step.With["args"], " env:"+variable+"}")
				} else {
					assert.NotContains(t, value, "secrets.", variable)
				}
			}
		}
	}
	assert.Equal(t, map[string]string{"HF_TOKEN": "build", "REGISTRY_PASSWORD": "build"}, found)
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
