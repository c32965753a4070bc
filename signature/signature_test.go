package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/signature"
)

const repository = "registry.example:5000/me/agent"

var (
	digest = "sha256:" + strings.Repeat("a", 64)
	other  = "sha256:" + strings.Repeat("b", 64)
	image  = signature.Image{Repository: repository, Digest: digest}
)

// What cosign v2.6.5 signed for testdata, with `cosign sign --key cosign.key --tlog-upload=false`,
// and with --new-bundle-format as well.
const (
	cosignRepository    = "172.17.0.2:5000/supply-proof/a"
	cosignPayloadDigest = "sha256:c67e3bb93807e1abba3c6a74a794d38788ca4bcaa0ee294400cccb8b9db2d8d6"
	cosignBundleDigest  = "sha256:84be03c8492ccf47583936dac7870f7888fad10fc99658c30a68e8d279de57ce"
)

func TestWhatCosignSignedIsSigned(t *testing.T) {
	key, err := signature.ReadKey(file(t, "cosign.pub"))
	require.NoError(t, err)
	signed, sig, bundle := file(t, "payload.json"), string(file(t, "payload.sig")), file(t, "bundle.json")
	payloadOf := signature.Image{Repository: cosignRepository, Digest: cosignPayloadDigest}
	bundleOf := signature.Image{Repository: "172.17.0.2:5000/supply-proof/b", Digest: cosignBundleDigest}
	require.NoError(t, key.CheckPayload(signed, sig, payloadOf))
	require.NoError(t, key.CheckBundle(bundle, bundleOf))

	stranger, _ := newKey(t)
	require.ErrorIs(t, stranger.CheckPayload(signed, sig, payloadOf), signature.ErrOtherKey)
	require.ErrorIs(t, stranger.CheckBundle(bundle, bundleOf), signature.ErrOtherKey)
	for i := range signed {
		changed := []byte(string(signed))
		changed[i] ^= 1
		require.Error(t, key.CheckPayload(changed, sig, payloadOf), "byte %d", i)
	}
	for i := range bundle { // A changed hint or space may mean nothing; then the bundle says the same.
		changed := []byte(string(bundle))
		changed[i] ^= 1
		require.Error(t, key.CheckBundle(changed, signature.Image{Repository: bundleOf.Repository, Digest: other}), "byte %d", i)
	}
}

func TestCheckPayload(t *testing.T) {
	key, private := newKey(t)
	_, stranger := newKey(t)
	right := payloadOf(repository, digest)
	for name, test := range map[string]struct{ payload, says string }{ // Nothing, if the image is signed.
		"what cosign signs":                      {right, ""},
		"the same with the tag that was signed":  {payloadOf(repository+":v1", digest), ""},
		"another image":                          {payloadOf(repository, other), `it is of another image, "` + other},
		"another repository":                     {payloadOf("registry.example:5000/me/base", digest), `in another repository, "registry.example:5000/me/base"`},
		"a repository that is none":              {payloadOf("localhost//x", digest), "in another repository"},
		"another registry":                       {payloadOf("evil.example/me/agent", digest), "in another repository"},
		"no JSON":                                {"{", "not cosign's"},
		"another kind of payload":                {`{"critical":{"type":"atomic container signature"}}`, "not cosign's"},
		"no image":                               {"null", "it is of another image"},
		"a megabyte":                             {strings.Repeat(" ", 1<<20), "more than 64 KiB"},
		"a name with what a terminal would obey": {payloadOf(`x\u001b[2J`, digest), "not cosign's"},
		"a type with what a terminal would obey": {`{"critical":{"type":"\u001b[2J\u202e"}}`, "not cosign's"},
		"more levels than anybody needs":         {strings.Repeat("[", 60_000), "not cosign's"},
	} {
		t.Run(name, func(t *testing.T) {
			requireSays(t, key.CheckPayload([]byte(test.payload), sign(t, private, test.payload), image), test.says)
		})
	}
	for name, test := range map[string]struct{ signature, says string }{
		"a signature by another key":     {sign(t, stranger, right), "not by this key"},
		"a signature of another payload": {sign(t, private, right+" "), "not by this key"},
		"no signature":                   {"", "not by this key"},
		"a signature that is not base64": {"%%%", "not in base64"},
	} {
		t.Run(name, func(t *testing.T) { requireSays(t, key.CheckPayload([]byte(right), test.signature, image), test.says) })
	}
}

