package plan

import (
	"slices"

	"dagger/eval-images/dataset"
)

// Wrap is what the base images of some repositories get on top of the SDK's recipe. It belongs to
// the base phase, so that an agent image is assembled without executing anything and never stands
// unwrapped under its tag.
type Wrap struct {
	// Repos are the first parts of the ids of the instances that get it: "sphinx-doc".
	Repos []string
	// Commands are executed as root, in the base image, one after the other. They need no shell.
	Commands [][]string
}

// wraps are all there are, as the origin has them:
// https://github.com/OpenHands/benchmarks/blob/4e5469e0/benchmarks/swebench/Dockerfile.swebench-deps
var wraps = []Wrap{
	{
		// The tests of Sphinx need a docutils that its own requirements do not ask for: in the
		// environment that SWE-bench made for them, and in the base Python, which an agent may take
		// for it.
		Repos: []string{"sphinx-doc"},
		Commands: [][]string{
			{
				"/opt/miniconda3/envs/testbed/bin/python", "-m", "pip", "install",
				"--no-deps", "--force-reinstall", "docutils<0.21", "roman",
			},
			{
				"/opt/miniconda3/bin/python", "-m", "pip", "install",
				"--no-deps", "--force-reinstall", "docutils<0.21", "roman",
			},
		},
	},
}

// WrapOf is the wrap of an instance's base image, or nil for the most that have none.
func WrapOf(instance dataset.Instance) *Wrap {
	for i := range wraps {
		if slices.Contains(wraps[i].Repos, instance.Repo) {
			return &wraps[i]
		}
	}
	return nil
}

// Key changes with what is executed, not with whom it is for. It is SHA-256 in hexadecimal; empty
// for no wrap.
func (w *Wrap) Key() string {
	if w == nil {
		return ""
	}
	return hashOf(plain(w.Commands))
}
