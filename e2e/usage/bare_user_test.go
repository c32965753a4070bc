package usage

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestAUserWhoIsNotRoot: with Docker running, a user with sudo and outside the group docker gets
// what root gets. Without sudo, one line says what to do, and nothing is compiled.
func TestAUserWhoIsNotRoot(t *testing.T) {
	t.Parallel()
	t.Run("with sudo joins the group docker, and what follows runs in it", func(t *testing.T) {
		u := newUser(t, "sudo")
		u.maySudo(t)
		said, err := u.make(t, "docker-answers")
		require.NoError(t, err, said)
		assert.Contains(t, said, "adding "+u.name+" to the group docker")
		assert.Contains(t, said, "dagger v9.9.9 and its engine answer", "up.sh reached Docker")
		assert.Contains(t, said, "it's \"docker\" for "+u.name+" $HOME\n", "a recipe of make did, with its words as they are")
		assert.Equal(t, []string{u.name, "docker"}, u.groups(t))
		u.compiledNothing(t)

		t.Run("once only", func(t *testing.T) {
			said, err := u.make(t, "docker-answers")
			require.NoError(t, err, said)
			assert.NotContains(t, said, "adding ")
		})
		t.Run("up.sh alone gets there as well", func(t *testing.T) {
			said, err := u.run(t, "hack/engine/up.sh")
			require.NoError(t, err, said)
			assert.Contains(t, said, "dagger v9.9.9 and its engine answer")
		})
	})
	t.Run("with sudo joins the group before Docker is there", func(t *testing.T) {
		u := newUser(t, "none")
		u.maySudo(t)
		u.command(t, "docker", "echo Cannot connect to the Docker daemon. Is the docker daemon running? >&2; exit 1")
		said, err := u.make(t, "access")
		require.NoError(t, err, said)
		assert.Contains(t, said, "adding "+u.name+" to the group docker")
		assert.Equal(t, []string{u.name, "docker"}, u.groups(t))
	})
	t.Run("without sudo is told what to do", func(t *testing.T) {
		u := newUser(t, "plain")
		for _, target := range []string{"engine", "registry", "run", "test", "bench", "lint"} {
			said, err := u.make(t, target)
			require.Error(t, err, said)
			u.saidOnly(t, said, "Run as root: usermod -aG docker "+u.name+". Or run")
			assert.NotContains(t, said, "apt-get", "Docker is there")
		}
		said, err := u.run(t, "hack/engine/docker.sh")
		require.Error(t, err, said)
		u.saidOnly(t, said, "Docker runs") // There must not be a second daemon.
		assert.Equal(t, []string{u.name}, u.groups(t))
		u.compiledNothing(t)

		t.Run("also to install Docker where it is missing", func(t *testing.T) {
			u.without(t, "docker")
			said, err := u.make(t, "engine")
			require.Error(t, err, said)
			u.saidOnly(t, said, "Run as root: apt-get install docker.io && usermod -aG docker "+u.name+". Or run")
			u.compiledNothing(t)
		})
	})
	t.Run("in the group but in an older session needs no sudo", func(t *testing.T) {
		u := newUser(t, "member")
		harness.AsRoot(t, "usermod", "-aG", "docker", u.name)
		said, err := u.make(t, "docker-answers")
		require.NoError(t, err, said)
		assert.Contains(t, said, "it's \"docker\" for "+u.name)

		t.Run("and without sg is told to log in again", func(t *testing.T) {
			u.without(t, "sg")
			said, err := u.make(t, "engine")
			require.Error(t, err, said)
			u.saidOnly(t, said, "log in again")
		})
	})
	t.Run("with a daemon of its own stays out of the group", func(t *testing.T) {
		u := newUser(t, "rootless")
		u.maySudo(t)
		socket := relayedSocket(t)
		said, err := u.make(t, "docker-answers", "DOCKER_HOST=unix://"+socket)
		require.NoError(t, err, said)
		assert.Contains(t, said, "dagger v9.9.9 and its engine answer")
		said, err = u.make(t, "test", "DOCKER_HOST=tcp://127.0.0.1:1")
		require.Error(t, err, said)
		u.saidOnly(t, said, "no Docker daemon answers at DOCKER_HOST=tcp://127.0.0.1:1")
		assert.Equal(t, []string{u.name}, u.groups(t))
		u.compiledNothing(t)
	})
}

// user is a user of this machine, with what the scripts need of the project in their home
// directory.
type user struct {
	name, home string
}

