package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"dagger/eval-images/redact"
)

// repository is the path of a repository in its registry.
type repository string

// String is what stands in the registry's URLs.
func (r repository) String() string { return string(r) }

func repositoryOf(ref name.Reference) repository { return repository(ref.Context().RepositoryStr()) }

func digestOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// maxElements is the most elements of all lists and objects in a manifest or a config. Images have
// some hundreds. What is empty in an answer takes a hundred times as much when it is read.
const maxElements = 100_000

// decode reads the JSON of a manifest or a config, which may be anything. Its error is one line,
// and short.
func decode(body []byte, into any) error {
	if bytes.Count(body, []byte{','}) > maxElements {
		return fmt.Errorf("more than %d elements", maxElements)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errors.New(redact.Line(err.Error()))
	}
	return nil
}
