//go:build crash

package crash

import (
	"archive/tar"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// heavy is how many bytes of the engine's disk each image of these tests takes, and room what it
// has: enough for some images.
const (
	heavy = 64 << 20
	room  = 7 * heavy
)

// fillByImages: the official images need more room than there is.
func fillByImages(t *testing.T, e ownEngine) {
	f, _ := e.fleet(t, 10)
	for _, id := range f.IDs {
		harness.Push(t, f.Official(id), heavyImage(t, f.Prefix+id))
	}
	endsWithoutRoom(t, f, e)
}

// fillByCommand: a command of the recipe writes more. That it had no room stands only in what it
// prints.
func fillByCommand(t *testing.T, e ownEngine) {
	f, _ := e.fleet(t, 10)
	f.SDK = harness.ChangedSDK(t, harness.DockerfilePath, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY --chown=10001:10001 server /agent-server/.venv/bin\n"+
		"FROM ${BASE_IMAGE} AS base-image-minimal\nRUN head -c 64M /dev/zero >/opt/heavy\n")
	for _, id := range f.IDs {
		harness.Push(t, f.Official(id), harness.DebianWith(t, "id", 0o644, f.Prefix+id))
	}
	endsWithoutRoom(t, f, e)
}

// endsWithoutRoom is a run that fills the engine's disk. It ends early and says so; what is
// finished stays; once there is room, a second run does the rest.
func endsWithoutRoom(t *testing.T, f harness.Fleet, e ownEngine) {
	t.Helper()
	f.Key = harness.DockerfileKey(t, f.SDK)
	makeRoom := e.fill(t, engineState, room)

	message := harness.CallModule(t, append([]string{"--silent"}, f.Publishing("engine", 1)...)...).Message(t)
	assert.Contains(t, message, "no space left on ")
	assert.Contains(t, message, "The disk of the machine that runs the engine is full. Free space there")
	assert.Contains(t, message, "not started: the run ended early")
	assert.Equal(t, 1, strings.Count(message, "- base "), "images are tried for which there is no room")
	left := f.Published(t)
	assert.NotEmpty(t, left)
	assert.Less(t, len(f.Agents(t)), len(f.IDs))
	f.AssertIntegrity(t)

	makeRoom()
	f.DoesTheRest(t, "engine", left)
}

// fillRegistry: the registry has no room for all images. It is another one than that of the other
// tests, beside this engine.
func fillRegistry(t *testing.T, e ownEngine) {
	const size, publisher = 24, "direct"
	var ids []string
	for number := 1; number <= size; number++ {
		ids = append(ids, harness.Task(number))
	}
	f := harness.NewFleet(t, ids...)
	f.Registry = smallRegistry(t)
	f.Template = strings.Replace(f.Template, harness.EngineRegistry, f.Registry, 1)
	f.Push(t, ids...)
	makeRoom := e.fill(t, registryState, 1<<19)

	message := harness.CallModule(t, append([]string{"--silent"}, f.Publishing(publisher, 2)...)...).Message(t)
	assert.Contains(t, message, "500 Internal Server Error")
	assert.Contains(t, message, "The registry's disk is full. Free space there")

	makeRoom()
	repairRegistry(t)
	left := f.Published(t)
	assert.NotEmpty(t, left)
	assert.Less(t, len(left), 2*size)
	for _, wrong := range f.Broken(t) {
		assert.Contains(t, wrong, "MANIFEST_UNKNOWN", "a tag names more than nothing")
	}
	f.DoesTheRest(t, publisher, left)
}

// repairRegistry removes the files that the registry began without room and left empty. It does not
// get over them by itself: it answers 500 to whoever asks for those blobs and tags. It also lists
// tags that it does not know, as it came no further.
func repairRegistry(t *testing.T) {
	t.Helper()
	harness.Docker(t, "exec", ownEngineName, "find", registryState, "-type", "f", "(", "-name", "link", "-o", "-name", "data", ")", "-size", "0", "-delete")
}

// smallRegistry is a registry with a small disk, and the one that all helpers look into until the
// test ends.
func smallRegistry(t *testing.T) (address string) {
	t.Helper()
	const port = "5001"
	image := strings.TrimSpace(harness.Docker(t, "inspect", "-f", "{{.Image}}", "eval-images-registry"))
	name := ownRelayName + port
	harness.Docker(t, "run", "-d", "--name", name, "--network", "container:"+ownNetworkName, "-v", ownStorageName+":"+registryState,
		"-e", "REGISTRY_HTTP_ADDR=:"+port, image)
	t.Cleanup(func() { harness.Docker(t, "rm", "-f", name) })
	host := strings.TrimSpace(harness.Docker(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", ownNetworkName))
	shared := harness.HostRegistry
	harness.HostRegistry = net.JoinHostPort(host, port)
	t.Cleanup(func() { harness.HostRegistry = shared })
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + harness.HostRegistry + "/v2/")
		return err == nil && answer.Body.Close() == nil
	}, 20*time.Second, 50*time.Millisecond)
	return "localhost:" + port
}

// heavyImage is an official image that takes much of a disk, and little of a registry.
func heavyImage(t *testing.T, id string) v1.Image {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	content := make([]byte, heavy)
	copy(content, id)
	require.NoError(t, writer.WriteHeader(&tar.Header{Name: "heavy", Typeflag: tar.TypeReg, Mode: 0o644, Size: heavy}))
	_, err := writer.Write(content)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	require.NoError(t, err)
	img, err := mutate.AppendLayers(harness.OfficialImage(t, id), layer)
	require.NoError(t, err)
	return img
}
