package workflow_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/workflow"
)

// install is the name of the step that installs the Dagger CLI.
const install = "Install the Dagger CLI"

// TestTheCLIIsInstalledWithoutSecrets walks every step: whatever comes from the web and is executed
// comes before the secrets, in a step that has none, and the only steps that have some are calls of
// the CLI.
func TestTheCLIIsInstalledWithoutSecrets(t *testing.T) {
	for _, name := range []string{"build-images.yml", "test.yml"} {
		w := read(t, name)
		assert.NotRegexp(t, secret, fmt.Sprint(w.Env), "%s: every step would have it", name)
		for job, of := range w.Jobs {
			assert.NotRegexp(t, secret, fmt.Sprint(of.Env, of.Outputs), "%s, %s: every step would have it", name, job)
			installed := false
			for _, step := range of.Steps {
				at := name + ", " + job + ", " + step.Name + step.Uses
				assert.NotContains(t, step.Uses, "dagger", "%s: its first step pipes an installer into a shell", at)
				assert.NotRegexp(t, `\|\s*(sudo )?(ba)?sh\b`, step.Run, at)
				if step.Name == install {
					installed = true
				}
				if step.CallsDagger() {
					assert.True(t, installed, "%s: what the machine has by that name is called", at)
					continue
				}
				assert.NotRegexp(t, secret, fmt.Sprint(step.Env, step.With, step.Run), at)
			}
		}
	}
}

// secret is a secret, or the run's own token, in an expression.
const secret = `secrets\b|github\.token|github\[|toJSON\(`

// TestTheFormChoosesNoModule: who may start the form by hand would run any code with the right to
// write packages.
func TestTheFormChoosesNoModule(t *testing.T) {
	on := read(t, "build-images.yml").On
	assert.NotContains(t, on.Dispatch.Inputs, "module")
	assert.Contains(t, on.Call.Inputs, "module", "whoever writes a workflow decides what it runs")
	module := read(t, "build-images.yml").Jobs["build"].DaggerCalls()[0].Env["MODULE"]
	value, err := workflow.Values(module, map[string]string{"inputs.module": ""}) // As from the form.
	require.NoError(t, err)
	assert.Equal(t, ".", value)
}

// TestTheCLIIsInstalledByItsChecksum runs the step with a curl that has an archive of its own.
func TestTheCLIIsInstalledByItsChecksum(t *testing.T) {
	archive := archiveOf(t, "dagger", "#!/bin/sh\necho installed\n")
	sum := sha256.Sum256(archive)
	right := hex.EncodeToString(sum[:])
	for name, test := range map[string]struct {
		sha256, arch string
		archive      []byte
		says         string // Nothing, if the CLI is installed.
	}{
		"the archive that the checksum is of": {sha256: right, arch: "X64", archive: archive},
		"the one for another processor":       {sha256: right, arch: "ARM64", archive: archive},
		"another archive":                     {sha256: right, arch: "X64", archive: archiveOf(t, "dagger", "#!/bin/sh\nenv\n"), says: "FAILED"},
		"half of it":                          {sha256: right, arch: "X64", archive: archive[:len(archive)/2], says: "FAILED"},
		"no checksum":                         {arch: "X64", archive: archive, says: "no properly formatted"},
		"a processor without a CLI":           {sha256: right, arch: "X86", archive: archive, says: "::error::Dagger has no CLI for X86"},
	} {
		t.Run(name, func(t *testing.T) {
			machine := newMachine(t, test.archive)
			output, err := machine.run(t, installStep(t), "VERSION=0.17.2", "SHA256="+test.sha256, "RUNNER_ARCH="+test.arch)
			path, _ := os.ReadFile(machine.file("path"))
			if test.says != "" {
				require.Error(t, err, output)
				assert.Contains(t, output, test.says)
				assert.Empty(t, path)
				assert.NoFileExists(t, machine.file("dagger-0.17.2/dagger"))
				return
			}
			require.NoError(t, err, output)
			installed, err := exec.Command(filepath.Join(strings.TrimSpace(string(path)), "dagger")).Output()
			require.NoError(t, err)
			assert.Equal(t, "installed\n", string(installed))
			asked, err := os.ReadFile(machine.file("asked"))
			require.NoError(t, err)
			suffix := map[string]string{"X64": "amd64", "ARM64": "arm64"}[test.arch]
			assert.Equal(t, "https://dl.dagger.io/dagger/releases/0.17.2/dagger_v0.17.2_linux_"+suffix+".tar.gz\n", string(asked))
		})
	}
}

// TestEachJobInstallsTheCLIThatWasChecked: the version and the checksum are those that the first
// job hands on.
func TestEachJobInstallsTheCLIThatWasChecked(t *testing.T) {
	w := read(t, "build-images.yml")
	for _, output := range []string{"dagger-version", "dagger-sha256"} {
		assert.Equal(t, "${{ steps.check.outputs."+output+" }}", w.Jobs["inputs"].Outputs[output])
	}
	for _, job := range []string{"build", "report"} {
		found := 0
		for _, step := range w.Jobs[job].Steps {
			if step.Name != install {
				continue
			}
			found++
			assert.Equal(t, map[string]string{
				"VERSION": "${{ needs.inputs.outputs.dagger-version }}",
				"SHA256":  "${{ fromJSON(needs.inputs.outputs.dagger-sha256)[runner.arch] }}",
			}, step.Env, job)
		}
		assert.Equal(t, 1, found, job)
	}
}

func installStep(t *testing.T) workflow.Step {
	t.Helper()
	for _, step := range read(t, "build-images.yml").Jobs["build"].Steps {
		if step.Name == install {
			return step
		}
	}
	require.Fail(t, "no step has the name "+install)
	return workflow.Step{}
}

// machine is a runner whose curl writes an archive, and notes what it was asked for.
type machine struct{ dir string }

func newMachine(t *testing.T, archive []byte) machine {
	t.Helper()
	m := machine{t.TempDir()}
	require.NoError(t, os.WriteFile(m.file("archive"), archive, 0o644))
	require.NoError(t, os.Mkdir(m.file("bin"), 0o755))
	curl := "#!/bin/bash\necho \"${*: -1}\" >\"$RUNNER_TEMP/asked\"\n" +
		"while [ \"$1\" != --output ]; do shift; done\nexec cp \"$RUNNER_TEMP/archive\" \"$2\"\n"
	require.NoError(t, os.WriteFile(m.file("bin/curl"), []byte(curl), 0o755))
	return m
}

func (m machine) file(name string) string { return filepath.Join(m.dir, name) }

// run does what GitHub does with a step.
func (m machine) run(t *testing.T, step workflow.Step, env ...string) (string, error) {
	t.Helper()
	require.Equal(t, "bash", step.Shell)
	command := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	command.Env = append(env, "PATH="+m.file("bin")+":"+os.Getenv("PATH"), "RUNNER_TEMP="+m.dir, "GITHUB_PATH="+m.file("path"))
	output, err := command.CombinedOutput()
	return string(output), err
}

// archiveOf is a .tar.gz with one file that can be executed.
func archiveOf(t *testing.T, name, content string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	compressed := gzip.NewWriter(&buffer)
	files := tar.NewWriter(compressed)
	require.NoError(t, files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}))
	_, err := files.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, files.Close())
	require.NoError(t, compressed.Close())
	return buffer.Bytes()
}
