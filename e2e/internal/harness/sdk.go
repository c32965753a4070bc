package harness

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TinySDK is an SDK whose images are made in no time.
func TinySDK() string {
	return filepath.Join(Root, "e2e", "internal", "harness", "testdata", "tiny-sdk")
}

// ChangedSDK is a copy of the tiny SDK with one file that is new or another.
func ChangedSDK(t *testing.T, path, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sdk")
	require.NoError(t, os.CopyFS(dir, os.DirFS(TinySDK())))
	at := filepath.Join(dir, path)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	return dir
}

// SDKWith is an SDK that has nothing but a Dockerfile with this text.
func SDKWith(t *testing.T, dockerfile string) string {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, "openhands-agent-server", "openhands", "agent_server", "docker")
	require.NoError(t, os.MkdirAll(at, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(at, "Dockerfile"), []byte(dockerfile), 0o644))
	return dir
}

// FailingSDK is an SDK that looks right, and whose builder cannot be built.
func FailingSDK(t *testing.T) string {
	t.Helper()
	return SDKWith(t, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY "+BuilderMark+" /agent-server\nFROM ${BASE_IMAGE} AS base-image-minimal\n")
}

// BuilderMark stands in the error of whoever builds the builder of a failing SDK.
const BuilderMark = "the-builder-was-begun"

// DockerfilePath is where an SDK has its Dockerfile.
const DockerfilePath = "openhands-agent-server/openhands/agent_server/docker/Dockerfile"

// TinyDockerfileKey is what stands for the tiny SDK's Dockerfile in tags: the first seven
// hexadecimal digits of its SHA-256.
func TinyDockerfileKey(t *testing.T) string { return DockerfileKey(t, TinySDK()) }

// DockerfileKey is the same of another SDK's.
func DockerfileKey(t *testing.T, sdk string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sdk, DockerfilePath))
	require.NoError(t, err)
	return fmt.Sprintf("%x", sha256.Sum256(text))[:7]
}

// Written is the path of a new file with this text.
func Written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}