func TestCheckBundle(t *testing.T) {
	key, private := newKey(t)
	_, stranger := newKey(t)
	const (
		inToto = "application/vnd.in-toto+json"
		signs  = "https://sigstore.dev/cosign/sign/v1"
		scans  = "https://cosign.sigstore.dev/attestation/vuln/v1"
	)
	right := statementOf(signs, digest)
	for name, test := range map[string]struct{ bundle, says string }{ // Nothing, if the image is signed.
		"a signature by the key":          {bundleOf(t, private, inToto, right), ""},
		"several subjects, one of which":  {bundleOf(t, private, inToto, statementOf(signs, other, digest)), ""},
		"a signature by another key":      {bundleOf(t, stranger, inToto, right), "not by this key"},
		"another image":                   {bundleOf(t, private, inToto, statementOf(signs, other)), `it is of another image, "` + other},
		"no image":                        {bundleOf(t, private, inToto, statementOf(signs)), "it is of another image"},
		"an attestation by the key":       {bundleOf(t, private, inToto, statementOf(scans, digest)), `no signature of an image but "` + scans},
		"another kind of payload":         {bundleOf(t, private, "text/plain", right), "no signature of an image"},
		"a statement that is no JSON":     {bundleOf(t, private, inToto, "{"), "its statement cannot be read"},
		"no envelope":                     {`{"messageSignature":{}}`, "no envelope"},
		"an envelope that is null":        {`{"dsseEnvelope":null}`, "not by this key"},
		"an envelope without signatures":  {envelopeWith(0), "not by this key"},
		"a thousand signatures by others": {envelopeWith(1_000), "not by this key"},
		"no JSON":                         {"PK\x03\x04", "it is no bundle"},
		"a megabyte":                      {strings.Repeat(" ", 1<<20), "more than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) { requireSays(t, key.CheckBundle([]byte(test.bundle), image), test.says) })
	}
}

func TestReadKey(t *testing.T) {
	ecdsa384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		pem  []byte
		says string // Nothing, if the key is taken.
	}{
		"cosign's":            {file(t, "cosign.pub"), ""},
		"ECDSA":               {publicPEM(t, ecdsa384.Public()), ""},
		"Ed25519":             {publicPEM(t, edwards), ""},
		"RSA":                 {publicPEM(t, rsa2048.Public()), ""},
		"nothing":             {nil, "no public key in PEM"},
		"text":                {[]byte("cosign.pub\n"), "no public key in PEM"},
		"a private key":       {pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED SIGSTORE PRIVATE KEY", Bytes: []byte("secret")}), "no public key in PEM"},
		"not what it claims":  {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}), "no public key in PEM"},
		"a file of megabytes": {[]byte(strings.Repeat("x", 2<<20)), "more than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signature.ReadKey(test.pem)
			requireSays(t, err, test.says)
			if err != nil {
				assert.NotContains(t, err.Error(), "secret")
			}
		})
	}
}

// requireSays requires an error with the text, in one short line, or no error if there is none.
func requireSays(t *testing.T, err error, text string) {
	t.Helper()
	if text == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorContains(t, err, text)
	assert.Less(t, len(err.Error()), 1_000)
	assert.NotRegexp(t, `[\x00-\x1f\x7f-\x9f\x{202e}]`, err.Error())
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

func newKey(t testing.TB) (*signature.Key, *ecdsa.PrivateKey) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key, err := signature.ReadKey(publicPEM(t, private.Public()))
	require.NoError(t, err)
	return key, private
}

func publicPEM(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// sign does what cosign does: ECDSA over SHA-256, in ASN.1 and base64.
func sign(t *testing.T, key *ecdsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signed, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(signed)
}

func payloadOf(reference, digest string) string {
	return fmt.Sprintf(`{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},`+
		`"type":"cosign container image signature"},"optional":null}`, reference, digest)
}

func statementOf(predicate string, digests ...string) string {
	subjects := []map[string]any{}
	for _, digest := range digests {
		subjects = append(subjects, map[string]any{"digest": map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}})
	}
	text, err := json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": predicate})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// bundleOf signs by https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md.
func bundleOf(t *testing.T, key *ecdsa.PrivateKey, media, payload string) string {
	t.Helper()
	signed := sign(t, key, fmt.Sprintf("DSSEv1 %d %s %d %s", len(media), media, len(payload), payload))
	return fmt.Sprintf(`{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":"x"}},`+
		`"dsseEnvelope":{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}}`,
		signature.BundleType, base64.StdEncoding.EncodeToString([]byte(payload)), media, signed)
}

func envelopeWith(signatures int) string {
	list := strings.TrimSuffix(strings.Repeat(`{"sig":"AAAA"},`, signatures), ",")
	return `{"dsseEnvelope":{"payload":"e30=","payloadType":"x","signatures":[` + list + `]}}`
}
