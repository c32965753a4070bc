package skip

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/signature"
)

// TestOnlySignedImagesAreSkipped signs what a run published, as docs/signing.md does, and runs
// again.
func TestOnlySignedImagesAreSkipped(t *testing.T) {
	t.Parallel()
	f := harness.NewFleet(t, harness.Task(1), harness.Task(2))
	f.Push(t, f.IDs...)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public := publicKey(t, private)
	out := f.Run(t, "--verify-key", public) // Nothing is there yet.
	assert.Equal(t, map[string]string{harness.Task(1): "built", harness.Task(2): "built"}, harness.Statuses(harness.Records(t, out, "manifest.jsonl")))

	list, err := os.ReadFile(filepath.Join(out, "published.txt"))
	require.NoError(t, err)
	images := strings.Fields(string(list))
	require.Len(t, images, 5, "the builder, and for each instance a base image and an agent image")

	t.Run("what nobody signed ends the run, or is missing", func(t *testing.T) {
		message := f.Call(t, "assemble-all", "--publish", "--verify-key", public, "file", "contents").Message(t)
		assert.Contains(t, message, "/builder:"+f.SHA[:7]+"@sha256:")
		assert.Contains(t, message, " is not signed by --verify-key: it carries no signature")
		message = f.Call(t, "check", "--verify-key", public).Message(t)
		assert.Contains(t, message, f.Agent(harness.Task(2))+"@sha256:")
		assert.Contains(t, message, " is not signed by --verify-key")
	})
	for _, image := range images {
		if !strings.Contains(image, "/agent@"+harness.Records(t, out, "manifest.jsonl")[1].Digest) {
			signImage(t, private, image)
		}
	}
	for _, publisher := range []string{"direct", "engine"} {
		t.Run("an image that nobody signed fails, the others are skipped, "+publisher, func(t *testing.T) {
			out := f.Run(t, "--publisher", publisher, "--verify-key", public)
			agents := harness.Records(t, out, "manifest.jsonl")
			assert.Equal(t, map[string]string{harness.Task(1): "skipped_remote_exists", harness.Task(2): "failed"}, harness.Statuses(agents))
			require.NotNil(t, agents[1].Error)
			assert.Contains(t, *agents[1].Error, f.Agent(harness.Task(2)))
			assert.Contains(t, *agents[1].Error, "is not signed by --verify-key")
			assert.Empty(t, strings.TrimSpace(readFile(t, out, "published.txt")))
		})
	}
	signImage(t, private, f.Registry+"/"+f.Prefix+"/agent@"+harness.Digest(t, f.Agent(harness.Task(2))))
	t.Run("with all of them signed there is nothing to do", func(t *testing.T) {
		assert.Equal(t, "All 2 agent images are published.\n", f.Call(t, "check", "--verify-key", public).Succeeds(t))
		for _, publisher := range []string{"direct", "engine"} {
			agents := harness.Records(t, f.Run(t, "--publisher", publisher, "--verify-key", public), "manifest.jsonl")
			assert.Equal(t, map[string]string{harness.Task(1): "skipped_remote_exists", harness.Task(2): "skipped_remote_exists"}, harness.Statuses(agents))
		}
	})
	t.Run("an agent image is made on a base image that is signed", func(t *testing.T) {
		harness.Remove(t, f.Agent(harness.Task(1)))
		agents := harness.Records(t, f.Run(t, "--verify-key", public), "manifest.jsonl")
		assert.Equal(t, map[string]string{harness.Task(1): "built", harness.Task(2): "skipped_remote_exists"}, harness.Statuses(agents))
	})
	t.Run("a file that is no key is an error before anything is asked", func(t *testing.T) {
		message := f.Call(t, "check", "--verify-key", harness.Written(t, "cosign.key", "-----BEGIN")).Message(t)
		assert.Contains(t, message, "reading --verify-key: it is no public key in PEM")
	})
}

func readFile(t *testing.T, directory, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, file))
	require.NoError(t, err)
	return string(text)
}

// publicKey writes a public key to a file, as cosign does.
func publicKey(t *testing.T, private *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	require.NoError(t, err)
	return harness.Written(t, "cosign.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
}

// signImage does what cosign does with a key.
// https://github.com/sigstore/cosign/blob/v2.6.5/specs/SIGNATURE_SPEC.md
func signImage(t *testing.T, private *ecdsa.PrivateKey, image string) {
	t.Helper()
	ref, err := name.NewDigest(image)
	require.NoError(t, err)
	payload := fmt.Sprintf(`{"critical":{"identity":{"docker-reference":%q},"image":{"docker-manifest-digest":%q},`+
		`"type":"cosign container image signature"},"optional":null}`, ref.Context().Name(), ref.DigestStr())
	sum := sha256.Sum256([]byte(payload))
	signed, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	require.NoError(t, err)
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer:       static.NewLayer([]byte(payload), signature.PayloadType),
		Annotations: map[string]string{signature.SignatureAnnotation: base64.StdEncoding.EncodeToString(signed)},
	})
	require.NoError(t, err)
	tag := strings.Replace(ref.DigestStr(), ":", "-", 1) + ".sig"
	require.NoError(t, remote.Write(harness.Reference(t, ref.Context().Tag(tag).Name()), img))
}
