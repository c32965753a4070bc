package main

import (
	_ "embed"

	"dagger.io/dagger"
)

// Paths of the base Python in SWE-bench's images, and of the environment for the repository's
// tests.
const (
	basePython  = "/opt/miniconda3"
	testsPython = basePython + "/envs/testbed"
)

// venvScript runs in the environment's shell.
const venvScript = `
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-unsafe-io \
    python3-venv
`

// wheelsScript makes the packages that pip finds.
//
//go:embed pythons.py
var wheelsScript string

// withPythons adds the two Pythons, each with pip, which installs from /wheels. As in SWE-bench's
// images, both have a docutils that is too new for old versions of Sphinx.
func withPythons(client *dagger.Client) dagger.WithContainerFunc {
	return func(ctr *dagger.Container) *dagger.Container {
		ctr = ctr.
			With(aptCaches(client)).
			WithExec([]string{"sh", "-euc", venvScript}).
			WithoutMount("/var/cache/apt").
			WithoutMount("/var/lib/apt/lists").
			WithExec([]string{"python3", "-"}, dagger.ContainerWithExecOpts{Stdin: wheelsScript}).
			WithEnvVariable("PIP_NO_INDEX", "1").
			WithEnvVariable("PIP_FIND_LINKS", "/wheels")
		for _, python := range []string{basePython, testsPython} {
			ctr = ctr.
				WithExec([]string{"python3", "-m", "venv", python}).
				WithExec([]string{python + "/bin/python", "-m", "pip", "install", "docutils==0.21.2"})
		}
		return ctr
	}
}
