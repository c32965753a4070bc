package oci

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"dagger/eval-images/redact"
)

// DigestOf is the SHA-256 digest of a blob or a manifest.
func DigestOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// maxElements bounds the elements of all lists and objects in a manifest or a config. Images have
// some hundreds. An empty element takes a hundred times its size in memory.
const maxElements = 100_000

// Decode decodes the JSON of a manifest or a config, which may be anything. Its error is one short
// line.
func Decode(body []byte, into any) error {
	if bytes.Count(body, []byte{','}) > maxElements {
		return fmt.Errorf("more than %d elements", maxElements)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errors.New(redact.Line(err.Error()))
	}
	return nil
}
