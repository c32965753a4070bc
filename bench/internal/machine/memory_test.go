package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPeakOfTheModulesProcesses(t *testing.T) {
	proc := t.TempDir()
	for pid, process := range map[string][2]string{
		"1":    {"/runtime\x00", "Name:\truntime\nVmPeak:\t  900000 kB\nVmHWM:\t   50000 kB\nVmRSS:\t   20000 kB\n"},
		"22":   {"/runtime\x00", "VmHWM:\t   60000 kB\n"},
		"333":  {"dagger-engine\x00--config\x00", "VmHWM:\t  900000 kB\n"},
		"self": {"/runtime\x00", "VmHWM:\t  900000 kB\n"},
	} {
		dir := filepath.Join(proc, pid)
		require.NoError(t, os.Mkdir(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "cmdline"), []byte(process[0]), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "status"), []byte(process[1]), 0o644))
	}
	found := runtimes(proc)
	require.Equal(t, []string{filepath.Join(proc, "1"), filepath.Join(proc, "22")}, found)
	assert.InDelta(t, 51.2, peakOf(filepath.Join(found[0], "status")), 0.001)
	assert.InDelta(t, 61.44, peakOf(filepath.Join(found[1], "status")), 0.001)
	assert.Zero(t, peakOf(filepath.Join(proc, "44", "status")), "a process that has ended")
	assert.Empty(t, runtimes(t.TempDir()), "an engine on another machine")
}
