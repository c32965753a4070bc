package harness

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lastRelayPort is the last port that a relay of this process got. The tests of several packages,
// and several runs, start at different ones, below those that Linux gives to connections.
var lastRelayPort atomic.Int32

func init() { lastRelayPort.Store(int32(20000 + os.Getpid()%250*40)) }

// relayPort is a port for a relay that no other process of these tests has until the test ends.
func relayPort(t *testing.T) int32 {
	t.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("eval-images-e2e-ports-%d", os.Getuid()))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for range 12000 {
		port := 20000 + (lastRelayPort.Add(1)-20000)%12000
		lock, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(int(port))), os.O_CREATE|os.O_RDWR, 0o644)
		require.NoError(t, err)
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			t.Cleanup(func() { lock.Close() })
			return port
		}
		lock.Close()
	}
	require.Fail(t, "no port is free for a relay")
	return 0
}

// Relay makes an address of this machine's a port of the engine's localhost: only there the engine
// speaks plain HTTP.
func Relay(t *testing.T, to string) string {
	t.Helper()
	port := relayPort(t)
	name := fmt.Sprintf("eval-images-e2e-relay-%d", port)
	Docker(t, "rm", "-f", name)
	beside := strings.Fields(Docker(t, "inspect", "-f", "{{.HostConfig.NetworkMode}} {{.Image}}", "eval-images-registry"))
	Docker(t, "run", "-d", "--name", name, "--network", beside[0], "-v", RelayBinary(t)+":/relay:ro", "--entrypoint", "/relay",
		beside[1], fmt.Sprintf(":%d", port), to)
	t.Cleanup(func() { Docker(t, "rm", "-f", name) })
	host, _, err := net.SplitHostPort(HostRegistry)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		answer, err := http.Get(fmt.Sprintf("http://%s:%d/v2/", host, port))
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil // Whatever it says: it may want a password.
	}, 20*time.Second, 50*time.Millisecond, "the relay does not answer")
	return fmt.Sprintf("localhost:%d", port)
}

// buildRelay compiles the relay once in a process. Others may do so at the same time, so the file
// gets its name when it is complete.
var buildRelay = sync.OnceValues(func() (string, error) {
	path := filepath.Join(Root, "out", "relay")
	building := fmt.Sprintf("%s-%d", path, os.Getpid())
	command := exec.Command("go", "build", "-o", building, "./e2e/internal/relay")
	command.Dir = Root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the relay: %w\n%s", err, output)
	}
	return path, os.Rename(building, path)
})

// RelayBinary is the path of the compiled relay, which runs in any container.
func RelayBinary(t *testing.T) string {
	t.Helper()
	path, err := buildRelay()
	require.NoError(t, err)
	return path
}
