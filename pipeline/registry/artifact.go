package registry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/transport"
	"dagger/eval-images/reference"
)

// CountsPulls reports whether the registry counts each manifest that is read: Docker Hub does.
func (c *Client) CountsPulls() bool { return reference.AtDockerHub(c.host.RegistryStr() + "/x") }

// Artifact reads an artifact's manifest. The error is [classify.ErrAbsent] if the registry has
// none.
func (c *Client) Artifact(ctx context.Context, in oci.Repository, tag string) (oci.Artifact, error) {
	m, err := c.manifest(ctx, c.tagIn(in, tag))
	if err != nil {
		return oci.Artifact{}, err
	}
	return oci.ReadArtifact(m)
}

// tagIn is the reference of a tag in a repository of the registry.
func (c *Client) tagIn(in oci.Repository, tag string) name.Reference {
	return c.host.Repo(string(in)).Tag(tag)
}

// Blob reads a blob of at most 4 MiB, and checks its digest.
func (c *Client) Blob(ctx context.Context, in oci.Repository, digest v1.Hash) ([]byte, error) {
	got, err := c.ask(ctx, http.MethodGet, in, "blobs/"+digest.String(), content{accept: []string{transport.Octets}}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	if has := oci.DigestOf(got.body); has != digest {
		return nil, fmt.Errorf("the registry's answer has the digest %s, and not %s", has, digest)
	}
	return got.body, nil
}

// PutBlob uploads a blob, unless this client did so before, and returns its digest and size.
func (c *Client) PutBlob(ctx context.Context, to oci.Repository, blob []byte) (v1.Descriptor, error) {
	digest := oci.DigestOf(blob)
	_, _, err := c.once(ctx, to, digest, func() error { return c.upload(ctx, to, blob, digest) })
	return v1.Descriptor{Digest: digest, Size: int64(len(blob))}, err
}

// PutArtifact puts an artifact, whose blobs the repository has, under a tag.
func (c *Client) PutArtifact(ctx context.Context, to oci.Repository, tag string, artifact oci.Artifact) error {
	m, err := artifact.Encode()
	if err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	if _, err := c.PutBlob(ctx, to, []byte(oci.EmptyConfig)); err != nil {
		return fmt.Errorf("uploading the config: %w", err)
	}
	if err := c.tag(ctx, m, c.tagIn(to, tag)); err != nil {
		return fmt.Errorf("tagging the manifest: %w", err)
	}
	return nil
}