// newUser makes a user, who is gone after the test.
func newUser(t *testing.T, kind string) user {
	t.Helper()
	u := user{name: fmt.Sprintf("eval-images-%s-%d", kind, os.Getpid())}
	u.home = "/home/" + u.name
	harness.AsRoot(t, "useradd", "--create-home", "--home-dir", u.home, "--user-group", "--shell", "/bin/bash", u.name)
	t.Cleanup(func() { harness.AsRoot(t, "userdel", "--remove", "--force", u.name) })
	harness.AsRoot(t, "cp", "-r", filepath.Join(harness.Root, "hack"), filepath.Join(harness.Root, "Makefile"), u.home)
	harness.AsRoot(t, "chmod", "-R", "a+rX", u.home+"/hack", u.home+"/Makefile")
	u.command(t, "go", `echo "go $*" >>"$HOME/compiled"; exit 1`)
	// A dagger command that is newer than ours brings its own engine, so that nothing is built for
	// it, or changed.
	u.command(t, "dagger", "echo dagger v9.9.9; docker info >/dev/null")
	u.write(t, "probe.mk", 0o644, `include Makefile
docker-answers: engine
	docker info >/dev/null &&
	echo 'it'"'"'s "docker" for' "$$(id -un)" '$$HOME'
`)
	return u
}

// maySudo lets the user become root without a password.
func (u user) maySudo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("sudo"); err != nil {
		harness.AsRoot(t, "bash", "-euc", `cd "$1"; . ./lib.sh; apt_install sudo`, "bash", filepath.Join(harness.Root, "hack", "engine"))
	}
	file := "/etc/sudoers.d/" + u.name
	t.Cleanup(func() { harness.AsRoot(t, "rm", "-f", file) })
	harness.AsRoot(t, "install", "-m", "440", harness.Written(t, "sudoers", u.name+" ALL=(ALL) NOPASSWD: ALL\n"), file)
}

// command gives the user a command of this name, which is a script.
func (u user) command(t *testing.T, name, script string) {
	t.Helper()
	u.write(t, "bin/"+name, 0o755, "#!/bin/bash\n"+script+"\n")
}

func (u user) write(t *testing.T, path string, mode os.FileMode, text string) {
	t.Helper()
	at := filepath.Join(u.home, path)
	harness.AsRoot(t, "install", "-D", "-m", fmt.Sprintf("%o", mode), harness.Written(t, "file", text), at)
}

// make calls make as the user, in a session that began before the user was in any group but their
// own.
func (u user) make(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	return u.run(t, append([]string{"make", "--no-print-directory", "-f", "probe.mk"}, args...)...)
}

// run runs a command as the user, likewise, and returns all that it printed.
func (u user) run(t *testing.T, args ...string) (said string, err error) {
	t.Helper()
	path := u.home + "/bin:" + systemPath
	if _, err := os.Stat(u.tools()); err == nil {
		path = u.home + "/bin:" + u.tools()
	}
	command := harness.RootCommand(append([]string{
		"setpriv", "--reuid", u.name, "--regid", u.name, "--clear-groups",
		"env", "-i", "-C", u.home, "HOME=" + u.home, "USER=" + u.name, "LOGNAME=" + u.name, "PATH=" + path,
	}, args...)...)
	output, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	return string(output), err
}

// systemPath is where the system's commands are, and those that up.sh installs.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// tools is where a user's commands are who lacks some of the system's.
func (u user) tools() string { return "/tmp/" + u.name + "-tools" }

// without takes one of the system's commands from the user.
func (u user) without(t *testing.T, command string) {
	t.Helper()
	t.Cleanup(func() { harness.AsRoot(t, "rm", "-rf", u.tools()) })
	harness.AsRoot(t, "mkdir", u.tools())
	for _, directory := range strings.Split(systemPath, ":") {
		harness.AsRoot(t, "find", directory+"/", "-maxdepth", "1", "!", "-type", "d", "-exec", "ln", "-sf", "-t", u.tools(), "{}", "+")
	}
	harness.AsRoot(t, "rm", "-f", filepath.Join(u.tools(), command))
}

// groups of the user, their own first.
func (u user) groups(t *testing.T) []string {
	t.Helper()
	output, err := exec.Command("id", "-nG", u.name).Output()
	require.NoError(t, err)
	return strings.Fields(string(output))
}

// compiledNothing asserts that nothing called Go.
func (u user) compiledNothing(t *testing.T) {
	t.Helper()
	harness.AsRoot(t, "test", "!", "-e", filepath.Join(u.home, "compiled"))
}

// saidOnly asserts that make failed with one line of ours, and that it ends with this or a hint at
// more.
func (u user) saidOnly(t *testing.T, said, what string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(said), "\n")
	assert.Contains(t, lines[0], "error: ")
	assert.Contains(t, lines[0], what)
	for _, line := range lines[1:] {
		assert.Contains(t, line, "make", "a second line of our own")
	}
}

// relayedSocket is another socket of this machine's Docker, which everybody may use.
func relayedSocket(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "eval-images-docker")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	require.NoError(t, os.Chmod(directory, 0o755))
	socket := filepath.Join(directory, "docker.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	require.NoError(t, os.Chmod(socket, 0o666))
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go relayTo(from, strings.TrimPrefix(cmp.Or(os.Getenv("DOCKER_HOST"), "unix:///var/run/docker.sock"), "unix://"))
		}
	}()
	return socket
}

// relayTo has a connection go on to a socket, until one of the two sides ends it.
func relayTo(from net.Conn, socket string) {
	defer from.Close()
	to, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer to.Close()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}
