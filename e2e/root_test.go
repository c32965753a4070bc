package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// asRoot runs a command that only root may run.
func asRoot(t *testing.T, command ...string) {
	t.Helper()
	command = rootCommand(command...)
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", command, output)
}

func rootCommand(command ...string) []string {
	if os.Getuid() == 0 {
		return command
	}
	return append([]string{"sudo", "-n"}, command...)
}
