package harness

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// callTimeout bounds one `dagger call`. It is there for a hanging engine, not for a slow one.
const callTimeout = 10 * time.Minute

// Call is one `dagger call` of the module, and how it ended.
type Call struct {
	Stdout, Stderr string
	Exit           int
}

// CallModule calls the module with the arguments, which follow `dagger call`.
func CallModule(t *testing.T, args ...string) Call {
	t.Helper()
	return StartModule(t, args...).Wait(t)
}

// Running is a call that has not ended yet.
type Running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	ctx            context.Context
	ended          chan struct{}
}

// StartModule starts such a call. Whoever does so waits for it.
func StartModule(t *testing.T, args ...string) *Running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	t.Cleanup(cancel)
	r := &Running{ctx: ctx, ended: make(chan struct{}), command: exec.CommandContext(ctx, "dagger", append([]string{"call", "--progress", "plain"}, args...)...)}
	r.command.Dir = Root
	r.command.Env = append(os.Environ(), "NO_COLOR=1", "DAGGER_NO_NAG=1")
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	require.NoError(t, r.command.Start())
	go func() {
		defer close(r.ended)
		_ = r.command.Wait() // The exit status tells.
	}()
	return r
}

// Signal sends the call's process a signal.
func (r *Running) Signal(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, r.command.Process.Signal(signal))
}

// Wait returns when the call has ended, in whichever way.
func (r *Running) Wait(t *testing.T) Call {
	t.Helper()
	<-r.ended
	require.NoError(t, r.ctx.Err(), "the call hangs:\n%s", r.stderr.String())
	return Call{Stdout: r.stdout.String(), Stderr: r.stderr.String(), Exit: r.command.ProcessState.ExitCode()}
}

// Succeeds is the call's standard output, if it ended well.
func (c Call) Succeeds(t *testing.T) string {
	t.Helper()
	require.Zero(t, c.Exit, "the call failed:\n%s", c.Stderr)
	return c.Stdout
}

// Message is the error that the call ends with, as it stands last on the terminal.
func (c Call) Message(t *testing.T) string {
	t.Helper()
	require.NotZero(t, c.Exit, "the call was expected to fail, and printed:\n%s", c.Stdout)
	at := strings.LastIndex(c.Stderr, "\nError: ")
	require.GreaterOrEqual(t, at, 0, "the call failed without an error:\n%s", c.Stderr)
	return strings.TrimSpace(c.Stderr[at+len("\nError: "):])
}

// AssertOneLine asserts that an error is one line, and at most one more that says what to do.
func AssertOneLine(t *testing.T, message string) {
	t.Helper()
	lines := strings.Split(message, "\n")
	if len(lines) > 1 && strings.HasPrefix(strings.TrimSpace(lines[1]), "→ ") {
		lines = lines[1:]
	}
	assert.Len(t, lines, 1, "%s", message)
}

// Listed are the instances in an error's list, "- PHASE ID: reason".
func Listed(message string) []string {
	var ids []string
	for _, line := range strings.Split(message, "\n") {
		if item, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			unit, _, _ := strings.Cut(item, ":")
			_, id, _ := strings.Cut(unit, " ")
			ids = append(ids, id)
		}
	}
	return ids
}

// ReferencesIn are the lines of an error that are references to this registry.
func ReferencesIn(message, registry string) []string {
	var references []string
	for _, line := range strings.Split(message, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, registry+"/") {
			references = append(references, line)
		}
	}
	return references
}
