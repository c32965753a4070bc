package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// keyLength is the number of characters of a hash in a tag: as many as git shows of a commit, and
// as existing images have.
const keyLength = 7

// Keys go in the names of images, seven characters of each. They do not decide whether an existing
// image is skipped: its [Identity] does.
type Keys struct {
	// SDK identifies the SDK's source: its git commit (40 hexadecimal digits), the digest of its
	// files (64), or a name of the caller's.
	SDK string
	// Revision is the same as [LabelRevision] has it: a digest with its algorithm, "sha256:…".
	Revision string
	// Dockerfile identifies the recipe: SHA-256 of the SDK Dockerfile's text, in hexadecimal.
	Dockerfile string
}

// digest is a hash after its algorithm. A name with a colon is none, and stays: [Names.Check]
// refuses it.
var digest = regexp.MustCompile(`^(?:sha256|sha512|blake3|xxh3):([0-9a-f]+)$`)

// NewKeys derives the keys from the SDK's identity, with or without an algorithm ("sha256:…")
// before it, and from the text of its Dockerfile.
func NewKeys(sdk, dockerfile string) Keys {
	sdk = CanonicalSDK(sdk)
	revision := sdk
	if parts := digest.FindStringSubmatch(sdk); parts != nil {
		if sdk = parts[1]; !wholeHash.MatchString(sdk) {
			sdk = hashOf([]byte(parts[0])) // Of another length than the hashes whose beginning can stand for them.
		}
	}
	return Keys{SDK: sdk, Revision: revision, Dockerfile: hashOf([]byte(dockerfile))}
}

// CanonicalSDK is an SDK's identity with a commit in lower case, as git prints it. Git takes
// capitals as well.
func CanonicalSDK(identity string) string {
	if lower := strings.ToLower(identity); wholeHash.MatchString(lower) {
		return lower
	}
	return identity
}

// hashOf is SHA-256 in hexadecimal.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

var (
	// wholeHash is a whole git commit or digest: SHA-1 or a hash of 256 bits.
	wholeHash = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	// beginning is what the beginning of a commit looks like, as git abbreviates it.
	beginning = regexp.MustCompile(`^[0-9a-fA-F]{7,39}$`)
	number    = regexp.MustCompile(`^[0-9]+$`)
)

// abbreviated says whether an SDK's identity looks like the beginning of a commit. A number, such
// as a date, is a name.
func abbreviated(identity string) bool {
	return beginning.MatchString(identity) && !number.MatchString(identity)
}

// sdkKey is what stands for an SDK in a tag: the beginning of a whole commit or digest. Of anything
// else, which is a name, it is the beginning of a hash: 20260115 and 20260119 begin alike.
func sdkKey(identity string) string {
	if !wholeHash.MatchString(identity) {
		identity = hashOf([]byte(identity))
	}
	return short(identity)
}

// short cuts a hash to what goes in a tag.
func short(hash string) string {
	return hash[:min(keyLength, len(hash))]
}
