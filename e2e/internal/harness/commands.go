package harness

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Docker runs docker(1), and returns what it printed.
func Docker(t *testing.T, args ...string) string {
	t.Helper()
	output, err := exec.Command("docker", args...).CombinedOutput()
	if args[0] != "rm" { // There may be nothing to remove.
		require.NoError(t, err, string(output))
	}
	return string(output)
}

// AsRoot runs a command that only root may run.
func AsRoot(t *testing.T, command ...string) {
	t.Helper()
	command = RootCommand(command...)
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", command, output)
}

// RootCommand is the command as it runs for root: with sudo(8) for everybody else.
func RootCommand(command ...string) []string {
	if os.Getuid() == 0 {
		return command
	}
	return append([]string{"sudo", "-n"}, command...)
}
