package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// callTimeout bounds one `dagger call`. It is there for a hanging engine, not for a slow one.
const callTimeout = 10 * time.Minute

// call is one `dagger call` of the module, and how it ended.
type call struct {
	stdout, stderr string
	exit           int
}

// callModule calls the module with the arguments, which follow `dagger call`.
func callModule(t *testing.T, args ...string) call {
	t.Helper()
	return startModule(t, args...).wait(t)
}

// running is a call that has not ended yet.
type running struct {
	command        *exec.Cmd
	stdout, stderr bytes.Buffer
	ctx            context.Context
	ended          chan struct{}
}

func startModule(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	t.Cleanup(cancel)
	r := &running{ctx: ctx, ended: make(chan struct{}), command: exec.CommandContext(ctx, "dagger", append([]string{"call", "--progress", "plain"}, args...)...)}
	r.command.Dir = root
	r.command.Env = append(os.Environ(), "NO_COLOR=1", "DAGGER_NO_NAG=1")
	r.command.Stdout, r.command.Stderr = &r.stdout, &r.stderr
	require.NoError(t, r.command.Start())
	go func() {
		defer close(r.ended)
		_ = r.command.Wait() // The exit status tells.
	}()
	return r
}

// wait returns when the call has ended, in whichever way.
func (r *running) wait(t *testing.T) call {
	t.Helper()
	<-r.ended
	require.NoError(t, r.ctx.Err(), "the call hangs:\n%s", r.stderr.String())
	return call{stdout: r.stdout.String(), stderr: r.stderr.String(), exit: r.command.ProcessState.ExitCode()}
}

// succeeds is the call's standard output, if it ended well.
func (c call) succeeds(t *testing.T) string {
	t.Helper()
	require.Zero(t, c.exit, "the call failed:\n%s", c.stderr)
	return c.stdout
}

// message is the error that the call ends with, as it stands last on the terminal.
func (c call) message(t *testing.T) string {
	t.Helper()
	require.NotZero(t, c.exit, "the call was expected to fail, and printed:\n%s", c.stdout)
	at := strings.LastIndex(c.stderr, "\nError: ")
	require.GreaterOrEqual(t, at, 0, "the call failed without an error:\n%s", c.stderr)
	return strings.TrimSpace(c.stderr[at+len("\nError: "):])
}

// record is a line of the manifest, as another program reads it.
type record struct {
	InstanceID     string   `json:"instance_id"`
	Status         string   `json:"status"`
	BaseImage      string   `json:"base_image"`
	OfficialDigest string   `json:"official_digest"`
	BaseTag        string   `json:"base_tag"`
	BaseDigest     string   `json:"base_digest"`
	Tags           []string `json:"tags"`
	Digest         string   `json:"digest"`
	Error          *string  `json:"error"`
	SkipReason     *string  `json:"skip_reason"`
	RebuildReason  string   `json:"rebuild_reason"`
	GraftedFrom    string   `json:"grafted_from"`
	AttemptCount   int      `json:"attempt_count"`
	Duration       *float64 `json:"duration_seconds"`
	Queue          *float64 `json:"queue_seconds"`
	RemoteCheck    *float64 `json:"remote_check_seconds"`
	Build          *float64 `json:"build_seconds"`
	Push           *float64 `json:"push_seconds"`
}

// records reads one of the files of a manifest's directory.
func records(t *testing.T, dir, file string) []record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	require.NoError(t, err)
	return parseRecords(t, string(data))
}

func parseRecords(t *testing.T, text string) []record {
	t.Helper()
	var all []record
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var r record
		require.NoError(t, json.Unmarshal([]byte(line), &r), "a line of the manifest is no JSON object: %s", line)
		all = append(all, r)
	}
	return all
}
