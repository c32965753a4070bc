package publish

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIndependentSteps(t *testing.T) {
	apart := NewIndependentSteps("FROM x\n# what is in /testbed stays\nRUN install -d /workspace\n")
	tests := map[string]struct {
		step  string
		apart bool
	}{
		"files copied to a directory of the benchmark's are": {"COPY repo /testbed # buildkit", true},
		"with an owner too":                                              {"COPY --chown=1000:1000 a b /testbed/src/ # buildkit", true},
		"added files are":                                                {"ADD repo.tar /testbed # buildkit", true},
		"a working directory is":                                         {"WORKDIR /testbed/src", true},
		"the older builder's copies are":                                 {"/bin/sh -c #(nop) COPY dir:0a1b2c in /testbed ", true},
		"the older builder's working directories are":                    {"/bin/sh -c #(nop) WORKDIR /testbed", true},
		"a directory that the recipe names is not":                       {"COPY repo /workspace/project # buildkit", false},
		"one of the system's is not":                                     {"COPY sources.list /etc/apt/sources.list # buildkit", false},
		"nor one that leads there":                                       {"COPY x /testbed/../etc # buildkit", false},
		"the root is not":                                                {"COPY rootfs / # buildkit", false},
		"a relative place is not, as nobody knows where that is":         {"COPY repo . # buildkit", false},
		"a name with a space is not":                                     {"COPY x /etc/a b # buildkit", false},
		"a command is not, whatever it is":                               {"RUN /bin/sh -c cp -r x /testbed # buildkit", false},
		"a command that looks like a copy is not":                        {"RUN /bin/sh -c COPY repo /testbed # buildkit", false},
		"the older builder's command is not":                             {"/bin/sh -c /bin/bash /root/setup_repo.sh", false},
		"what something else wrote is not":                               {"copy /testbed /testbed", false},
		"a step that tells nothing is not":                               {"", false},
		"a second line does not hide the first":                          {"RUN rm -r /etc\nCOPY repo /testbed # buildkit", false},
		"a place in the older form that is followed by something is not": {"/bin/sh -c #(nop) COPY dir:0a in /testbed /etc", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.apart, apart.Step(test.step)) })
	}
}
