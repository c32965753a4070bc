package registry

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
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
