package soak

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// inspector reads what a repository of the registry has, and sees that it is complete. It looks at
// what it has seen no second time.
type inspector struct {
	repository string
	complete   map[string]bool // by digest: of manifests and blobs
}

// reader asks the registry without a proxy in between.
var reader = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

// published are the digests of the tags in the repository. Every image must be complete: its config
// and all its layers are there.
func (i *inspector) published(t *testing.T) map[string]string {
	t.Helper()
	names := harness.Tags(t, i.repository)
	manifests := make([][]byte, len(names))
	reading := pool.New().WithErrors().WithMaxGoroutines(16)
	for n, name := range names {
		reading.Go(func() (err error) {
			manifests[n], err = i.read(http.MethodGet, "manifests/"+name)
			return err
		})
	}
	require.NoError(t, reading.Wait())
	digests, blobs := map[string]string{}, map[string]string{} // A blob's name is by digest, with the tag that names it.
	for n, name := range names {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(manifests[n]))
		digests[name] = digest
		if i.complete[digest] {
			continue
		}
		i.complete[digest] = true
		var manifest v1.Manifest
		require.NoError(t, json.Unmarshal(manifests[n], &manifest), name)
		require.NotEmpty(t, manifest.Layers, name)
		for _, of := range append(manifest.Layers, manifest.Config) {
			if !i.complete[of.Digest.String()] {
				i.complete[of.Digest.String()] = true
				blobs[of.Digest.String()] = name
			}
		}
	}
	looking := pool.New().WithErrors().WithMaxGoroutines(16)
	for blob, name := range blobs {
		looking.Go(func() error {
			if _, err := i.read(http.MethodHead, "blobs/"+blob); err != nil {
				return fmt.Errorf("%s is not complete: %w", name, err)
			}
			return nil
		})
	}
	require.NoError(t, looking.Wait())
	return digests
}

func (i *inspector) read(method, what string) ([]byte, error) {
	request, err := http.NewRequest(method, "http://"+harness.HostRegistry+"/v2/"+i.repository+"/"+what, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
	answer, err := reader.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", what, answer.Status)
	}
	return io.ReadAll(answer.Body)
}
