//go:build crash

package crash

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// Names of what an engine of the tests' own consists of. They are always the same, so that a run
// finds what an earlier one has left. They do not begin with dagger-engine: the CLI removes those.
const (
	ownEngineName  = "eval-images-crash-engine"
	ownNetworkName = "eval-images-crash-network"
	ownRelayName   = "eval-images-crash-relay-"
	ownStorageName = "eval-images-crash-registry"
	engineImage    = "registry.dagger.io/engine:v0.17.2"
	engineState    = "/var/lib/dagger"
	registryState  = "/var/lib/registry"
	// runnerHost is the variable that names the engine of the CLI.
	runnerHost = "_EXPERIMENTAL_DAGGER_RUNNER_HOST"
)

// ownDisk is the directory with the disk of the tests' own engine: a file, and where that is
// mounted.
var ownDisk = filepath.Join(os.TempDir(), "eval-images-crash")

// diskSize of the tests' own engine: as much as a module takes and a little more. The file takes
// what is written.
const diskSize = 4 << 30

// ownEngine is an engine that a test may kill, and whose disk it may fill. Nobody else uses it.
//
// Its network is that of another container, which outlives it: there the local registry is
// localhost:5000 for this engine too.
type ownEngine struct{}

// startOwnEngine starts it, and every call of the test goes to it from then on. It is gone after
// the test, and also when somebody presses ctrl-C; what was left by a test that could not do even
// that is removed here.
func startOwnEngine(t *testing.T) ownEngine {
	t.Helper()
	removeOwnEngine()
	t.Cleanup(removeOwnEngine)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		removeOwnEngine()
		os.Exit(1)
	}()

	mounted := filepath.Join(ownDisk, "mounted")
	require.NoError(t, os.MkdirAll(mounted, 0o755))
	file := filepath.Join(ownDisk, "disk")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, os.Truncate(file, diskSize))
	harness.AsRoot(t, "mkfs.ext4", "-q", "-m", "0", file)
	harness.AsRoot(t, "mount", "-o", "loop", file, mounted)

	image := strings.TrimSpace(harness.Docker(t, "inspect", "-f", "{{.Image}}", "eval-images-registry"))
	harness.Docker(t, "run", "-d", "--name", ownNetworkName, "-v", harness.RelayBinary(t)+":/relay:ro", "--entrypoint", "/relay", image, ":5000", harness.HostRegistry)
	harness.Docker(t, "volume", "create", "--driver", "local", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=64m", ownStorageName)
	runOwnEngine(t, "-v", mounted+":"+engineState, "-v", ownStorageName+":"+registryState)
	t.Setenv(runnerHost, "docker-container://"+ownEngineName)
	harness.NewFleet(t, harness.Task(1)).Call(t, "plan", "table").Succeeds(t) // The module is compiled now, while there is room.
	return ownEngine{}
}

// runOwnEngine starts the container, privileged if this machine allows that: hack/engine/start.sh
// does it alike.
func runOwnEngine(t *testing.T, args ...string) {
	t.Helper()
	run := func(more ...string) error {
		// The CLI has its engine restarted likewise.
		args := append([]string{"run", "-d", "--name", ownEngineName, "--restart", "always", "--network", "container:" + ownNetworkName}, append(args, more...)...)
		output, err := exec.Command("docker", append(args, engineImage)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, output)
		}
		return nil
	}
	if run("--privileged") == nil {
		return
	}
	harness.Docker(t, "rm", "-f", ownEngineName) // A failed attempt leaves a container behind.
	require.NoError(t, run("--cap-add=ALL", "--cap-drop=SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
		"-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--device-cgroup-rule=a *:* rwm"))
}

// removeOwnEngine removes all of it, as much as is there.
func removeOwnEngine() {
	relays, _ := exec.Command("docker", "ps", "-aq", "--filter", "name="+ownRelayName).Output()
	for _, command := range [][]string{
		append([]string{"docker", "rm", "-fv", ownEngineName, ownNetworkName}, strings.Fields(string(relays))...),
		{"docker", "volume", "rm", "-f", ownStorageName},
		harness.RootCommand("umount", filepath.Join(ownDisk, "mounted")), // That frees the loop device too.
		harness.RootCommand("rm", "-rf", "--one-file-system", ownDisk),
	} {
		_ = exec.Command(command[0], command[1:]...).Run() // Mostly there is nothing.
	}
}

// kill ends the engine without notice, as a machine without memory does. Docker starts it again,
// with the state that it had.
func (ownEngine) kill(t *testing.T) {
	t.Helper()
	harness.AsRoot(t, "kill", "-KILL", strings.TrimSpace(harness.Docker(t, "inspect", "-f", "{{.State.Pid}}", ownEngineName)))
}

// fill leaves so many bytes of the disk that is mounted here in the engine's container. The
// function that it returns gives the rest back.
func (ownEngine) fill(t *testing.T, disk string, leave int64) (makeRoom func()) {
	t.Helper()
	free := harness.Docker(t, "exec", ownEngineName, "stat", "-f", "-c", "%f %S", disk)
	var blocks, size int64
	_, err := fmt.Sscan(free, &blocks, &size)
	require.NoError(t, err, free)
	harness.Docker(t, "exec", ownEngineName, "fallocate", "-l", strconv.FormatInt(blocks*size-leave, 10), disk+"/filler")
	makeRoom = func() { harness.Docker(t, "exec", ownEngineName, "rm", "-f", disk+"/filler") }
	t.Cleanup(makeRoom) // For the tests that follow, if this one fails.
	return makeRoom
}

// fleet is a small fleet behind a proxy, for this engine. Official images are there.
func (ownEngine) fleet(t *testing.T, size int) (harness.Fleet, *registrytest.Proxy) {
	t.Helper()
	f, proxy := harness.FaultyFleet(t, size)
	_, port, err := net.SplitHostPort(f.Registry)
	require.NoError(t, err)
	host, _, err := net.SplitHostPort(harness.HostRegistry)
	require.NoError(t, err)
	// The proxy is at a port of the shared engine's localhost. Here it gets the same one.
	relayTo(t, port, net.JoinHostPort(host, port))
	return f, proxy
}

// relayTo makes an address of this machine's a port of this engine's localhost.
func relayTo(t *testing.T, port, to string) {
	t.Helper()
	name := ownRelayName + port
	harness.Docker(t, "rm", "-f", name)
	image := strings.TrimSpace(harness.Docker(t, "inspect", "-f", "{{.Image}}", "eval-images-registry"))
	harness.Docker(t, "run", "-d", "--name", name, "--network", "container:"+ownNetworkName,
		"-v", harness.RelayBinary(t)+":/relay:ro", "--entrypoint", "/relay", image, ":"+port, to)
	t.Cleanup(func() { harness.Docker(t, "rm", "-f", name) })
}
