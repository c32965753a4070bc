package registry

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/signature"
)

// signer is a key pair.
type signer struct {
	private *ecdsa.PrivateKey
	public  *signature.Key
}

func newSigner(t *testing.T) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	require.NoError(t, err)
	public, err := signature.ReadKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	require.NoError(t, err)
	return signer{private, public}
}

func (s signer) sign(t *testing.T, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signed, err := ecdsa.SignASN1(rand.Reader, s.private, sum[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(signed)
}

// signedBeside are layers of the image that cosign puts beside another one, one for each signer.
func signedBeside(t *testing.T, repository, digest string, signers ...signer) []mutate.Addendum {
	t.Helper()
	payload := fmt.Sprintf(`{"critical":{"identity":{"docker-reference":%q},"image":{"docker-manifest-digest":%q},`+
		`"type":"cosign container image signature"},"optional":null}`, repository, digest)
	var layers []mutate.Addendum
	for i, by := range signers {
		payload := payload + strings.Repeat(" ", i) // Two layers of one image are two blobs.
		layers = append(layers, mutate.Addendum{
			Layer:       static.NewLayer([]byte(payload), signature.PayloadType),
			Annotations: map[string]string{signature.SignatureAnnotation: by.sign(t, payload)},
		})
	}
	return layers
}

// bundle signs a digest as cosign v3 does.
func (s signer) bundle(t *testing.T, digest string) []byte {
	t.Helper()
	const media = "application/vnd.in-toto+json"
	statement := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":%q}}],`+
		`"predicateType":"https://sigstore.dev/cosign/sign/v1"}`, strings.TrimPrefix(digest, "sha256:"))
	signed := s.sign(t, fmt.Sprintf("DSSEv1 %d %s %d %s", len(media), media, len(statement), statement))
	text, err := json.Marshal(map[string]any{
		"mediaType": signature.BundleType,
		"dsseEnvelope": map[string]any{
			"payload": base64.StdEncoding.EncodeToString([]byte(statement)), "payloadType": media,
			"signatures": []map[string]string{{"sig": signed}},
		},
	})
	require.NoError(t, err)
	return text
}

// beside puts an image with these layers where cosign has the signatures of a digest.
func putBeside(t *testing.T, b registrytest.Bed, repository, digest string, layers ...mutate.Addendum) {
	t.Helper()
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layers...)
	require.NoError(t, err)
	b.Push(t, repository+":"+strings.Replace(digest, ":", "-", 1)+".sig", img)
}

// refer attaches a bundle to an image, as an artifact that refers to it. The library writes the
// index with the tag "sha256-{hex}", too.
func refer(t *testing.T, b registrytest.Bed, repository, digest string, bundle []byte) {
	t.Helper()
	ref, err := name.NewDigest(b.Open + "/" + repository + "@" + digest)
	require.NoError(t, err)
	subject, err := remote.Head(ref)
	require.NoError(t, err)
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		mutate.Addendum{Layer: static.NewLayer(bundle, signature.BundleType)})
	require.NoError(t, err)
	img = mutate.ConfigMediaType(img, signature.BundleType)
	referring, ok := mutate.Subject(img, *subject).(v1.Image)
	require.True(t, ok)
	own, err := referring.Digest()
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref.Context().Digest(own.String()), referring))
}

