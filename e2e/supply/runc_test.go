package supply

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheEnginesRuncIsReported runs what `make engine` ends with, beside a docker whose container
// has this runc.
func TestTheEnginesRuncIsReported(t *testing.T) {
	const commit = "\ncommit: v1.0.0-0-g4144b638\nspec: 1.2.0\ngo: go1.23.6\nlibseccomp: 2.5.5\n"
	const warning = "lets a hostile image or build become root on this machine"
	for name, test := range map[string]struct {
		answer string // Of runc --version; none, if there is no runc.
		says   string
		warns  bool
	}{
		"1.1 was never mended":                       {"runc version 1.1.15" + commit, "the engine's runc is 1.1.15", true},
		"a distribution's, older than the mend":      {"runc version 1.1.5+ds1" + commit, "the engine's runc is 1.1.5+ds1", true},
		"the last bad one of 1.2":                    {"runc version 1.2.7" + commit, "the engine's runc is 1.2.7", true},
		"the first good one of 1.2":                  {"runc version 1.2.8" + commit, "the engine's runc is 1.2.8", false},
		"two digits are more than one":               {"runc version 1.2.10" + commit, "the engine's runc is 1.2.10", false},
		"the last bad one of 1.3":                    {"runc version 1.3.2" + commit, "the engine's runc is 1.3.2", true},
		"a candidate for the first good one":         {"runc version 1.3.3-rc.1" + commit, "the engine's runc is 1.3.3-rc.1", true},
		"the first good one of 1.3":                  {"runc version 1.3.3" + commit, "the engine's runc is 1.3.3", false},
		"the last bad candidate of 1.4":              {"runc version 1.4.0-rc.2" + commit, "the engine's runc is 1.4.0-rc.2", true},
		"the first good candidate of 1.4":            {"runc version 1.4.0-rc.3" + commit, "the engine's runc is 1.4.0-rc.3", false},
		"1.4":                                        {"runc version 1.4.0" + commit, "the engine's runc is 1.4.0", false},
		"a distribution's, with the mend":            {"runc version 1.3.3+ds1" + commit, "the engine's runc is 1.3.3+ds1", false},
		"an engine without runc":                     {"", "the version of runc in the engine is unknown", false},
		"an answer that is none":                     {"crun version 1.4\x1b[2J\n", "the version of runc in the engine is unknown", false},
		"a version with what a terminal would obey":  {"runc version 1.2.8\x1b[2J\n", "the version of runc in the engine is unknown", false},
		"a version in a line that says more than it": {"runc version 1.2.8 or so\n", "the version of runc in the engine is unknown", false},
	} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			docker := "#!/bin/sh\n[ \"$*\" = 'exec the-engine runc --version' ] || exit 2\nprintf '%s' \"$ANSWER\"\n[ -n \"$ANSWER\" ]\n"
			require.NoError(t, os.WriteFile(filepath.Join(bin, "docker"), []byte(docker), 0o755))
			command := exec.Command("bash", "-euo", "pipefail", "-c", ". ./lib.sh; . ./runc.sh; report_runc the-engine")
			command.Dir = filepath.Join(root, "hack", "engine")
			command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "ANSWER="+test.answer, "XDG_CACHE_HOME="+bin)
			output, err := command.CombinedOutput()
			require.NoError(t, err, "an engine that works is not refused: %s", output)
			assert.Contains(t, string(output), test.says)
			assert.NotContains(t, string(output), "\x1b")
			if test.warns {
				assert.Contains(t, string(output), warning)
				assert.Contains(t, string(output), "SECURITY.md says how")
			} else {
				assert.NotContains(t, string(output), warning)
			}
		})
	}
}

// TestMakeEngineReportsRunc: both where it starts the engine and where that runs already.
func TestMakeEngineReportsRunc(t *testing.T) {
	reports := 0
	for _, line := range lines(t, "hack/engine/up.sh") {
		if line == `report_runc "dagger-engine-$(cli_version)"` {
			reports++
		}
	}
	assert.Equal(t, 2, reports)
	assert.Contains(t, text(t, "SECURITY.md"), "CVE-2025-31133")
}
