package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// keyLength is how many characters of a hash go in a tag: what git shows for a short commit, and what the images that
// are already in the field carry.
const keyLength = 7

// Keys is what the names of the images say of their content: two runs with equal keys make equal images, but
// for what [Identity] tells. So an image that the registry has under its name, with that identity, need not be
// built again.
type Keys struct {
	// SDK identifies the SDK's source: its git commit (40 hexadecimal digits), the digest of its files, or a
	// name of the caller's.
	SDK string
	// Dockerfile identifies the recipe: SHA-256 of the SDK Dockerfile's text, in hexadecimal.
	Dockerfile string
}

// digest is a hash with its algorithm before it. Of a name with a colon, which is none, no part may be lost:
// [Names.Check] refuses it.
var digest = regexp.MustCompile(`^(?:sha256|sha512|blake3|xxh3):([0-9a-f]+)$`)

// NewKeys derives the keys from the SDK's identity, with or without an algorithm ("sha256:…") before it, and from the
// text of its Dockerfile.
func NewKeys(sdk, dockerfile string) Keys {
	if parts := digest.FindStringSubmatch(sdk); parts != nil {
		sdk = parts[1]
	}
	return Keys{SDK: sdk, Dockerfile: hashOf([]byte(dockerfile))}
}

// hashOf is SHA-256 in hexadecimal.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// hexadecimal is what a commit or a digest is, and the beginning of one.
var hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]*$`)

// sdkKey is what stands for an SDK in a tag. A name is hashed: the first characters of release-1 and release-2
// are the same.
func sdkKey(identity string) string {
	if !hexadecimal.MatchString(identity) {
		identity = hashOf([]byte(identity))
	}
	return short(identity)
}

// short cuts a hash to what goes in a tag.
func short(hash string) string {
	return hash[:min(keyLength, len(hash))]
}