func TestSignatures(t *testing.T) {
	key, stranger := newSigner(t), newSigner(t)
	other := "sha256:" + strings.Repeat("b", 64)
	strangers := func(n int) []signer {
		var list []signer
		for range n {
			list = append(list, stranger)
		}
		return list
	}
	for name, test := range map[string]struct {
		sign func(b registrytest.Bed, repository, digest string)
		says string // Nothing, if the image is signed.
		most int    // requests
	}{
		"no signature": {
			sign: func(registrytest.Bed, string, string) {},
			says: "it carries no signature", most: 3,
		},
		"a signature by the key": {
			sign: func(b registrytest.Bed, repository, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, repository, digest, key)...)
			},
			most: 2,
		},
		"a signature by another key": {
			sign: func(b registrytest.Bed, repository, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, repository, digest, stranger)...)
			},
			says: "it carries a signature, but it is not by this key", most: 4,
		},
		"several, one of which is by the key": {
			sign: func(b registrytest.Bed, repository, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, repository, digest, stranger, stranger, key)...)
			},
			most: 4,
		},
		"the key's signature of another image": {
			sign: func(b registrytest.Bed, repository, digest string) {
				layers := append(signedBeside(t, repository, other, key), signedBeside(t, repository, digest, stranger)...)
				putBeside(t, b, "agent", digest, layers...)
			},
			says: "it carries 2 signatures; of one of them, it is of another image, \"" + other + "\"", most: 5,
		},
		"the key's signature of an image in another repository": {
			sign: func(b registrytest.Bed, _, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, b.Open+"/base", digest, key)...)
			},
			says: "it is of an image in another repository", most: 4,
		},
		"more signatures than anybody looks at": {
			sign: func(b registrytest.Bed, repository, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, repository, digest, append(strangers(100), key)...)...)
			},
			says: "it carries 16 signatures", most: 1 + maxSignatures + 2,
		},
		"a payload of a megabyte": {
			sign: func(b registrytest.Bed, _, digest string) {
				large := static.NewLayer([]byte(strings.Repeat(" ", 1<<20)), signature.PayloadType)
				putBeside(t, b, "agent", digest, mutate.Addendum{Layer: large})
			},
			says: "it carries no signature", most: 3,
		},
		"layers of another kind": {
			sign: func(b registrytest.Bed, _, digest string) {
				putBeside(t, b, "agent", digest, mutate.Addendum{Layer: static.NewLayer([]byte("x"), types.OCILayer)})
			},
			says: "it carries no signature", most: 3,
		},
		"a bundle by the key": {
			sign: func(b registrytest.Bed, _, digest string) { refer(t, b, "agent", digest, key.bundle(t, digest)) },
			most: 5,
		},
		"a bundle by another key": {
			sign: func(b registrytest.Bed, _, digest string) { refer(t, b, "agent", digest, stranger.bundle(t, digest)) },
			says: "not by this key", most: 5,
		},
		"bundles, one of which is by the key": {
			sign: func(b registrytest.Bed, _, digest string) {
				refer(t, b, "agent", digest, stranger.bundle(t, digest))
				refer(t, b, "agent", digest, key.bundle(t, digest))
			},
			most: 7,
		},
		"the key's bundle for another image": {
			sign: func(b registrytest.Bed, _, digest string) { refer(t, b, "agent", digest, key.bundle(t, other)) },
			says: "it is of another image, \"" + other + "\"", most: 5,
		},
		"a signature by another key, and a bundle by the key": {
			sign: func(b registrytest.Bed, repository, digest string) {
				putBeside(t, b, "agent", digest, signedBeside(t, repository, digest, stranger)...)
				refer(t, b, "agent", digest, key.bundle(t, digest))
			},
			most: 6,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			digest := registrytest.DigestOfImage(t, b.Push(t, "agent:x", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
			test.sign(b, b.Open+"/agent", digest)
			client := connect(t, b, Access{ReadOnly: true})
			reference := b.Reference("agent:x") + "@" + digest
			err := (&Signatures{Client: client, Key: key.public}).Verify(ctx, reference)
			assert.LessOrEqual(t, len(b.Proxy.Requests()), test.most, registrytest.Asked(b.Proxy))
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			var unsigned *classify.UnsignedError
			require.ErrorAs(t, err, &unsigned)
			assert.Equal(t, reference, unsigned.Reference)
			assert.Contains(t, unsigned.Reason, test.says)
			assert.Equal(t, classify.Permanent, classify.Of(err).Class)
		})
	}
}

