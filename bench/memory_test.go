package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRuntimeMemoryIsThePeakOfTheModulesProcesses(t *testing.T) {
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
	assert.InDelta(t, 61.44, runtimeMemory(proc), 0.001)
	assert.Zero(t, runtimeMemory(t.TempDir()), "an engine on another machine")
}
