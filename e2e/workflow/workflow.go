// Package workflow reads the workflows in .github, for tests of what they call.
package workflow

import (
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// Workflow is a workflow of GitHub Actions, as far as tests look at it.
type Workflow struct {
	Env map[string]string
	On  struct {
		Dispatch Trigger `yaml:"workflow_dispatch"`
		Call     Trigger `yaml:"workflow_call"`
	}
	Permissions map[string]string
	Jobs        map[string]Job
}

// Trigger starts a workflow.
type Trigger struct {
	Inputs  map[string]Input
	Outputs map[string]Output
}

// Output is what a workflow hands on to its caller.
type Output struct {
	Description, Value string
}

// Input is what a caller may give.
type Input struct {
	Description, Type string
	Default           any
}

// Job of a workflow.
type Job struct {
	Needs    any // A name, or several.
	If       string
	RunsOn   string `yaml:"runs-on"`
	Strategy struct {
		Matrix map[string]any
	}
	Permissions map[string]string
	Env         map[string]string
	Outputs     map[string]string
	Steps       []Step
}

// Step of a job.
type Step struct {
	ID                     string
	Name, Uses, Run, Shell string
	Env, With              map[string]string
}

// Read reads the workflow in the file.
func Read(path string) (Workflow, error) {
	var w Workflow
	text, err := os.ReadFile(path)
	if err != nil {
		return w, err
	}
	if err := yaml.Unmarshal(text, &w); err != nil {
		return w, fmt.Errorf("reading %s: %w", path, err)
	}
	return w, nil
}

// UsesAction says whether the step is this action, in whatever version.
func (s Step) UsesAction(name string) bool { return strings.HasPrefix(s.Uses, name+"@") }

// CallsDagger says whether the step is one `dagger call`.
func (s Step) CallsDagger() bool { return strings.HasPrefix(s.Run, "dagger call ") }

// DaggerCalls are the steps of the job that call Dagger.
func (j Job) DaggerCalls() []Step {
	var calls []Step
	for _, step := range j.Steps {
		if step.CallsDagger() {
			calls = append(calls, step)
		}
	}
	return calls
}