// TestSignaturesTakeTwoRequests, and none that the client remembers in an image's place.
func TestSignaturesTakeTwoRequests(t *testing.T) {
	b, key := registrytest.NewBed(t), newSigner(t)
	digest := registrytest.DigestOfImage(t, b.Push(t, "agent:x", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
	putBeside(t, b, "agent", digest, signedBeside(t, b.Open+"/agent", digest, key)...)
	client := connect(t, b, Access{})
	require.NoError(t, (&Signatures{Client: client, Key: key.public}).Verify(ctx, b.Reference("agent@"+digest)))
	requests := registrytest.Asked(b.Proxy)
	require.Len(t, requests, 2)
	assert.Equal(t, "GET /v2/agent/manifests/"+strings.Replace(digest, ":", "-", 1)+".sig", requests[0])
	assert.Contains(t, requests[1], "GET /v2/agent/blobs/sha256:")
	assert.Zero(t, client.manifests.Len()+client.images.Len())
}

// TestAReferrersAnswerIsUsed: a registry that knows referrers is asked for them, and not for the
// tag.
func TestAReferrersAnswerIsUsed(t *testing.T) {
	b, key := registrytest.NewBed(t), newSigner(t)
	digest := registrytest.DigestOfImage(t, b.Push(t, "agent:x", registrytest.Layered(t, types.OCIManifestSchema1, "one")))
	refer(t, b, "agent", digest, key.bundle(t, digest))
	tagged, err := http.Get("http://" + b.Open + "/v2/agent/manifests/" + strings.Replace(digest, ":", "-", 1))
	require.NoError(t, err)
	defer tagged.Body.Close()
	var index json.RawMessage
	require.NoError(t, json.NewDecoder(tagged.Body).Decode(&index))
	client := connect(t, b, Access{})
	b.Proxy.Script(registrytest.Rule{Path: "/referrers/", Fault: registrytest.Answer(http.StatusOK, string(index))})
	require.NoError(t, (&Signatures{Client: client, Key: key.public}).Verify(ctx, b.Reference("agent@"+digest)))
	assert.Zero(t, b.Proxy.Count(http.MethodGet, "/manifests/"+strings.Replace(digest, ":", "-", 1)+"$"))
	assert.LessOrEqual(t, len(b.Proxy.Requests()), 4, registrytest.Asked(b.Proxy))
}

// TestHostileSignatures: whatever a registry answers, the image is not signed, and the error is a
// line.
func TestHostileSignatures(t *testing.T) {
	key := newSigner(t)
	digest := "sha256:" + strings.Repeat("a", 64)
	oneLayer := func(media string) string {
		return fmt.Sprintf(`{"layers":[{"mediaType":%q,"size":1,"digest":"sha256:%064d"}]}`, media, 1)
	}
	for name, rules := range map[string][]registrytest.Rule{
		"no JSON":        {{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, "<html>\x1b[2J")}},
		"no layers":      {{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, "{}")}},
		"layers of null": {{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, `{"layers":[null,null]}`)}},
		"many elements":  {{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, `{"layers":[`+strings.Repeat("{},", 200_000)+`{}]}`)}},
		"a payload of noise": {
			{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, oneLayer(signature.PayloadType))},
			{Path: "/blobs/", Fault: registrytest.Answer(http.StatusOK, "\x1b[2J\u202e")},
		},
		"a payload larger than it says": {
			{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, oneLayer(signature.PayloadType))},
			{Path: "/blobs/", Fault: registrytest.Answer(http.StatusOK, strings.Repeat("x", 1<<20))},
		},
		"a payload without end": {
			{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, oneLayer(signature.PayloadType))},
			{Path: "/blobs/", Fault: registrytest.Answer(http.StatusOK, strings.Repeat("x", 5<<20))},
		},
		"a payload that is gone":        {{Path: ".sig", Fault: registrytest.Answer(http.StatusOK, oneLayer(signature.PayloadType))}},
		"referrers that are no index":   {{Path: "/referrers/", Fault: registrytest.Answer(http.StatusOK, "\x1b[2J")}},
		"referrers of null":             {{Path: "/referrers/", Fault: registrytest.Answer(http.StatusOK, `{"manifests":[null]}`)}},
		"a referrer that is not there":  {{Path: "/referrers/", Fault: registrytest.Answer(http.StatusOK, `{"manifests":[{"digest":"`+digest+`"}]}`)}},
		"a referrer with a wild digest": {{Path: "/referrers/", Fault: registrytest.Answer(http.StatusOK, `{"manifests":[{"digest":"../../x"}]}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{})
			b.Proxy.Script(rules...)
			err := (&Signatures{Client: client, Key: key.public}).Verify(ctx, b.Reference("agent@"+digest))
			require.Error(t, err)
			registrytest.RequireLine(t, err.Error(), 1_000)
			assert.LessOrEqual(t, len(b.Proxy.Requests()), 5)
		})
	}
}

// TestNobodyKnowsIsNotUnsigned: a registry that does not answer says nothing of signatures.
func TestNobodyKnowsIsNotUnsigned(t *testing.T) {
	b, key := registrytest.NewBed(t), newSigner(t)
	client := connect(t, b, Access{})
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway} {
		for _, path := range []string{".sig", "/referrers/"} {
			b.Proxy.Script(registrytest.Rule{Path: path, Fault: registrytest.Answer(status, "")})
			err := (&Signatures{Client: client, Key: key.public}).Verify(context.Background(), b.Reference("agent@"+digest))
			require.Error(t, err)
			var unsigned *classify.UnsignedError
			assert.NotErrorAs(t, err, &unsigned, "%d at %s", status, path)
		}
	}
}
